#pragma once
#include <cstdint>
#include <vector>

#include "kernels/axis.hpp"
#include "kernels/fused.hpp"

namespace residua::cuda {

/// Candidates for each point of a term that `adaptive` draws to residuals, here and on the CPU.
inline constexpr std::int64_t kPool = 5;

/// A term of the loss, and how its points are drawn: spread over their ranges, or guided by the residuals at the
/// weights of the moment, as pinn/sampling says for the CPU.
struct DrawnTerm {
  TermId id{};
  std::int64_t points = 0;
  std::vector<double> equation_weight{};  ///< [equations], of the sum over points of the squared rows
  std::vector<Axis> axes{};               ///< of the coordinates, then of the design inputs
  int dims = 0;                           ///< of the unit cube that the axes draw from
  std::vector<double> lattice{};          ///< [dims][candidates()]; empty: independent points
  double adaptive = 0;                    ///< power of the residual that draws points to it; 0: spread (else RAD)
  bool retain = false;                    ///< fresh points replace only those of small residuals (R3)

  std::int64_t equations() const { return std::int64_t(equation_weight.size()); }
  /// Fresh points at a draw.
  std::int64_t candidates() const { return adaptive > 0 ? kPool * points : points; }
};

}  // namespace residua::cuda
