#pragma once
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <c10/util/string_view.h>

#include <optional>
#include <vector>

#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"
#include "kernels/fused.hpp"

// What the operators of every device ask of their arguments.
namespace residua::ops {

/// Kernels throw residua::Error; torch wants its own.
template <class F>
auto translated(F&& f) {
  try {
    return f();
  } catch (const Error& e) {
    TORCH_CHECK_VALUE(false, e.what());
  }
}

/// Throws unless t is [rows][n] of that type.
void check_rows(const char* name, const at::Tensor& t, std::int64_t rows, std::int64_t n, at::ScalarType type);

/// The arguments of residua::fused_pass, resolved.
struct Arguments {
  const PhysicsInfo* physics;
  TermId term;
  int equations;
  MlpShape shape;
  std::vector<int> design_row;
};

/// Checks sizes, types and names of residua::fused_pass against each other and the physics; c10::Error otherwise.
Arguments check_arguments(const at::Tensor& weights, const at::Tensor& center, const at::Tensor& scale,
                          const at::Tensor& coords, const at::Tensor& design, const at::Tensor& params,
                          at::IntArrayRef design_row, std::int64_t width, std::int64_t depth, std::int64_t activation,
                          c10::string_view physics, c10::string_view term, const at::Tensor& equation_weight,
                          const std::optional<at::Tensor>& point_weight, const std::optional<at::Tensor>& target);

/// The arguments of residua::residual, resolved.
struct ResidualCall {
  TermId term;
  int equations;
  std::vector<int> design_row;  ///< parameters given per point are their own rows
  int design_count;
};

/// Checks residua::residual, or residua::residual_backward if `rows_bar` is defined; c10::Error otherwise.
ResidualCall check_residual(c10::string_view physics, c10::string_view term, const at::Tensor& coords,
                            const at::Tensor& params, const at::Tensor& jet, const at::Tensor& rows_bar);

}  // namespace residua::ops
