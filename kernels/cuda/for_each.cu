#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system_error.h>

#include <string>

#include "kernels/core/error.hpp"
#include "kernels/cuda/for_each.hpp"

namespace residua::cuda {

template <class Body>
void for_each(std::int64_t n, const Body& body, Stream stream) {
  try {
    // nosync: queued like any kernel, without waiting for its end.
    thrust::for_each_n(thrust::cuda::par_nosync.on(stream), thrust::counting_iterator<std::int64_t>(0), n, body);
  } catch (const thrust::system_error& e) {
    throw Error(std::string("cuda: a kernel over ") + std::to_string(n) + " elements: " + e.what());
  }
}
template void for_each(std::int64_t, const PointSampler<float>&, Stream);
template void for_each(std::int64_t, const PointSampler<double>&, Stream);
template void for_each(std::int64_t, const AdamStep<float>&, Stream);
template void for_each(std::int64_t, const AdamStep<double>&, Stream);
template void for_each(std::int64_t, const Tick&, Stream);
template void for_each(std::int64_t, const ResidualPower<float>&, Stream);
template void for_each(std::int64_t, const ResidualPower<double>&, Stream);
template void for_each(std::int64_t, const Retain&, Stream);
template void for_each(std::int64_t, const Race&, Stream);
template void for_each(std::int64_t, const Replace<float>&, Stream);
template void for_each(std::int64_t, const Replace<double>&, Stream);

}  // namespace residua::cuda
