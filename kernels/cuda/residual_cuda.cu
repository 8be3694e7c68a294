#include <cuda_runtime.h>

#include "kernels/cuda/check.hpp"
#include "kernels/cuda/dispatch.hpp"
#include "kernels/cuda/residual_cuda.hpp"
#include "kernels/cuda/residual_point.hpp"

namespace residua::cuda {
namespace {

constexpr unsigned kBlock = 128;

template <class Ph, class Term, class S, bool kForward>
__global__ void __launch_bounds__(kBlock) residual_kernel(const __grid_constant__ ResidualArgs<S> args) {
  const std::int64_t i = std::int64_t(blockIdx.x) * kBlock + threadIdx.x;
  if (i >= args.points.n) return;
  if constexpr (kForward)
    ResidualPoint<Ph, Term, S>::forward(args, i);
  else
    ResidualPoint<Ph, Term, S>::backward(args, i);
}

template <bool kForward, class S>
void run(TermId term, const ResidualArgs<S>& args, CUstream_st* stream) {
  visit_term(term, [&]<class Ph, class Term>() {
    if (args.points.n < 1) return;
    const unsigned blocks = unsigned((args.points.n + kBlock - 1) / kBlock);
    residual_kernel<Ph, Term, S, kForward><<<blocks, kBlock, 0, stream>>>(args);
    check(cudaGetLastError(), "launch of the residual kernel");
  });
}

}  // namespace

template <class S>
void residual(TermId term, const Points<S>& points, const S* jet, S* rows, CUstream_st* stream) {
  run<true, S>(term, {points, jet, rows}, stream);
}
template void residual(TermId, const Points<float>&, const float*, float*, CUstream_st*);
template void residual(TermId, const Points<double>&, const double*, double*, CUstream_st*);

template <class S>
void residual_vjp(TermId term, const Points<S>& points, const S* jet, const S* rows_bar, S* jet_bar,
                  CUstream_st* stream) {
  run<false, S>(term, {points, jet, nullptr, rows_bar, jet_bar}, stream);
}
template void residual_vjp(TermId, const Points<float>&, const float*, const float*, float*, CUstream_st*);
template void residual_vjp(TermId, const Points<double>&, const double*, const double*, double*, CUstream_st*);

}  // namespace residua::cuda
