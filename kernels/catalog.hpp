#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/quantity.hpp"
#include "kernels/points.hpp"

namespace residua {

/// Where along a coordinate a term of the loss is sampled; mirrors Side of kernels/core/physics.hpp.
enum class Region { inside, lower, upper };

struct TermInfo {
  std::string_view name;
  int equations;
  std::vector<Region> region;  ///< one per coordinate
};

/// What the registry knows of a physics, for code that meets it by name at run time.
struct PhysicsInfo {
  std::string_view name, summary;
  std::span<const Quantity> coords, params, fields, outputs;
  std::vector<TermInfo> terms;
  int features;                 ///< what the network sees of the coordinates
  std::span<const int> states;  ///< of a step: for each output the parameter that holds it at the start; else empty

  /// Features at points, rows [features][n].
  void (*evaluate_features)(const Points<double>& points, double* rows);
  /// The condition that (dimensionless) parameters break, or nullptr; itself nullptr if the physics has no condition.
  const char* (*ill_posed)(const double* params) = nullptr;
  double grading = 1;  ///< the power of an even spread by which times are drawn, unless a run file says otherwise
};

/// Every physics of the registry, then those that were added.
const std::vector<PhysicsInfo>& catalog();

/// Adds physics that were compiled apart from this program, whose texts outlive it, and returns the position of the
/// first. To be called before other threads read the catalog and before anyone holds a reference into it. Throws Error
/// if there is a physics of that name.
int add_to_catalog(std::span<const PhysicsInfo> physics);

/// The physics of the registry, anew.
std::vector<PhysicsInfo> describe_registry();

/// Throws Error, listing the known names, if there is none of that name.
const PhysicsInfo& find_physics(std::string_view name);

}  // namespace residua
