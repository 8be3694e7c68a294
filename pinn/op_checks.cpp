#include "pinn/op_checks.hpp"

#include <ATen/ATen.h>

#include "kernels/residual.hpp"

namespace residua::ops {

using at::Tensor;
using Ints = at::IntArrayRef;
using Text = c10::string_view;
using OptionalTensor = std::optional<Tensor>;

void check_rows(const char* name, const Tensor& t, std::int64_t rows, std::int64_t n, at::ScalarType type) {
  TORCH_CHECK_VALUE(t.dim() == 2 && t.size(0) == rows && t.size(1) == n, name, ": expected shape [", rows, ", ", n,
                    "], found ", t.sizes());
  TORCH_CHECK_VALUE(t.scalar_type() == type, name, ": expected type ", type, ", found ", t.scalar_type());
}

Arguments check_arguments(const Tensor& weights, const Tensor& center, const Tensor& scale, const Tensor& coords,
                          const Tensor& design, const Tensor& params, Ints design_row, std::int64_t width,
                          std::int64_t depth, std::int64_t activation, Text physics, Text term,
                          const Tensor& equation_weight, const OptionalTensor& point_weight,
                          const OptionalTensor& target) {
  return translated([&] {
    Arguments a;
    a.physics = &find_physics({physics.data(), physics.size()});
    a.term = find_term({physics.data(), physics.size()}, {term.data(), term.size()});
    const auto term_index = std::size_t(a.term.term);
    a.equations =
        term_index < a.physics->terms.size() ? a.physics->terms[term_index].equations : int(a.physics->outputs.size());
    TORCH_CHECK_VALUE(activation >= 0 && activation <= std::int64_t(Activation::gelu),
                      "activation: expected 0 to 3, found ", activation);
    const auto type = coords.scalar_type();
    TORCH_CHECK_VALUE(type == at::kFloat || type == at::kDouble, "coords: expected float32 or float64, found ", type);
    TORCH_CHECK_VALUE(coords.dim() == 2, "coords: expected shape [coords, n], found ", coords.sizes());
    TORCH_CHECK_VALUE(design.dim() == 2, "design: expected shape [design inputs, n], found ", design.sizes());
    check_rows("coords", coords, std::int64_t(a.physics->coords.size()), coords.size(1), type);
    check_rows("design", design, design.size(0), coords.size(1), type);
    a.shape = {int(a.physics->features + design.size(0)), int(width), int(depth), int(a.physics->fields.size()),
               Activation(activation)};
    const auto vector = [&](const char* name, const Tensor& t, std::int64_t count) {
      TORCH_CHECK_VALUE(t.dim() == 1 && t.size(0) == count, name, ": expected shape [", count, "], found ", t.sizes());
      TORCH_CHECK_VALUE(t.scalar_type() == type, name, ": expected type ", type, " as coords, found ", t.scalar_type());
    };
    TORCH_CHECK_VALUE(width >= 1 && width <= kMaxWidth && depth >= 1 && depth <= kMaxDepth,
                      "network: expected width 1 to ", kMaxWidth, " and depth 1 to ", kMaxDepth, ", found ", width,
                      " and ", depth);
    TORCH_CHECK_VALUE(weights.dim() == 1 && weights.size(0) == a.shape.parameters(), "weights: expected shape [",
                      a.shape.parameters(), "], found ", weights.sizes());
    vector("center", center, a.shape.inputs);
    vector("scale", scale, a.shape.inputs);
    vector("params", params, std::int64_t(a.physics->params.size()));
    vector("equation_weight", equation_weight, a.equations);
    if (point_weight) vector("point_weight", *point_weight, coords.size(1));
    if (target) check_rows("target", *target, a.equations, coords.size(1), type);
    TORCH_CHECK_VALUE(design_row.size() == a.physics->params.size(), "design_row: expected ", a.physics->params.size(),
                      " entries, found ", design_row.size());
    for (const std::int64_t row : design_row) {
      TORCH_CHECK_VALUE(row >= -1 && row < design.size(0), "design_row: expected -1 to ", design.size(0) - 1,
                        ", found ", row);
      a.design_row.push_back(int(row));
    }
    return a;
  });
}

ResidualCall check_residual(Text physics, Text term, const Tensor& coords, const Tensor& params, const Tensor& jet,
                            const Tensor& rows_bar) {
  return translated([&] {
    const PhysicsInfo& info = find_physics({physics.data(), physics.size()});
    ResidualCall call{find_term({physics.data(), physics.size()}, {term.data(), term.size()}), 0, {}, 0};
    TORCH_CHECK_VALUE(call.term.term < int(info.terms.size()), "term: expected a term of the loss, found '", term, "'");
    call.equations = info.terms[std::size_t(call.term.term)].equations;
    const auto type = jet.scalar_type();
    TORCH_CHECK_VALUE(type == at::kFloat || type == at::kDouble, "jet: expected float32 or float64, found ", type);
    TORCH_CHECK_VALUE(coords.dim() == 2 && params.dim() == 2, "coords and params: expected two dimensions, found ",
                      coords.dim(), " and ", params.dim());
    const std::int64_t n = coords.size(1);
    check_rows("coords", coords, std::int64_t(info.coords.size()), n, type);
    check_rows("jet", jet, std::int64_t(jet_rows(call.term).size()), n, type);
    check_rows("params", params, std::int64_t(info.params.size()), params.size(1) == 1 ? 1 : n, type);
    if (rows_bar.defined()) check_rows("rows_bar", rows_bar, call.equations, n, type);
    const bool per_point = params.size(1) != 1 || n == 1;
    for (std::size_t p = 0; p < info.params.size(); ++p) call.design_row.push_back(per_point ? int(p) : -1);
    call.design_count = per_point ? int(info.params.size()) : 0;
    return call;
  });
}

}  // namespace residua::ops
