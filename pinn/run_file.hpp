#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/points.hpp"

namespace residua {

/// A range of a coordinate or parameter in plant units; lower == upper fixes a parameter.
struct Range {
  double lower, upper;
};

/// How often and how strongly a term of the loss is sampled.
struct TermSettings {
  int points = 1024;
  double weight = 1;
};

/// How points are spread over the envelope: evenly (quasi-random), or independently.
enum class Sampling { sobol, uniform };

struct AdamSettings {
  int steps = 10000;
  double learning_rate = 2e-3;
  double final_learning_rate = 2e-5;  ///< reached along a half cosine
  int resample = 1;                   ///< steps between fresh points
  bool float64 = false;
};

struct LbfgsSettings {
  int steps = 1000;
  int history = 50;
  int resample = 500;      ///< steps between fresh points
  double more_points = 4;  ///< times the points of Adam, since they stay for many steps
  bool float64 = true;
};

/// A training run, as its TOML file says. Unknown keys are errors that list the known ones.
struct RunFile {
  std::string physics;
  std::uint64_t seed = 1;
  Sampling sampling = Sampling::sobol;
  std::map<std::string, Range> envelope;  ///< coordinates and parameters that differ from the physics' defaults
  int width = 32, depth = 3;
  Activation activation = Activation::tanh;
  std::map<std::string, TermSettings> terms;
  AdamSettings adam;
  LbfgsSettings lbfgs;
  int checkpoint_every = 1000;
  int validation_cases = 256;
  std::string text;  ///< the file itself, for provenance

  static RunFile read(const std::filesystem::path& path);
  /// `name` stands for the file in messages.
  static RunFile parse(const std::string& text, const std::string& name);
};

std::string_view name_of(Activation activation);

}  // namespace residua
