#include "pinn/ops.hpp"

#include <ATen/ATen.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <filesystem>

#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"
#include "kernels/residual.hpp"
#include "pinn/op_checks.hpp"
#include "pinn/user_physics.hpp"

namespace residua::ops {
namespace {

using at::Tensor;
using Ints = at::IntArrayRef;
using Text = c10::string_view;
using OptionalTensor = std::optional<Tensor>;

/// (total, per equation, gradient of the total in the weights, in the precision of the kernels).
template <class S>
std::tuple<Tensor, Tensor, Tensor> fused_pass_in(const Arguments& a, const Tensor& weights, const Tensor& center,
                                                 const Tensor& scale, const Tensor& coords, const Tensor& design,
                                                 const Tensor& params, const Tensor& equation_weight,
                                                 const OptionalTensor& point_weight, const OptionalTensor& target) {
  const std::int64_t n = coords.size(1);
  const Tensor w = weights.to(coords.scalar_type()).contiguous(), x = coords.contiguous(), d = design.contiguous();
  const Tensor c = center.contiguous(), s = scale.contiguous(), p = params.contiguous();
  const Tensor mean_weight = (equation_weight / double(std::max<std::int64_t>(n, 1))).contiguous();
  const Tensor each = point_weight ? point_weight->contiguous() : Tensor(),
               y = target ? target->contiguous() : Tensor();
  Tensor loss = at::empty({a.equations}, at::kDouble), gradient = at::empty_like(w);
  translated([&] {
    fused<S>(
        a.term, {a.shape, w.const_data_ptr<S>(), c.const_data_ptr<S>(), s.const_data_ptr<S>()},
        {n, x.const_data_ptr<S>(), d.const_data_ptr<S>(), p.const_data_ptr<S>(), a.design_row.data(), int(d.size(0))},
        {mean_weight.const_data_ptr<S>(), point_weight ? each.const_data_ptr<S>() : nullptr,
         target ? y.const_data_ptr<S>() : nullptr},
        {loss.data_ptr<double>(), gradient.data_ptr<S>(), nullptr});
  });
  loss /= double(std::max<std::int64_t>(n, 1));
  return {(loss * equation_weight.to(at::kDouble)).sum(), loss, gradient};
}

std::tuple<Tensor, Tensor, Tensor> fused_pass_cpu(const Tensor& weights, const Tensor& center, const Tensor& scale,
                                                  const Tensor& coords, const Tensor& design, const Tensor& params,
                                                  Ints design_row, std::int64_t width, std::int64_t depth,
                                                  std::int64_t activation, Text physics, Text term,
                                                  const Tensor& equation_weight, const OptionalTensor& point_weight,
                                                  const OptionalTensor& target) {
  const Arguments a = check_arguments(weights, center, scale, coords, design, params, design_row, width, depth,
                                      activation, physics, term, equation_weight, point_weight, target);
  return coords.scalar_type() == at::kFloat ? fused_pass_in<float>(a, weights, center, scale, coords, design, params,
                                                                   equation_weight, point_weight, target)
                                            : fused_pass_in<double>(a, weights, center, scale, coords, design, params,
                                                                    equation_weight, point_weight, target);
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
                                                const std::string& term, const Tensor& equation_weight,
                                                const OptionalTensor& point_weight, const OptionalTensor& target) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [total, per_equation, gradient] =
        typed<decltype(fused_pass_cpu)>("residua::fused_pass")
            .call(weights, center, scale, coords, design, params, design_row, width, depth, activation, physics, term,
                  equation_weight, point_weight, target);
    ctx->save_for_backward({gradient.to(weights.options())});
    ctx->mark_non_differentiable({per_equation});
    return {total, per_equation};
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    torch::autograd::variable_list result(15);
    const Tensor gradient = ctx->get_saved_variables()[0];
    result[0] = gradient * grads[0].to(gradient.options());
    return result;
  }
};

std::tuple<Tensor, Tensor> fused_loss_autograd(const Tensor& weights, const Tensor& center, const Tensor& scale,
                                               const Tensor& coords, const Tensor& design, const Tensor& params,
                                               Ints design_row, std::int64_t width, std::int64_t depth,
                                               std::int64_t activation, Text physics, Text term,
                                               const Tensor& equation_weight, const OptionalTensor& point_weight,
                                               const OptionalTensor& target) {
  const auto out =
      FusedLoss::apply(weights, center, scale, coords, design, params, design_row.vec(), width, depth, activation,
                       std::string(physics), std::string(term), equation_weight, point_weight, target);
  return {out[0], out[1]};
}

std::tuple<Tensor, Tensor> fused_loss_plain(const Tensor& weights, const Tensor& center, const Tensor& scale,
                                            const Tensor& coords, const Tensor& design, const Tensor& params,
                                            Ints design_row, std::int64_t width, std::int64_t depth,
                                            std::int64_t activation, Text physics, Text term,
                                            const Tensor& equation_weight, const OptionalTensor& point_weight,
                                            const OptionalTensor& target) {
  auto [total, per_equation, gradient] =
      typed<decltype(fused_pass_cpu)>("residua::fused_pass")
          .call(weights, center, scale, coords, design, params, design_row, width, depth, activation, physics, term,
                equation_weight, point_weight, target);
  return {total, per_equation};
}

/// The residual alone; `rows_bar` defined: its vector-Jacobian product instead.
template <class S>
Tensor residual_in(const ResidualCall& call, const Tensor& coords, const Tensor& params, const Tensor& jet,
                   const Tensor& rows_bar) {
  const std::int64_t n = coords.size(1);
  const Tensor x = coords.contiguous(), p = params.contiguous(), u = jet.contiguous();
  const S* values = p.const_data_ptr<S>();
  const Points<S> points{n, x.const_data_ptr<S>(), values, values, call.design_row.data(), call.design_count};
  if (!rows_bar.defined()) {
    Tensor out = at::empty({call.equations, n}, jet.options());
    residual<S>(call.term, points, u.const_data_ptr<S>(), out.data_ptr<S>());
    return out;
  }
  const Tensor bar = rows_bar.contiguous();
  Tensor out = at::empty({jet.size(0), n}, jet.options());
  residual_vjp<S>(call.term, points, u.const_data_ptr<S>(), bar.const_data_ptr<S>(), out.data_ptr<S>());
  return out;
}

Tensor residual_checked(Text physics, Text term, const Tensor& coords, const Tensor& params, const Tensor& jet,
                        const Tensor& rows_bar) {
  const ResidualCall call = check_residual(physics, term, coords, params, jet, rows_bar);
  return jet.scalar_type() == at::kFloat ? residual_in<float>(call, coords, params, jet, rows_bar)
                                         : residual_in<double>(call, coords, params, jet, rows_bar);
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

/// libresidua_ops_cuda.so, with a GPU that answers.
void* cuda_library() {
  const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "libresidua_ops_cuda.so";
  if (!std::filesystem::exists(beside))
    throw Error(fmt::format("device cuda: {} is missing: expected a build with a CUDA toolkit", beside.string()));
  void* library = dlopen(beside.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!library)
    throw Error(
        fmt::format("device cuda: cannot be loaded, as if on a machine without a GPU or the libraries that "
                    "LibTorch needs there: {}",
                    dlerror()));
  if (!at::globalContext().hasCUDA()) throw Error("device cuda: no GPU answers");
  return library;
}

}  // namespace

void ensure_registered() {
  // Referring to this file pulls its static registrations into the program.
}

void* cuda_function(const char* name) { return dlsym(cuda_library(), name); }

void use_cuda(const UserPhysics* own) {
  void* library = cuda_library();
  if (!own) return;
  using Add = void(const UserModule&, const cuda::UserDeviceModule&);
  reinterpret_cast<Add*>(dlsym(library, "residua_add_user_physics"))(own->module(), own->on_device());
}

at::Tensor rows_tensor(const std::vector<double>& rows, std::int64_t n, at::TensorOptions options) {
  const std::int64_t count = n > 0 ? std::int64_t(rows.size()) / n : 0;
  at::Tensor t = at::empty({count, n}, at::kDouble);
  std::copy(rows.begin(), rows.end(), t.data_ptr<double>());
  return t.to(options);
}

Samples samples_of(const at::Tensor& coords, const at::Tensor& design) {
  const auto values = [](const at::Tensor& rows) {
    const at::Tensor all = rows.contiguous();
    return std::vector<double>(all.const_data_ptr<double>(), all.const_data_ptr<double>() + all.numel());
  };
  return {coords.size(1), values(coords), values(design)};
}

ProblemTensors tensors_of(const Problem& problem, at::TensorOptions options) {
  const auto vector = [&](const std::vector<double>& v) {
    return rows_tensor(v, std::int64_t(v.size()), options).squeeze(0);
  };
  return {vector(problem.center()),
          vector(problem.scale()),
          vector(problem.params()),
          {problem.design_row().begin(), problem.design_row().end()}};
}

std::tuple<at::Tensor, at::Tensor> fused_loss(const at::Tensor& weights, const Problem& problem,
                                              const ProblemTensors& fixed, const at::Tensor& coords,
                                              const at::Tensor& design, const std::string& term,
                                              const at::Tensor& equation_weight,
                                              const std::optional<at::Tensor>& point_weight,
                                              const std::optional<at::Tensor>& target) {
  const MlpShape& shape = problem.shape().trunk;
  return typed<decltype(fused_loss_plain)>("residua::fused_loss")
      .call(weights, fixed.center, fixed.scale, coords, design, fixed.params, fixed.design_row, shape.width,
            shape.depth, std::int64_t(shape.activation),
            Text(problem.physics().name.data(), problem.physics().name.size()), term, equation_weight, point_weight,
            target);
}

TORCH_LIBRARY(residua, m) {
  const std::string network =
      "Tensor weights, Tensor center, Tensor scale, Tensor coords, Tensor design, Tensor params, int[] design_row, int "
      "width, "
      "int depth, int activation, str physics, str term, Tensor equation_weight, Tensor? point_weight=None, Tensor? "
      "target=None";
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
TORCH_LIBRARY_IMPL(residua, CUDA, m) {
  m.impl("fused_loss", fused_loss_plain);  // the rest is in ops_cuda.cpp
}
TORCH_LIBRARY_IMPL(residua, Autograd, m) {
  m.impl("fused_loss", fused_loss_autograd);
  m.impl("residual", residual_autograd);
}

}  // namespace residua::ops
