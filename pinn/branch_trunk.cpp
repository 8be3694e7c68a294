#include "pinn/branch_trunk.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <exception>

#include "kernels/parallel.hpp"

namespace residua {
namespace {

/// Values as a tensor that looks at them.
at::Tensor flat(const double* values, std::int64_t count) {
  return at::from_blob(const_cast<double*>(values), {count}, at::kDouble);
}

std::int64_t equations_of(const Problem& problem, TermId term) {
  const auto& terms = problem.physics().terms;
  const auto t = std::size_t(term.term);
  return t < terms.size() ? terms[t].equations : std::int64_t(problem.physics().outputs.size());
}

}  // namespace

/// Runs of points that have the same design inputs.
std::vector<BranchTrunk::Case> BranchTrunk::cases_of(const Samples& samples) const {
  std::vector<Case> cases;
  const std::int64_t n = samples.n, rows = n == 0 ? 0 : std::int64_t(samples.design.size()) / n;
  const auto alike = [&](std::int64_t a, std::int64_t b) {
    for (std::int64_t row = 0; row < rows; ++row)
      if (samples.design[std::size_t(row * n + a)] != samples.design[std::size_t(row * n + b)]) return false;
    return true;
  };
  for (std::int64_t i = 0; i < n; ++i) {
    if (cases.empty() || !alike(cases.back().first, i)) cases.push_back({i, 0});
    ++cases.back().n;
  }
  return cases;
}

Branch BranchTrunk::branch_at(const Samples& samples, std::span<const Case> cases, const double* weights) const {
  const MlpShape& shape = *problem_.shape().branch;
  at::Tensor inputs = at::empty({std::int64_t(cases.size()), shape.inputs}, at::kDouble);
  double* to = inputs.data_ptr<double>();
  for (const Case& c : cases)
    for (int d = 0; d < shape.inputs; ++d) {
      const auto input = std::size_t(trunk().inputs + d);
      const double value = samples.design[std::size_t(d * samples.n + c.first)];
      *to++ = (value - problem_.center()[input]) * problem_.scale()[input];
    }
  return Branch(shape, flat(weights + shared(), shape.parameters()), inputs);
}

/// use(case) for every case, from several threads; `last` [cases][last layer] beside the shared weights.
void BranchTrunk::for_cases(const Samples& samples, std::span<const Case> cases, const double* weights,
                            const at::Tensor& last, const std::function<void(const View&)>& use) const {
  const std::int64_t count = std::int64_t(cases.size()), size = last.size(1);
  const int team = int(std::min<std::int64_t>(default_threads(), count));
  const at::Tensor answers = last.contiguous();
  const double* answer = answers.const_data_ptr<double>();
  std::vector<std::exception_ptr> failed(std::size_t(std::max(team, 1)));
  in_parallel(team, [&](int thread) {
    try {
      std::vector<double> own(weights, weights + shared()), params = problem_.params();
      own.resize(std::size_t(shared() + size));
      for (std::int64_t c = count * thread / team; c < count * (thread + 1) / team; ++c) {
        const Case& at = cases[std::size_t(c)];
        std::copy_n(answer + c * size, size, own.begin() + shared());
        for (std::size_t d = 0; d < problem_.design().size(); ++d)
          params[std::size_t(problem_.design()[d])] =
              samples.design[d * std::size_t(samples.n) + std::size_t(at.first)];
        const auto coords =
            columns(samples.coords.data(), std::int64_t(problem_.physics().coords.size()), samples.n, {at.first, at.n});
        use({c,
             at,
             problem_.network(own.data()),
             {at.n, coords.data(), nullptr, params.data(), design_row_.data(), 0}});
      }
    } catch (...) {
      failed[std::size_t(thread)] = std::current_exception();
    }
  });
  for (const std::exception_ptr& e : failed)
    if (e) std::rethrow_exception(e);
}

/// Gradient in all parameters from that in every case's perceptron, [cases][parameters of the trunk].
at::Tensor BranchTrunk::gradient_of(const Branch& branch, const at::Tensor& by_case) const {
  return at::cat({by_case.narrow(1, 0, shared()).sum(0), branch.pull_back(by_case.slice(1, shared()))});
}

/// Rows of the Jacobian from those of one case's perceptron.
at::Tensor BranchTrunk::rows_of(const Branch& branch, std::int64_t which, const at::Tensor& rows) const {
  return at::cat({rows.narrow(1, 0, shared()), branch.pull_back_rows(which, rows.slice(1, shared()))}, 1);
}

void BranchTrunk::evaluate(TermId term, const Samples& samples, const double* weights, double* rows) const {
  const auto cases = cases_of(samples);
  const std::int64_t equations = equations_of(problem_, term);
  for_cases(samples, cases, weights, branch_at(samples, cases, weights).answers(), [&](const View& view) {
    std::vector<double> own(std::size_t(equations * view.points.n));
    residua::evaluate(term, view.network, view.points, own.data(), 1);
    for (std::int64_t e = 0; e < equations; ++e)
      std::copy_n(&own[std::size_t(e * view.points.n)], view.points.n, rows + e * samples.n + view.points_at.first);
  });
}

void BranchTrunk::differentiate(TermId term, const Samples& samples, const double* weights,
                                const FusedWeights<double>& by, double* losses, double* gradient) const {
  const auto cases = cases_of(samples);
  const std::int64_t equations = equations_of(problem_, term), count = std::int64_t(cases.size());
  const Branch branch = branch_at(samples, cases, weights);
  at::Tensor own_losses = at::empty({count, equations}, at::kDouble);
  at::Tensor gradients = at::empty({gradient ? count : 0, trunk().parameters()}, at::kDouble);
  double *loss_rows = own_losses.data_ptr<double>(), *gradient_rows = gradients.data_ptr<double>();
  for_cases(samples, cases, weights, branch.answers(), [&](const View& view) {
    FusedWeights<double> own = by;
    if (by.point) own.point = by.point + view.points_at.first;
    std::vector<double> target;
    if (by.target) {
      target = columns(by.target, equations, samples.n, {view.points_at.first, view.points.n});
      own.target = target.data();
    }
    fused<double>(term, view.network, view.points, own,
                  {loss_rows + view.which * equations,
                   gradient ? gradient_rows + view.which * trunk().parameters() : nullptr, nullptr},
                  1);
  });
  const at::Tensor sums = own_losses.sum(0);
  std::copy_n(sums.const_data_ptr<double>(), equations, losses);
  if (gradient) flat(gradient, problem_.shape().parameters()).copy_(gradient_of(branch, gradients));
}

void BranchTrunk::jacobian(TermId term, const Samples& samples, const double* weights, double* rows,
                           double* residual) const {
  const auto cases = cases_of(samples);
  const std::int64_t equations = equations_of(problem_, term), parameters = problem_.shape().parameters();
  const Branch branch = branch_at(samples, cases, weights);
  std::vector<at::Tensor> own(cases.size());
  for (std::size_t c = 0; c < cases.size(); ++c)
    own[c] = at::empty({equations * cases[c].n, trunk().parameters()}, at::kDouble);
  std::vector<double*> data;
  for (at::Tensor& tensor : own) data.push_back(tensor.data_ptr<double>());
  for_cases(samples, cases, weights, branch.answers(), [&](const View& view) {
    std::vector<double> r(std::size_t(equations * view.points.n));
    residua::jacobian(term, view.network, view.points, data[std::size_t(view.which)], r.data(), 1);
    for (std::int64_t e = 0; residual && e < equations; ++e)
      std::copy_n(&r[std::size_t(e * view.points.n)], view.points.n, residual + e * samples.n + view.points_at.first);
  });
  at::Tensor all = at::from_blob(rows, {equations, samples.n, parameters}, at::kDouble);
  for (std::size_t c = 0; c < cases.size(); ++c)
    all.narrow(1, cases[c].first, cases[c].n)
        .copy_(rows_of(branch, std::int64_t(c), own[c]).view({equations, cases[c].n, parameters}));
}

void BranchTrunk::add_to(NormalEquations& sums, TermId term, const Samples& samples, const double* weights,
                         const FusedWeights<double>& by) const {
  const std::int64_t equations = equations_of(problem_, term), parameters = problem_.shape().parameters();
  at::Tensor rows = at::empty({equations * samples.n, parameters}, at::kDouble);
  at::Tensor residual = at::empty({equations, samples.n}, at::kDouble);
  jacobian(term, samples, weights, rows.data_ptr<double>(), residual.data_ptr<double>());
  if (by.target) residual -= flat(by.target, residual.numel()).view(residual.sizes());
  at::Tensor root = at::ones_like(residual);
  if (by.equation) root *= flat(by.equation, equations).sqrt().unsqueeze(1);
  if (by.point) root *= flat(by.point, samples.n).sqrt();
  const at::Tensor weighted = (at::cat({rows, residual.view({-1, 1})}, 1) * root.view({-1, 1})).contiguous();
  sums.add_rows(weighted.const_data_ptr<double>(), weighted.size(0));
}

void BranchTrunk::jacobian_product(TermId term, const Samples& samples, const double* weights, const double* direction,
                                   double* product) const {
  const auto cases = cases_of(samples);
  const std::int64_t equations = equations_of(problem_, term), last = trunk().parameters() - shared();
  const Branch branch = branch_at(samples, cases, weights);
  const at::Tensor turned =
      branch.push_forward(flat(direction + shared(), problem_.shape().branch->parameters())).contiguous();
  const double* turn = turned.const_data_ptr<double>();
  for_cases(samples, cases, weights, branch.answers(), [&](const View& view) {
    std::vector<double> own(direction, direction + shared()), rows(std::size_t(equations * view.points.n));
    own.insert(own.end(), turn + view.which * last, turn + (view.which + 1) * last);
    residua::jacobian_product(term, view.network, view.points, own.data(), rows.data(), 1);
    for (std::int64_t e = 0; e < equations; ++e)
      std::copy_n(&rows[std::size_t(e * view.points.n)], view.points.n, product + e * samples.n + view.points_at.first);
  });
}

void BranchTrunk::transposed_product(TermId term, const Samples& samples, const double* weights, const double* rows,
                                     double* product) const {
  const auto cases = cases_of(samples);
  const std::int64_t equations = equations_of(problem_, term);
  const Branch branch = branch_at(samples, cases, weights);
  at::Tensor gradients = at::empty({std::int64_t(cases.size()), trunk().parameters()}, at::kDouble);
  double* gradient = gradients.data_ptr<double>();
  for_cases(samples, cases, weights, branch.answers(), [&](const View& view) {
    const auto own = columns(rows, equations, samples.n, {view.points_at.first, view.points.n});
    jacobian_transposed_product(term, view.network, view.points, own.data(),
                                gradient + view.which * trunk().parameters(), 1);
  });
  flat(product, problem_.shape().parameters()).copy_(gradient_of(branch, gradients));
}

}  // namespace residua
