#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "pinn/problem.hpp"
#include "pinn/run_file.hpp"
#include "pinn/samples.hpp"

namespace residua {

/// r_1^2 + r_2^2 + ... at each of some points of a term. A call evaluates the network at all of them.
using SquaredResiduals = std::function<std::vector<double>(const Samples&)>;

/// One way to choose the points of a term. Holds nothing that changes from draw to draw: a checkpoint holds points.
class Sampler {
 public:
  virtual ~Sampler() = default;

  /// n points for the term, the same for the same arguments. `at_hand`, n at most, are those of the draw before.
  virtual Samples draw(std::int64_t n, std::uint64_t seed, const Samples& at_hand,
                       const SquaredResiduals& squares) const = 0;
};

/// How the points of a term are chosen.
struct SamplerSettings {
  Sampling spread = Sampling::sobol;
  int cases = 0;        ///< that the points are drawn in, for a branch; 0 without one
  double adaptive = 0;  ///< power of the residual that draws points to it; 0: spread alike everywhere
  bool retain = false;  ///< fresh points replace only those of small residuals
};

/// That of a term of a problem, which must outlive it. Residuals do not guide it where there is a single point to
/// choose, nor at the seam between windows of time, whose rows have targets at the points at hand only.
std::unique_ptr<const Sampler> make_sampler(const Problem& problem, int term, const SamplerSettings& settings);

}  // namespace residua
