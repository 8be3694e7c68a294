#include "pinn/objective.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

/// The points `chosen` of the samples, rows [rows][n].
std::vector<double> columns(const std::vector<double>& rows, std::int64_t n, const std::vector<std::int64_t>& chosen) {
  std::vector<double> picked;
  picked.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); row += std::size_t(n))
    for (const std::int64_t i : chosen) picked.push_back(rows[row + std::size_t(i)]);
  return picked;
}
Samples part(const Samples& samples, const std::vector<std::int64_t>& chosen) {
  return {std::int64_t(chosen.size()), columns(samples.coords, samples.n, chosen),
          columns(samples.design, samples.n, chosen)};
}

/// Values as a tensor that looks at them.
at::Tensor flat(const std::vector<double>& values) {
  return at::from_blob(const_cast<double*>(values.data()), {std::int64_t(values.size())}, at::kDouble);
}

Points<double> points_of(const Problem& problem, const Samples& samples) {
  return {samples.n,
          samples.coords.data(),
          samples.design.data(),
          problem.params().data(),
          problem.design_row().data(),
          int(problem.design().size())};
}
Network<double> network_of(const Problem& problem, const double* weights) {
  return {problem.shape(), weights, problem.center().data(), problem.scale().data()};
}

}  // namespace

Objective::Objective(const RunFile& run, const Problem& problem, bool cuda, std::optional<Seam> seam)
    : problem_(problem), seed_(run.seed), sampling_(run.sampling), seam_(std::move(seam)) {
  where_ = at::TensorOptions(at::kDouble).device(cuda ? at::kCUDA : at::kCPU);
  for (std::size_t t = 0; t < problem.physics().terms.size(); ++t) {
    const TermInfo& info = problem.physics().terms[t];
    const auto found = run.terms.find(std::string(info.name));
    const TermSettings settings = found == run.terms.end() ? TermSettings{} : found->second;
    if (settings.weight > 0)
      terms_.push_back({std::string(info.name),
                        int(t),
                        find_term(problem.physics().name, info.name),
                        settings,
                        {},
                        {},
                        std::vector<double>(std::size_t(info.equations))});
  }
  if (seam_)
    terms_.push_back({"seam",
                      int(problem.physics().terms.size()),
                      find_term(problem.physics().name, "answer"),
                      run.march.seam,
                      {},
                      {},
                      std::vector<double>(problem.physics().outputs.size())});
}

std::vector<double> Objective::target_of(const LossTerm& term) const {
  if (!is_seam(term)) return {};
  std::vector<double> answer(term.mean_square.size() * std::size_t(term.samples.n));
  evaluate(term.id, network_of(*seam_->before, seam_->weights.data()), points_of(*seam_->before, term.samples),
           answer.data());
  return answer;
}

FusedWeights<double> Objective::weights_of(const LossTerm& term, const double* equation) const {
  return {equation, nullptr, term.target.empty() ? nullptr : term.target.data()};
}

void Objective::set_precision(at::ScalarType precision) {
  where_ = where_.dtype(precision);
  fixed_ = ops::tensors_of(problem_, where_);
  placed_.clear();
}

void Objective::draw(std::int64_t batch, const Stage& stage, const at::Tensor& weights) {
  constexpr std::int64_t kPool = 5;  // candidates per adaptive point
  for (LossTerm& term : terms_) {
    const std::int64_t n = std::max<std::int64_t>(1, std::llround(term.settings.points * stage.more_points));
    const int dims = problem_.sample_dims(term.index);
    const bool choose = stage.adaptive > 0 && dims > 0 && !is_seam(term);
    const std::int64_t drawn = choose ? kPool * n : n;
    // One shift of the lattice per batch and term: fresh points every time, all of them reproducible on their own.
    const std::uint64_t seed = seed_ * 0x9E3779B97F4A7C15u + std::uint64_t(batch) * 64 + std::uint64_t(term.index);
    if (sampling_ == Sampling::uniform) {
      term.samples = problem_.sample(term.index, uniform_points(dims, drawn, seed), drawn);
    } else {
      Sobol sequence(std::size_t(std::max(1, dims)), seed);
      term.samples = problem_.sample(term.index, sequence, drawn);
    }
    if (choose) term.samples = adaptive(term, term.samples, n, stage.adaptive, ~seed, weights.const_data_ptr<double>());
    term.target = target_of(term);
  }
  placed_.clear();
}

/// A random choice without replacement where the chance of a point is |r|^sharpness / mean + 1 (RAD: Wu, Zhu, Tan,
/// Kartha & Lu, Comput. Methods Appl. Mech. Eng. 403 (2023) 115671); by exponential keys (Efraimidis & Spirakis, Inf.
/// Process. Lett. 97 (2006) 181).
Samples Objective::adaptive(const LossTerm& term, const Samples& pool, std::int64_t n, double sharpness,
                            std::uint64_t seed, const double* weights) const {
  const std::size_t count = std::size_t(pool.n), equations = term.mean_square.size();
  std::vector<double> rows(equations * count), chance(count);
  evaluate(term.id, network_of(problem_, weights), points_of(problem_, pool), rows.data());
  for (std::size_t i = 0; i < count; ++i) {
    double square = 0;
    for (std::size_t e = 0; e < equations; ++e) square += rows[e * count + i] * rows[e * count + i];
    chance[i] = std::pow(square, sharpness / 2);
  }
  const double mean = std::accumulate(chance.begin(), chance.end(), 0.0) / double(count);
  const std::vector<double> unit = uniform_points(1, pool.n, seed);
  std::vector<double> key(count);
  for (std::size_t i = 0; i < count; ++i)
    key[i] = -std::log1p(-unit[i]) / (mean > 0 && std::isfinite(mean) ? chance[i] / mean + 1 : 1);
  std::vector<std::int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::nth_element(order.begin(), order.begin() + n, order.end(), [&](std::int64_t a, std::int64_t b) {
    return key[std::size_t(a)] != key[std::size_t(b)] ? key[std::size_t(a)] < key[std::size_t(b)] : a < b;
  });
  order.resize(std::size_t(n));
  std::sort(order.begin(), order.end());
  return part(pool, order);
}

std::vector<at::Tensor> Objective::points() const {
  std::vector<at::Tensor> all;
  for (const LossTerm& term : terms_) {
    const auto options = at::TensorOptions(at::kDouble);
    all.push_back(ops::rows_tensor(term.samples.coords, term.samples.n, options));
    all.push_back(ops::rows_tensor(term.samples.design, term.samples.n, options));
  }
  return all;
}

void Objective::set_points(const std::vector<at::Tensor>& points) {
  if (points.size() != 2 * terms_.size())
    throw Error(fmt::format("training: points of {} terms: expected {}", points.size() / 2, terms_.size()));
  const auto values = [](const at::Tensor& rows) {
    return std::vector<double>(rows.const_data_ptr<double>(), rows.const_data_ptr<double>() + rows.numel());
  };
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    terms_[t].samples = {points[2 * t].size(1), values(points[2 * t]), values(points[2 * t + 1])};
    terms_[t].target = target_of(terms_[t]);
  }
  placed_.clear();
}

/// Keeps the mean squares of a term, of which `squares` are the sums over its points; returns its share of the loss.
double Objective::account(LossTerm& term, const double* squares) {
  double sum = 0;
  for (std::size_t e = 0; e < term.mean_square.size(); ++e) {
    term.mean_square[e] = squares[e] / double(term.samples.n);
    sum += term.mean_square[e];
  }
  points_evaluated_ += term.samples.n;
  return term.settings.weight * sum;
}

void Objective::require_finite(const LossTerm& term, double value) const {
  if (!std::isfinite(value))
    throw Error(
        fmt::format("training: the loss of term '{}' is {}: expected a finite number; a lower learning rate or a "
                    "narrower envelope may help",
                    term.name, value));
}

double Objective::loss(const double* weights) {
  double sum = 0;
  for (LossTerm& term : terms_) {
    std::vector<double> squares(term.mean_square.size());
    fused<double>(term.id, network_of(problem_, weights), points_of(problem_, term.samples), weights_of(term),
                  {squares.data(), nullptr, nullptr});
    sum += account(term, squares.data());
  }
  return sum;
}

double Objective::differentiate(at::Tensor& weights, bool trial) {
  if (!fixed_.center.defined()) set_precision(where_.dtype().toScalarType());
  if (placed_.empty())
    for (const LossTerm& term : terms_)
      placed_.push_back({ops::rows_tensor(term.samples.coords, term.samples.n, where_),
                         ops::rows_tensor(term.samples.design, term.samples.n, where_),
                         at::full({std::int64_t(term.mean_square.size())}, term.settings.weight, where_),
                         ops::rows_tensor(term.target, term.target.empty() ? 0 : term.samples.n, where_)});
  weights.mutable_grad().zero_();
  double sum = 0;
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    LossTerm& term = terms_[t];
    const Placed& at = placed_[t];
    auto [total, per_equation] =
        ops::fused_loss(weights, problem_, fixed_, at.coords, at.design, is_seam(term) ? "answer" : term.name,
                        at.equation_weight, at.target);
    total.backward();
    std::copy_n(per_equation.const_data_ptr<double>(), term.mean_square.size(), term.mean_square.begin());
    const double value = total.item<double>();
    if (!trial) require_finite(term, value);
    points_evaluated_ += term.samples.n;
    sum += value;
  }
  return sum;
}

double Objective::linearise(const double* weights, NormalEquations& sums) {
  sums.clear();
  double before = 0;
  for (LossTerm& term : terms_) {
    const std::vector<double> scale(term.mean_square.size(), term.settings.weight / double(term.samples.n));
    sums.add(term.id, network_of(problem_, weights), points_of(problem_, term.samples), weights_of(term, scale.data()));
    require_finite(term, sums.loss() - before);
    before = sums.loss();
    points_evaluated_ += term.samples.n;
  }
  return sums.loss();
}

std::int64_t Objective::rows() const {
  std::int64_t count = 0;
  for (const LossTerm& term : terms_) count += std::int64_t(term.mean_square.size()) * term.samples.n;
  return count;
}

/// What a residual row is multiplied with, so that the sum of squares is the loss.
double Objective::row_scale(const LossTerm& term) const {
  return std::sqrt(term.settings.weight / double(term.samples.n));
}

at::Tensor Objective::residuals(const double* weights) {
  at::Tensor all = at::empty({rows()}, at::kDouble);
  std::int64_t first = 0;
  for (LossTerm& term : terms_) {
    const auto equations = std::int64_t(term.mean_square.size());
    at::Tensor own = all.narrow(0, first, equations * term.samples.n);
    evaluate(term.id, network_of(problem_, weights), points_of(problem_, term.samples), own.data_ptr<double>());
    if (!term.target.empty()) own -= flat(term.target);
    const at::Tensor squares = own.reshape({equations, -1}).square().sum(1);
    account(term, squares.const_data_ptr<double>());
    own *= row_scale(term);
    first += own.numel();
  }
  return all;
}

at::Tensor Objective::jacobian_product(const double* weights, const at::Tensor& direction) {
  at::Tensor all = at::empty({rows()}, at::kDouble);
  std::int64_t first = 0;
  for (const LossTerm& term : terms_) {
    at::Tensor own = all.narrow(0, first, std::int64_t(term.mean_square.size()) * term.samples.n);
    residua::jacobian_product(term.id, network_of(problem_, weights), points_of(problem_, term.samples), direction.const_data_ptr<double>(),
                              own.data_ptr<double>());
    own *= row_scale(term);
    first += own.numel();
    points_evaluated_ += term.samples.n;
  }
  return all;
}

at::Tensor Objective::transposed_product(const double* weights, const at::Tensor& rows) {
  at::Tensor sum = at::zeros({parameters()}, at::kDouble), own = at::empty_like(sum);
  std::int64_t first = 0;
  for (const LossTerm& term : terms_) {
    const std::int64_t count = std::int64_t(term.mean_square.size()) * term.samples.n;
    const at::Tensor scaled = rows.narrow(0, first, count) * row_scale(term);
    jacobian_transposed_product(term.id, network_of(problem_, weights), points_of(problem_, term.samples), scaled.const_data_ptr<double>(),
                                own.data_ptr<double>());
    sum += own;
    first += count;
    points_evaluated_ += term.samples.n;
  }
  return sum;
}

double Objective::for_rows(const double* weights, std::int64_t block, const std::function<void(at::Tensor rows)>& use) {
  double sum = 0;
  for (LossTerm& term : terms_) {
    const auto equations = std::int64_t(term.mean_square.size());
    const std::int64_t most = std::max<std::int64_t>(1, block / equations);
    std::vector<double> squares(term.mean_square.size());
    for (std::int64_t first = 0; first < term.samples.n; first += most) {
      std::vector<std::int64_t> chosen(std::size_t(std::min(most, term.samples.n - first)));
      std::iota(chosen.begin(), chosen.end(), first);
      const Samples some = part(term.samples, chosen);
      at::Tensor rows = at::empty({equations * some.n, parameters()}, at::kDouble);
      at::Tensor residual = at::empty({equations, some.n}, at::kDouble);
      jacobian(term.id, network_of(problem_, weights), points_of(problem_, some), rows.data_ptr<double>(), residual.data_ptr<double>());
      if (!term.target.empty())
        residual -= flat(term.target).view({equations, -1}).narrow(1, first, some.n);
      const at::Tensor per_equation = residual.square().sum(1);
      for (std::int64_t e = 0; e < equations; ++e) squares[std::size_t(e)] += per_equation.const_data_ptr<double>()[e];
      use(at::cat({rows, residual.reshape({-1, 1})}, 1) * row_scale(term));
    }
    const double value = account(term, squares.data());
    require_finite(term, value);
    sum += value;
  }
  return sum;
}

}  // namespace residua
