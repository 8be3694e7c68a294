// The operators' CUDA side, a library of its own: a program that has no GPU never loads it (see ops::use_cuda).
#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include <algorithm>

#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/residual_cuda.hpp"
#include "kernels/cuda/user_device_physics.hpp"
#include "kernels/residual.hpp"
#include "pinn/op_checks.hpp"
#include "surrogates/user_module.hpp"

namespace residua::ops {
namespace {

using at::Tensor;
using Text = c10::string_view;
using OptionalTensor = std::optional<Tensor>;

Tensor device_rows(const std::vector<int>& rows, const Tensor& like) {
  Tensor host = at::empty({std::int64_t(rows.size())}, at::kInt);
  std::copy(rows.begin(), rows.end(), host.data_ptr<int>());
  return host.to(like.device());
}

template <class S>
std::tuple<Tensor, Tensor, Tensor> fused_pass_in(const Arguments& a, const Tensor& weights, const Tensor& center,
                                                 const Tensor& scale, const Tensor& coords, const Tensor& design,
                                                 const Tensor& params, const Tensor& equation_weight,
                                                 const OptionalTensor& point_weight, const OptionalTensor& target) {
  const c10::cuda::CUDAGuard guard(coords.device());
  const auto stream = c10::cuda::getCurrentCUDAStream();
  const std::int64_t n = coords.size(1);
  const auto here = [&](const Tensor& t) { return t.to(coords.options()).contiguous(); };
  const Tensor w = here(weights), c = here(center), s = here(scale), x = coords.contiguous(), d = here(design);
  const Tensor p = here(params), mean_weight = here(equation_weight / double(std::max<std::int64_t>(n, 1)));
  const Tensor rows = device_rows(a.design_row, coords), each = point_weight ? here(*point_weight) : Tensor(),
               y = target ? here(*target) : Tensor();
  Tensor loss = at::empty({a.equations}, coords.options().dtype(at::kDouble)), gradient = at::empty_like(w);
  translated([&] {
    const std::size_t bytes = cuda::workspace_bytes<S>(a.term, a.shape, n, true);
    Tensor workspace = at::empty({std::int64_t(bytes)}, coords.options().dtype(at::kByte));
    cuda::fused<S>(a.term, {a.shape, w.const_data_ptr<S>(), c.const_data_ptr<S>(), s.const_data_ptr<S>()},
                   {n, x.const_data_ptr<S>(), d.const_data_ptr<S>(), p.const_data_ptr<S>(), rows.const_data_ptr<int>(),
                    int(d.size(0))},
                   {mean_weight.const_data_ptr<S>(), point_weight ? each.const_data_ptr<S>() : nullptr,
                    target ? y.const_data_ptr<S>() : nullptr},
                   {loss.data_ptr<double>(), gradient.data_ptr<S>(), nullptr}, {workspace.data_ptr(), bytes},
                   stream.stream());
  });
  // Losses are a few numbers that the caller looks at next: they come to the host, and with them the end of the pass.
  const Tensor mean = loss.to(at::kCPU) / double(std::max<std::int64_t>(n, 1));
  return {(mean * equation_weight.to(at::kCPU, at::kDouble)).sum(), mean, gradient};
}

std::tuple<Tensor, Tensor, Tensor> fused_pass_cuda(const Tensor& weights, const Tensor& center, const Tensor& scale,
                                                   const Tensor& coords, const Tensor& design, const Tensor& params,
                                                   at::IntArrayRef design_row, std::int64_t width, std::int64_t depth,
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

template <class S>
Tensor residual_in(const ResidualCall& call, const Tensor& coords, const Tensor& params, const Tensor& jet,
                   const Tensor& rows_bar) {
  const c10::cuda::CUDAGuard guard(jet.device());
  const auto stream = c10::cuda::getCurrentCUDAStream();
  const std::int64_t n = coords.size(1);
  const auto here = [&](const Tensor& t) { return t.to(jet.options()).contiguous(); };
  const Tensor x = here(coords), p = here(params), u = jet.contiguous(), rows = device_rows(call.design_row, jet);
  const S* values = p.const_data_ptr<S>();
  const Points<S> points{n, x.const_data_ptr<S>(), values, values, rows.const_data_ptr<int>(), call.design_count};
  return translated([&] {
    if (!rows_bar.defined()) {
      Tensor out = at::empty({call.equations, n}, jet.options());
      cuda::residual<S>(call.term, points, u.const_data_ptr<S>(), out.data_ptr<S>(), stream.stream());
      return out;
    }
    const Tensor bar = here(rows_bar);
    Tensor out = at::empty({jet.size(0), n}, jet.options());
    cuda::residual_vjp<S>(call.term, points, u.const_data_ptr<S>(), bar.const_data_ptr<S>(), out.data_ptr<S>(),
                          stream.stream());
    return out;
  });
}

Tensor residual_of(Text physics, Text term, const Tensor& coords, const Tensor& params, const Tensor& jet,
                   const Tensor& rows_bar) {
  const ResidualCall call = check_residual(physics, term, coords, params, jet, rows_bar);
  return jet.scalar_type() == at::kFloat ? residual_in<float>(call, coords, params, jet, rows_bar)
                                         : residual_in<double>(call, coords, params, jet, rows_bar);
}
Tensor residual_cuda(Text physics, Text term, const Tensor& coords, const Tensor& params, const Tensor& jet) {
  return residual_of(physics, term, coords, params, jet, {});
}
Tensor residual_backward_cuda(Text physics, Text term, const Tensor& coords, const Tensor& params, const Tensor& jet,
                              const Tensor& rows_bar) {
  return residual_of(physics, term, coords, params, jet, rows_bar);
}

}  // namespace

TORCH_LIBRARY_IMPL(residua, CUDA, m) {
  m.impl("fused_pass", fused_pass_cuda);
  m.impl("residual", residual_cuda);
  m.impl("residual_backward", residual_backward_cuda);
}

}  // namespace residua::ops

/// Called by ops::use_cuda(): this library has a catalog of its own.
extern "C" void residua_add_user_physics(const residua::UserModule& module,
                                         const residua::cuda::UserDeviceModule& device) {
  residua::add_kernels(module.kernels);
  residua::cuda::add_user_physics(device);
}
