#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "pinn/problem.hpp"
#include "pinn/samples.hpp"

namespace residua {

class UserPhysics;

namespace ops {

/// Loads the operators. The library of the operators is linked in whole, so calling this is all a program needs to do.
///
///   residua::fused_loss(weights, center, scale, coords, design, params, design_row, width, depth, activation,
///                       physics, term, equation_weight, point_weight=None, target=None) -> (total, per_equation)
///     one fused pass: total = sum_e equation_weight[e] * mean over points of point_weight * r_e^2, differentiable in
///     `weights` (to first order: its gradient comes out of the same pass); per_equation holds the means in float64.
///     point_weight [n] is of the type of coords; without it, all points weigh 1. r_e is the row less its target
///     [equations][n], of that type too; without it, the row itself. The term "answer" is what the surrogate answers.
///     coords [coords][n], design [design inputs][n] and params [params] are dimensionless; their precision is that of
///     the kernels, weights may be of another.
///   residua::residual(physics, term, coords, params, jet) -> rows
///     the residual alone, differentiable in `jet` [jet rows][n] (kernels/residual.hpp): for networks of your own.
///     params [params][n] or [params][1].
///
/// Wrong sizes, types or names raise c10::Error that says what was expected and found.
void ensure_registered();

/// Loads the operators' CUDA side (libresidua_ops_cuda.so beside the program). Throws Error that says what is missing:
/// a build with CUDA, the libraries that LibTorch needs on a GPU, or the GPU itself. Physics that are not the toolkit's
/// come from `own`, which has to outlive the program; their kernels are compiled when they are first needed.
void use_cuda(const UserPhysics* own = nullptr);

/// A function of that library, which is loaded if need be, by its C name; null if it was built without it.
void* cuda_function(const char* name);

/// The network inputs of a problem as tensors of one precision.
struct ProblemTensors {
  at::Tensor center, scale, params;
  std::vector<std::int64_t> design_row;
};
ProblemTensors tensors_of(const Problem& problem, at::TensorOptions options);

/// Rows of doubles as a tensor [rows][n] of the given precision and device.
at::Tensor rows_tensor(const std::vector<double>& rows, std::int64_t n, at::TensorOptions options);
/// Points of a term from such tensors [rows][n] of their coordinates and design inputs, float64 on the CPU.
Samples samples_of(const at::Tensor& coords, const at::Tensor& design);

/// The typed call of residua::fused_loss.
std::tuple<at::Tensor, at::Tensor> fused_loss(const at::Tensor& weights, const Problem& problem,
                                              const ProblemTensors& fixed, const at::Tensor& coords,
                                              const at::Tensor& design, const std::string& term,
                                              const at::Tensor& equation_weight,
                                              const std::optional<at::Tensor>& point_weight = {},
                                              const std::optional<at::Tensor>& target = {});

}  // namespace ops

}  // namespace residua
