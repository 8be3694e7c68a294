#pragma once
#include "kernels/cuda/fused_tile.hpp"
#include "kernels/cuda/gauss_newton_tile.hpp"
#include "kernels/cuda/residual_point.hpp"

// The kernels themselves, as nvcc compiles them with the toolkit and NVRTC while a program runs: nothing of the host.

namespace residua::cuda {

/// Whether the registers of half a multiprocessor do for a term whose products are those of warp groups: with more
/// channels or equations some kernels would spill.
template <class Ph, class Term>
inline constexpr bool kLight = kCollapse<Ph, Term>.propagation.count() <= 4 && kEquationsOf<Ph, Term> == 1;

/// Blocks that a multiprocessor shall hold at least. In double precision one: with the registers of two some kernels
/// would spill, and from four channels of 64 features on the panels of a second would not fit beside it. 0: what ptxas
/// finds best.
template <class Ph, class Term, class S, class Arithmetic>
inline constexpr int kLeastBlocks = sizeof(S) == sizeof(double)              ? 1
                                    : std::is_same_v<Arithmetic, WarpGroups> ? 1 + int(kLight<Ph, Term>)
                                                                             : 0;

template <class Ph, class Term, class S, bool kGradient, class Arithmetic>
__global__ void __launch_bounds__(kThreads, kLeastBlocks<Ph, Term, S, Arithmetic>)
    fused_kernel(const __grid_constant__ FusedArgs<S> args) {
  extern __shared__ __align__(16) unsigned char shared[];
  using Tile = FusedTile<Ph, Term, S, kGradient, Arithmetic>;
  const auto store = BlockStorage<S>::of(args, Tile::kEquations, int(blockIdx.x), shared);
  Tile(args, store).run(DeviceBlock{}, int(blockIdx.x));
}

template <class Ph, class Term, class S, bool kForward>
__global__ void __launch_bounds__(kResidualBlock) residual_kernel(const __grid_constant__ ResidualArgs<S> args) {
  const std::int64_t i = std::int64_t(blockIdx.x) * kResidualBlock + threadIdx.x;
  if (i >= args.points.n) return;
  if constexpr (kForward)
    ResidualPoint<Ph, Term, S>::forward(args, i);
  else
    ResidualPoint<Ph, Term, S>::backward(args, i);
}

/// One block a multiprocessor, as chunks of points are cut for: with the registers of two some kernels would spill.
template <class Tile, class Args>
__global__ void __launch_bounds__(kThreads, 1) gauss_newton_kernel(const __grid_constant__ Args args) {
  extern __shared__ __align__(16) unsigned char shared[];
  const auto store = BlockStorage<double>::of(args, Tile::kEquations, int(blockIdx.x), shared);
  Tile(args, store).run(DeviceBlock{}, int(blockIdx.x));
}

}  // namespace residua::cuda
