#pragma once
#include <vector>

#include "surrogates/cuda/device_batch.hpp"
#include "surrogates/model.hpp"

namespace residua::cuda {

/// The arrays that a BatchModel points to, on the host.
template <class S>
struct BatchTables {
  BatchModel<S> sizes;  ///< without pointers
  std::vector<S> weights, center, scale, params;
  std::vector<int> design_row;
  std::vector<InputRange> ranges;
  std::vector<double> output_units, seams;

  /// Of a checked model. Throws Error, which starts with `where`, for one with a branch.
  static BatchTables of(const Model& model, const std::string& where);
};

}  // namespace residua::cuda
