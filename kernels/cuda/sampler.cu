#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system_error.h>

#include <string>

#include "kernels/core/error.hpp"
#include "kernels/cuda/sampler.hpp"

namespace residua::cuda {

template <class S>
void sample(const UniformPoints<S>& points, CUstream_st* stream) {
  if (points.n < 0 || points.dims < 0)
    throw Error("cuda sampler: expected 0 or more points and dimensions, found " + std::to_string(points.n) + " and " +
                std::to_string(points.dims));
  try {
    // nosync: queued like any kernel, without waiting for its end.
    thrust::for_each_n(thrust::cuda::par_nosync.on(stream), thrust::counting_iterator<std::int64_t>(0), points.n,
                       [points] __device__(std::int64_t i) { points.draw(i); });
  } catch (const thrust::system_error& e) {
    throw Error(std::string("cuda sampler: ") + e.what());
  }
}
template void sample(const UniformPoints<float>&, CUstream_st*);
template void sample(const UniformPoints<double>&, CUstream_st*);

}  // namespace residua::cuda
