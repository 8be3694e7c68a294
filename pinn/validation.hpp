#pragma once
#include <functional>
#include <string>
#include <vector>

#include "pinn/problem.hpp"
#include "pinn/reference.hpp"
#include "surrogates/card.hpp"

namespace residua {

/// How far a surrogate is from the reference. Relative L2: norm of the difference over norm of the reference, over the
/// grid of one case, both in plant units.
struct Judgement {
  Validation validation;             ///< as the card of a surrogate holds it
  std::vector<double> case_errors;   ///< of each case of validation_cases(): relative L2, the worst of its outputs
  std::vector<double> worst_params;  ///< parameters of the case with the largest relative error
  /// [output][unseen case]: the largest error at any point of the case's grid, plant units. What a bound is judged by.
  std::vector<std::vector<double>> largest;
};

/// Outputs [outputs][n] in plant units of whatever is validated, at n points: coords [coords][n] and the parameters of
/// the physics (all of them, plant units).
using Predictor = std::function<std::vector<double>(const std::vector<double>& params,
                                                    const std::vector<double>& coords, std::size_t n)>;

/// The grid that a case is judged on, evenly spaced over the envelope, the start of time left out (where fields jump):
/// 40 points along each coordinate where there are many cases; for a problem without design inputs 1,001 along one
/// coordinate, 201 along each of two, 41 along each of three.
Grid validation_grid(const Problem& problem);

/// Parameters of all cases, plant units: row 0 is the default case, the others are unseen Sobol samples of the
/// envelope.
std::vector<std::vector<double>> validation_cases(const Problem& problem, int unseen, std::uint64_t seed);

/// Judges a predictor by the reference of the physics, on 1 + unseen cases. Throws Error if there is no reference.
Judgement judge(const Problem& problem, const Predictor& predict, int unseen, std::uint64_t seed);

}  // namespace residua
