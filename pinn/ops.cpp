#include "pinn/ops.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"
#include "kernels/residual.hpp"

namespace residua::ops {
namespace {

using at::Tensor;
using Ints = at::IntArrayRef;
using Text = c10::string_view;

/// Kernels throw residua::Error; torch wants its own.
template <class F>
auto translated(F&& f) {
  try {
    return f();
  } catch (const Error& e) {
    TORCH_CHECK_VALUE(false, e.what());
  }
}

void check_rows(const char* name, const Tensor& t, std::int64_t rows, std::int64_t n, at::ScalarType type) {
  TORCH_CHECK_VALUE(t.dim() == 2 && t.size(0) == rows && t.size(1) == n, name, ": expected shape [", rows, ", ", n,
                    "], found ", t.sizes());
  TORCH_CHECK_VALUE(t.scalar_type() == type, name, ": expected type ", type, ", found ", t.scalar_type());
}

struct Arguments {
  const PhysicsInfo* physics;
  TermId term;
  int equations;
  MlpShape shape;
  std::vector<int> design_row;
};

Arguments check_arguments(const Tensor& weights, const Tensor& center, const Tensor& scale, const Tensor& coords,
                          const Tensor& design, const Tensor& params, Ints design_row, std::int64_t width,
                          std::int64_t depth, std::int64_t activation, Text physics, Text term,
                          const Tensor& equation_weight) {
  return translated([&] {
    Arguments a;
    a.physics = &find_physics({physics.data(), physics.size()});
    a.term = find_term({physics.data(), physics.size()}, {term.data(), term.size()});
    TORCH_CHECK_VALUE(a.term.term < int(a.physics->terms.size()), "term: expected a term of the loss, found '", term,
                      "'");
    a.equations = a.physics->terms[std::size_t(a.term.term)].equations;
    TORCH_CHECK_VALUE(activation >= 0 && activation <= std::int64_t(Activation::silu),
                      "activation: expected 0 to 2, found ", activation);
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

/// (total, per equation, gradient of the total in the weights, in the precision of the kernels).
template <class S>
std::tuple<Tensor, Tensor, Tensor> fused_pass_in(const Arguments& a, const Tensor& weights, const Tensor& center,
                                                 const Tensor& scale, const Tensor& coords, const Tensor& design,
                                                 const Tensor& params, const Tensor& equation_weight) {
  const std::int64_t n = coords.size(1);
  const Tensor w = weights.to(coords.scalar_type()).contiguous(), x = coords.contiguous(), d = design.contiguous();
  const Tensor c = center.contiguous(), s = scale.contiguous(), p = params.contiguous();
  const Tensor mean_weight = (equation_weight / double(std::max<std::int64_t>(n, 1))).contiguous();
  Tensor loss = at::empty({a.equations}, at::kDouble), gradient = at::empty_like(w);
  translated([&] {
    fused<S>(
        a.term, {a.shape, w.const_data_ptr<S>(), c.const_data_ptr<S>(), s.const_data_ptr<S>()},
        {n, x.const_data_ptr<S>(), d.const_data_ptr<S>(), p.const_data_ptr<S>(), a.design_row.data(), int(d.size(0))},
        {mean_weight.const_data_ptr<S>(), nullptr}, {loss.data_ptr<double>(), gradient.data_ptr<S>(), nullptr});
  });
  loss /= double(std::max<std::int64_t>(n, 1));
  return {(loss * equation_weight.to(at::kDouble)).sum(), loss, gradient};
}

std::tuple<Tensor, Tensor, Tensor> fused_pass_cpu(const Tensor& weights, const Tensor& center, const Tensor& scale,
                                                  const Tensor& coords, const Tensor& design, const Tensor& params,
                                                  Ints design_row, std::int64_t width, std::int64_t depth,
                                                  std::int64_t activation, Text physics, Text term,
                                                  const Tensor& equation_weight) {
  const Arguments a = check_arguments(weights, center, scale, coords, design, params, design_row, width, depth,
                                      activation, physics, term, equation_weight);
  return coords.scalar_type() == at::kFloat
             ? fused_pass_in<float>(a, weights, center, scale, coords, design, params, equation_weight)
             : fused_pass_in<double>(a, weights, center, scale, coords, design, params, equation_weight);
}

template <class Op>
const auto& typed(const char* name) {
  static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Op>();
  return op;
}

struct FusedLoss : torch::autograd::Function<FusedLoss> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* ctx, const Tensor& weights,
                                                const Tensor& center, const Tensor& scale, const Tensor& coords,
                                                const Tensor& design, const Tensor& params,
                                                std::vector<std::int64_t> design_row, std::int64_t width,
                                                std::int64_t depth, std::int64_t activation, const std::string& physics,
                                                const std::string& term, const Tensor& equation_weight) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [total, per_equation, gradient] = typed<decltype(fused_pass_cpu)>("residua::fused_pass")
                                               .call(weights, center, scale, coords, design, params, design_row, width,
                                                     depth, activation, physics, term, equation_weight);
    ctx->save_for_backward({gradient.to(weights.scalar_type())});
    ctx->mark_non_differentiable({per_equation});
    return {total, per_equation};
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    torch::autograd::variable_list result(13);
    const Tensor gradient = ctx->get_saved_variables()[0];
    result[0] = gradient * grads[0].to(gradient.scalar_type());
    return result;
  }
};

std::tuple<Tensor, Tensor> fused_loss_autograd(const Tensor& weights, const Tensor& center, const Tensor& scale,
                                               const Tensor& coords, const Tensor& design, const Tensor& params,
                                               Ints design_row, std::int64_t width, std::int64_t depth,
                                               std::int64_t activation, Text physics, Text term,
                                               const Tensor& equation_weight) {
  const auto out = FusedLoss::apply(weights, center, scale, coords, design, params, design_row.vec(), width, depth,
                                    activation, std::string(physics), std::string(term), equation_weight);
  return {out[0], out[1]};
}

std::tuple<Tensor, Tensor> fused_loss_plain(const Tensor& weights, const Tensor& center, const Tensor& scale,
                                            const Tensor& coords, const Tensor& design, const Tensor& params,
                                            Ints design_row, std::int64_t width, std::int64_t depth,
                                            std::int64_t activation, Text physics, Text term,
                                            const Tensor& equation_weight) {
  auto [total, per_equation, gradient] = typed<decltype(fused_pass_cpu)>("residua::fused_pass")
                                             .call(weights, center, scale, coords, design, params, design_row, width,
                                                   depth, activation, physics, term, equation_weight);
  return {total, per_equation};
}

/// The residual alone; `rows_bar` defined: its vector-Jacobian product instead.
template <class S>
Tensor residual_in(TermId term, const PhysicsInfo& physics, int rows, const Tensor& coords, const Tensor& params,
                   const Tensor& jet, const Tensor& rows_bar) {
  const std::int64_t n = coords.size(1);
  const bool per_point = params.size(1) != 1 || n == 1;
  const Tensor x = coords.contiguous(), p = params.contiguous(), u = jet.contiguous();
  std::vector<int> design_row(physics.params.size(), -1);
  if (per_point)
    for (std::size_t i = 0; i < design_row.size(); ++i) design_row[i] = int(i);
  const S* values = p.const_data_ptr<S>();
  const Points<S> points{n,      x.const_data_ptr<S>(), values,
                         values, design_row.data(),     per_point ? int(design_row.size()) : 0};
  if (!rows_bar.defined()) {
    Tensor out = at::empty({rows, n}, jet.options());
    residual<S>(term, points, u.const_data_ptr<S>(), out.data_ptr<S>());
    return out;
  }
  const Tensor bar = rows_bar.contiguous();
  Tensor out = at::empty({jet.size(0), n}, jet.options());
  residual_vjp<S>(term, points, u.const_data_ptr<S>(), bar.const_data_ptr<S>(), out.data_ptr<S>());
  return out;
}

Tensor residual_checked(Text physics, Text term, const Tensor& coords, const Tensor& params, const Tensor& jet,
                        const Tensor& rows_bar) {
  return translated([&] {
    const PhysicsInfo& info = find_physics({physics.data(), physics.size()});
    const TermId id = find_term({physics.data(), physics.size()}, {term.data(), term.size()});
    TORCH_CHECK_VALUE(id.term < int(info.terms.size()), "term: expected a term of the loss, found '", term, "'");
    const int equations = info.terms[std::size_t(id.term)].equations;
    const auto type = jet.scalar_type();
    TORCH_CHECK_VALUE(type == at::kFloat || type == at::kDouble, "jet: expected float32 or float64, found ", type);
    TORCH_CHECK_VALUE(coords.dim() == 2 && params.dim() == 2, "coords and params: expected two dimensions, found ",
                      coords.dim(), " and ", params.dim());
    const std::int64_t n = coords.size(1);
    check_rows("coords", coords, std::int64_t(info.coords.size()), n, type);
    check_rows("jet", jet, std::int64_t(jet_rows(id).size()), n, type);
    check_rows("params", params, std::int64_t(info.params.size()), params.size(1) == 1 ? 1 : n, type);
    if (rows_bar.defined()) check_rows("rows_bar", rows_bar, equations, n, type);
    return type == at::kFloat ? residual_in<float>(id, info, equations, coords, params, jet, rows_bar)
                              : residual_in<double>(id, info, equations, coords, params, jet, rows_bar);
  });
}

Tensor residual_cpu(Text physics, Text term, const Tensor& coords, const Tensor& params, const Tensor& jet) {
  return residual_checked(physics, term, coords, params, jet, {});
}
Tensor residual_backward_cpu(Text physics, Text term, const Tensor& coords, const Tensor& params, const Tensor& jet,
                             const Tensor& rows_bar) {
  return residual_checked(physics, term, coords, params, jet, rows_bar);
}

struct ResidualFunction : torch::autograd::Function<ResidualFunction> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const std::string& physics, const std::string& term,
                        const Tensor& coords, const Tensor& params, const Tensor& jet) {
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({coords, params, jet});
    ctx->saved_data["physics"] = physics;
    ctx->saved_data["term"] = term;
    return typed<decltype(residual_cpu)>("residua::residual").call(physics, term, coords, params, jet);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const std::string physics = ctx->saved_data["physics"].toStringRef(), term = ctx->saved_data["term"].toStringRef();
    return {{},
            {},
            {},
            {},
            typed<decltype(residual_backward_cpu)>("residua::residual_backward")
                .call(physics, term, saved[0], saved[1], saved[2], grads[0])};
  }
};

Tensor residual_autograd(Text physics, Text term, const Tensor& coords, const Tensor& params, const Tensor& jet) {
  return ResidualFunction::apply(std::string(physics), std::string(term), coords, params, jet);
}

}  // namespace

void ensure_registered() {
  // Referring to this file pulls its static registrations into the program.
}

at::Tensor rows_tensor(const std::vector<double>& rows, std::int64_t n, at::ScalarType precision) {
  const std::int64_t count = n > 0 ? std::int64_t(rows.size()) / n : 0;
  at::Tensor t = at::empty({count, n}, at::kDouble);
  std::copy(rows.begin(), rows.end(), t.data_ptr<double>());
  return t.to(precision);
}

ProblemTensors tensors_of(const Problem& problem, at::ScalarType precision) {
  const auto vector = [&](const std::vector<double>& v) {
    return rows_tensor(v, std::int64_t(v.size()), precision).squeeze(0);
  };
  return {vector(problem.center()),
          vector(problem.scale()),
          vector(problem.params()),
          {problem.design_row().begin(), problem.design_row().end()}};
}

std::tuple<at::Tensor, at::Tensor> fused_loss(const at::Tensor& weights, const Problem& problem,
                                              const ProblemTensors& fixed, const at::Tensor& coords,
                                              const at::Tensor& design, const std::string& term,
                                              const at::Tensor& equation_weight) {
  const MlpShape& shape = problem.shape();
  return typed<decltype(fused_loss_plain)>("residua::fused_loss")
      .call(weights, fixed.center, fixed.scale, coords, design, fixed.params, fixed.design_row, shape.width,
            shape.depth, std::int64_t(shape.activation),
            Text(problem.physics().name.data(), problem.physics().name.size()), term, equation_weight);
}

TORCH_LIBRARY(residua, m) {
  const std::string network =
      "Tensor weights, Tensor center, Tensor scale, Tensor coords, Tensor design, Tensor params, int[] design_row, int "
      "width, "
      "int depth, int activation, str physics, str term, Tensor equation_weight";
  m.def(("fused_pass(" + network + ") -> (Tensor, Tensor, Tensor)").c_str());
  m.def(("fused_loss(" + network + ") -> (Tensor, Tensor)").c_str());
  m.def("residual(str physics, str term, Tensor coords, Tensor params, Tensor jet) -> Tensor");
  m.def(
      "residual_backward(str physics, str term, Tensor coords, Tensor params, Tensor jet, Tensor rows_bar) -> Tensor");
}
TORCH_LIBRARY_IMPL(residua, CPU, m) {
  m.impl("fused_pass", fused_pass_cpu);
  m.impl("fused_loss", fused_loss_plain);
  m.impl("residual", residual_cpu);
  m.impl("residual_backward", residual_backward_cpu);
}
TORCH_LIBRARY_IMPL(residua, Autograd, m) {
  m.impl("fused_loss", fused_loss_autograd);
  m.impl("residual", residual_autograd);
}

}  // namespace residua::ops
