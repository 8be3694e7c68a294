#pragma once
#include <filesystem>

#include "pinn/problem.hpp"
#include "pinn/trainer.hpp"
#include "pinn/validation.hpp"
#include "surrogates/surrogate.hpp"

namespace residua {

/// Answers of a surrogate for `judge`, by its own batch prediction.
Predictor predictor_of(const Surrogate& surrogate, const Problem& problem);

/// Writes the trained network as a surrogate file, reads it back, judges it by the reference of the physics where there
/// is one, and writes the errors into its card. Returns what the file then says.
Surrogate export_surrogate(const RunFile& run, const Problem& problem, const TrainResult& trained,
                           const std::filesystem::path& path);

}  // namespace residua
