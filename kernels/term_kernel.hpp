#pragma once
#include <cstddef>

#include "kernels/core/channels.hpp"
#include "kernels/fused.hpp"
#include "kernels/residual.hpp"

namespace residua {

/// A contiguous range of tiles of one fused pass, done by one thread. Everything it writes is its own.
template <class S>
struct TileRange {
  const Network<S>* network;
  const Points<S>* points;
  const FusedWeights<S>* weights;
  const S* packed;              ///< weights as TermKernel::pack left them
  S* workspace;                 ///< [TermKernel::workspace_size], aligned to 64 bytes
  std::int64_t first, last;     ///< points, `first` a multiple of the tile size
  double* loss;                 ///< [equations], added to
  S* gradient;                  ///< [TermKernel::gradient_size], added to; null: forward only
  S* rows;                      ///< [equations][n] or null
  const S* rows_bar = nullptr;  ///< [equations][n]: adjoints of the rows; null: those of the weighted loss
};

/// One term of one physics, compiled for one instruction set and precision.
template <class S>
struct TermKernel {
  int coords, params, fields, features, equations;
  int propagated;                                    ///< channels that the network carries
  int channels;                                      ///< channels of the jet that the residual reads
  void (*channel)(int k, int (&coords)[kMaxOrder]);  ///< what channel k is a derivative along, -1: nothing more
  std::size_t (*workspace_size)(const MlpShape&);
  std::size_t (*packed_size)(const MlpShape&);
  std::size_t (*gradient_size)(const MlpShape&);
  void (*pack)(const MlpShape&, const S* weights, S* packed);
  void (*add_gradient)(const MlpShape&, const S* sums, S* gradient);  ///< from the order of `run` to the flat vector
  int (*tile_points)(const MlpShape&);
  void (*run)(const TileRange<S>&);

  // In double precision only. Rows of the Jacobian, [point][equation][stride]; and its product with a direction of the
  // weights, into the rows of the range.
  void (*jacobian)(const TileRange<S>&, S* rows, std::ptrdiff_t stride);
  void (*jacobian_product)(const TileRange<S>&, const S* packed, const S* direction);

  void (*residual)(const ResidualArgs<S>&);
};

inline namespace RESIDUA_ISA {
/// The kernel of one term of the physics Ph, or of its answer; null for a term out of range. Instantiated in a
/// translation unit of its own for each physics, in the namespace of each instruction set.
template <class Ph, class S>
const TermKernel<S>* term_kernel_of(int term);
}  // namespace RESIDUA_ISA

/// Products of tall matrices with themselves, compiled for one instruction set.
struct GramKernel {
  int width;  ///< columns of a panel
  /// c += A^T A for the pairs of panels first, first + 1, ..., last - 1 of the upper triangle, counted column of panels
  /// by column of panels. A is given as panels [panels][rows][width], c has rows of `stride`.
  void (*add)(const double* panels, int rows, std::int64_t first, std::int64_t last, double* c, std::ptrdiff_t stride);
};

// Each instruction set has its own copy of the kernels. They return null for a TermId out of range.
namespace baseline {
template <class S>
const TermKernel<S>* term_kernel(TermId);
GramKernel gram_kernel();
}  // namespace baseline
namespace avx2 {
template <class S>
const TermKernel<S>* term_kernel(TermId);
GramKernel gram_kernel();
}  // namespace avx2
namespace avx512 {
template <class S>
const TermKernel<S>* term_kernel(TermId);
GramKernel gram_kernel();
}  // namespace avx512

}  // namespace residua
