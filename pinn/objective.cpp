#include "pinn/objective.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "kernels/core/error.hpp"
#include "pinn/sampling/above_mean.hpp"
#include "pinn/sampling/cases.hpp"
#include "pinn/sampling/residual_adaptive.hpp"
#include "pinn/sharded.hpp"

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

/// Rows [rows][n] of both, side by side.
std::vector<double> side_by_side(const std::vector<double>& a, std::int64_t na, const std::vector<double>& b,
                                 std::int64_t nb) {
  std::vector<double> rows;
  rows.reserve(a.size() + b.size());
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size(); i += std::size_t(na), j += std::size_t(nb)) {
    rows.insert(rows.end(), a.begin() + std::ptrdiff_t(i), a.begin() + std::ptrdiff_t(i) + na);
    rows.insert(rows.end(), b.begin() + std::ptrdiff_t(j), b.begin() + std::ptrdiff_t(j) + nb);
  }
  return rows;
}
Samples joined(const Samples& a, const Samples& b) {
  return {a.n + b.n, side_by_side(a.coords, a.n, b.coords, b.n), side_by_side(a.design, a.n, b.design, b.n)};
}

/// Values as a tensor that looks at them.
at::Tensor flat(const std::vector<double>& values) {
  return at::from_blob(const_cast<double*>(values.data()), {std::int64_t(values.size())}, at::kDouble);
}

/// Quasi-random points of the unit cube, rows [dims][n].
std::vector<double> sobol_points(int dims, std::int64_t n, std::uint64_t seed) {
  std::vector<double> unit(std::size_t(dims) * std::size_t(n));
  if (dims > 0) Sobol(std::size_t(dims), seed).fill(unit.data(), std::size_t(n));
  return unit;
}

const double* data_or_null(const std::vector<double>& v) { return v.empty() ? nullptr : v.data(); }

}  // namespace

std::int64_t point_count(const LossTerm& term, const Stage& stage) {
  return std::max<std::int64_t>(1, std::llround(term.settings.points * stage.more_points));
}

Objective::Objective(const RunFile& run, const Problem& problem, bool cuda, std::optional<Seam> seam,
                     Processes* processes)
    : problem_(&problem),
      processes_(processes),
      seed_(run.seed),
      sampling_(run.sampling),
      cases_(run.branch ? run.branch->cases : 0),
      seam_(std::move(seam)) {
  where_ = at::TensorOptions(at::kDouble).device(cuda ? at::kCUDA : at::kCPU);
  ansatz_ = ansatz_of(problem);
  const auto add = [&](const std::string& name, std::size_t index, std::string_view kernel, TermSettings settings,
                       std::size_t equations) {
    LossTerm term;
    term.name = name;
    term.index = int(index);
    term.id = find_term(problem.physics().name, kernel);
    term.settings = settings;
    term.mean_square.resize(equations);
    terms_.push_back(std::move(term));
  };
  for (std::size_t t = 0; t < problem.physics().terms.size(); ++t) {
    const TermInfo& info = problem.physics().terms[t];
    const auto found = run.terms.find(std::string(info.name));
    const TermSettings settings = found == run.terms.end() ? TermSettings{} : found->second;
    if (settings.weight > 0) add(std::string(info.name), t, info.name, settings, std::size_t(info.equations));
  }
  if (seam_) add("seam", problem.physics().terms.size(), "answer", run.march.seam, problem.physics().outputs.size());
}

std::vector<double> Objective::target_of(const LossTerm& term) const {
  if (!is_seam(term)) return {};
  std::vector<double> answer(term.mean_square.size() * std::size_t(term.samples.n));
  make_ansatz(*seam_->before)->evaluate(term.id, term.samples, seam_->weights.data(), answer.data());
  return answer;
}

std::unique_ptr<const Ansatz> Objective::ansatz_of(const Problem& problem) const {
  auto whole = make_ansatz(problem, where_.device().is_cuda());
  if (!processes_) return whole;
  return std::make_unique<Sharded>(std::move(whole), problem, *processes_);
}

Share Objective::own(const LossTerm& term) const {
  return processes_ ? share_of(term.samples.n, processes_->rank(), processes_->size()) : Share{0, term.samples.n};
}

void Objective::set_precision(at::ScalarType precision) {
  where_ = where_.dtype(precision);
  set_problem(*problem_);
}

void Objective::set_problem(const Problem& problem) {
  problem_ = &problem;
  ansatz_ = ansatz_of(problem);
  fixed_ = ops::tensors_of(problem, where_);
  placed_.clear();
}

std::uint64_t Objective::point_seed(std::int64_t batch, int term) const {
  return seed_ * 0x9E3779B97F4A7C15u + std::uint64_t(batch) * 64 + std::uint64_t(term);
}

void Objective::draw(std::int64_t batch, const Stage& stage, const at::Tensor& weights, bool retained) {
  const double* w = weights.const_data_ptr<double>();
  for (LossTerm& term : terms_) {
    const std::int64_t n = point_count(term, stage);
    const std::uint64_t seed = point_seed(batch, term.index);
    if (retained && problem_->sample_dims(term.index) > 0 && !is_seam(term)) {
      const Samples kept = part(term.samples, above_mean(squares(term, w)));
      term.samples = joined(kept, fresh(term, n - kept.n, seed, stage, w));
    } else {
      term.samples = fresh(term, n, seed, stage, w);
    }
    term.target = target_of(term);
  }
  set_point_weights({});
}

Samples Objective::fresh(const LossTerm& term, std::int64_t n, std::uint64_t seed, const Stage& stage,
                         const double* weights) const {
  constexpr std::int64_t kPool = 5;  // candidates per adaptive point
  const int dims = problem_->sample_dims(term.index);
  const bool choose = stage.adaptive > 0 && dims > 0 && !is_seam(term);
  const std::int64_t drawn = choose ? kPool * n : n;
  std::vector<double> unit =
      sampling_ == Sampling::uniform ? uniform_points(dims, drawn, seed) : sobol_points(dims, drawn, seed);
  if (cases_ > 0) share_cases(unit, drawn, dims - int(problem_->design().size()), cases_);
  const Samples samples = problem_->sample(term.index, unit, drawn);
  if (!choose) return samples;
  return part(samples, choose_adaptively(squares(term, samples, weights), n, stage.adaptive, ~seed));
}

void Objective::set_factors(const std::vector<double>& factors) {
  for (std::size_t t = 0; t < terms_.size(); ++t) terms_[t].factor = factors[t];
  placed_.clear();
}

void Objective::set_point_weights(std::vector<std::vector<double>> weights) {
  weights.resize(terms_.size());
  for (std::size_t t = 0; t < terms_.size(); ++t) terms_[t].point_weight = std::move(weights[t]);
  placed_.clear();
}

double Objective::unbalanced() const {
  double sum = 0;
  for (const LossTerm& term : terms_)
    for (const double mean : term.mean_square) sum += term.settings.weight * mean;
  return sum;
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
  set_point_weights({});
}

/// Keeps the mean squares of a term, of which `squares` are the sums over its points; returns its share of the loss.
double Objective::account(LossTerm& term, const double* squares) {
  double sum = 0;
  for (std::size_t e = 0; e < term.mean_square.size(); ++e) {
    term.mean_square[e] = squares[e] / double(term.samples.n);
    sum += term.mean_square[e];
  }
  points_evaluated_ += term.samples.n;
  return term.weight() * sum;
}

double Objective::account_elsewhere(const std::vector<std::vector<double>>& sums, std::int64_t evaluations,
                                    const double* weights) {
  double sum = 0;
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    const double value = account(terms_[t], sums[t].data());
    points_evaluated_ += (evaluations - 1) * terms_[t].samples.n;
    require_finite(terms_[t], value, weights);
    sum += value;
  }
  return sum;
}

/// The first point of a term at which its residuals are not finite, or else the one where they are largest: in float32
/// a loss may overflow that float64 still holds.
std::string Objective::first_bad_point(const LossTerm& term, const double* weights) const {
  const std::vector<double> size = squares(term, weights);
  auto worst = std::ranges::find_if(size, [](double s) { return !std::isfinite(s); });
  if (worst == size.end()) worst = std::ranges::max_element(size);
  const auto i = std::size_t(worst - size.begin()), n = std::size_t(term.samples.n);
  const PhysicsInfo& physics = problem_->physics();
  std::vector<std::string> at;
  for (std::size_t c = 0; c < physics.coords.size(); ++c)
    at.push_back(
        fmt::format("{}={:.6g}", physics.coords[c].name, term.samples.coords[c * n + i] * physics.coords[c].scale));
  for (std::size_t d = 0; d < problem_->design().size(); ++d) {
    const Quantity& param = physics.params[std::size_t(problem_->design()[d])];
    at.push_back(fmt::format("{}={:.6g}", param.name, term.samples.design[d * n + i] * param.scale));
  }
  return fmt::format("{}", fmt::join(at, " "));
}

void Objective::require_finite(const LossTerm& term, double value, const double* weights) const {
  if (!std::isfinite(value))
    throw Error(
        fmt::format("training: the loss of term '{}' is {} at {}: expected a finite number; a lower learning rate or a "
                    "narrower envelope may help",
                    term.name, value, first_bad_point(term, weights)));
}

double Objective::loss(const double* weights) {
  double sum = 0;
  for (LossTerm& term : terms_) {
    std::vector<double> squares(term.mean_square.size());
    ansatz_->differentiate(term.id, term.samples, weights,
                           {nullptr, data_or_null(term.point_weight), data_or_null(term.target)}, squares.data(),
                           nullptr);
    sum += account(term, squares.data());
  }
  return sum;
}

Objective::Placed Objective::place(const LossTerm& term) const {
  const std::int64_t n = term.samples.n;
  const Share share = own(term);
  const auto rows = [&](const std::vector<double>& all) {
    return ops::rows_tensor(all, n, where_).narrow(1, share.first, share.count).contiguous();
  };
  Placed placed{
      rows(term.samples.coords),
      rows(term.samples.design),
      // The operator takes means over its own points.
      at::full({std::int64_t(term.mean_square.size())}, term.weight() * (double(share.count) / double(n)), where_),
      {},
      {}};
  if (!term.target.empty()) placed.target = rows(term.target);
  if (!term.point_weight.empty()) placed.point_weight = rows(term.point_weight).squeeze(0);
  return placed;
}

double Objective::differentiate(at::Tensor& weights, bool trial) {
  if (problem_->shape().branch) return differentiate_in_float64(weights, trial);
  if (!fixed_.center.defined()) set_precision(where_.dtype().toScalarType());
  if (placed_.empty())
    for (const LossTerm& term : terms_) placed_.push_back(place(term));
  weights.mutable_grad().zero_();
  std::vector<double> values;  // of each term: its share of the loss, then its mean squares
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    const LossTerm& term = terms_[t];
    const Placed& at = placed_[t];
    const Share share = own(term);
    if (share.count == 0) {
      values.insert(values.end(), 1 + term.mean_square.size(), 0.0);
      continue;
    }
    auto [total, per_equation] =
        ops::fused_loss(weights, *problem_, fixed_, at.coords, at.design, is_seam(term) ? "answer" : term.name,
                        at.equation_weight, at.point_weight, at.target);
    total.backward();
    values.push_back(total.item<double>());
    for (std::size_t e = 0; e < term.mean_square.size(); ++e)
      values.push_back(per_equation.const_data_ptr<double>()[e] * (double(share.count) / double(term.samples.n)));
  }
  if (processes_) sum_over_processes(weights.mutable_grad(), values);
  double sum = 0;
  const double* value = values.data();
  for (LossTerm& term : terms_) {
    std::copy_n(value + 1, term.mean_square.size(), term.mean_square.begin());
    if (!trial) require_finite(term, *value, weights.const_data_ptr<double>());
    points_evaluated_ += term.samples.n;
    sum += *value;
    value += 1 + term.mean_square.size();
  }
  return sum;
}

/// A gradient and further values, in one exchange.
void Objective::sum_over_processes(at::Tensor& gradient, std::vector<double>& values) const {
  const double* g = gradient.const_data_ptr<double>();
  std::vector<double> all(g, g + gradient.numel());
  all.insert(all.end(), values.begin(), values.end());
  processes_->sum(all);
  std::copy_n(all.begin(), gradient.numel(), gradient.data_ptr<double>());
  std::copy(all.begin() + gradient.numel(), all.end(), values.begin());
}

/// Of networks that the operators do not know.
double Objective::differentiate_in_float64(at::Tensor& weights, bool trial) {
  at::Tensor own = at::empty({parameters()}, at::kDouble);
  weights.mutable_grad().zero_();
  double sum = 0;
  for (LossTerm& term : terms_) {
    const std::vector<double> scale(term.mean_square.size(), term.weight() / double(term.samples.n));
    std::vector<double> squares(term.mean_square.size());
    ansatz_->differentiate(term.id, term.samples, weights.const_data_ptr<double>(),
                           {scale.data(), data_or_null(term.point_weight), data_or_null(term.target)}, squares.data(),
                           own.data_ptr<double>());
    weights.mutable_grad() += own;
    const double value = account(term, squares.data());
    if (!trial) require_finite(term, value, weights.const_data_ptr<double>());
    sum += value;
  }
  return sum;
}

/// Adds the normal equations of all terms by add(term, weights of its rows), and returns their shares in the loss, of
/// which loss() reads the sum so far.
template <class Add, class Loss>
std::vector<double> Objective::add_terms(Add&& add, Loss&& loss) {
  double before = 0;
  std::vector<double> shares;
  for (LossTerm& term : terms_) {
    const std::vector<double> scale(term.mean_square.size(), term.weight() / double(term.samples.n));
    add(term, FusedWeights<double>{scale.data(), data_or_null(term.point_weight), data_or_null(term.target)});
    const double now = loss();
    shares.push_back(now - before);
    before = now;
    points_evaluated_ += term.samples.n;
  }
  return shares;
}

double Objective::linearise(const double* weights, NormalEquations& sums) {
  sums.clear();
  std::vector<double> shares =
      add_terms([&](const LossTerm& term,
                    const FusedWeights<double>& by) { ansatz_->add_to(sums, term.id, term.samples, weights, by); },
                [&] { return sums.loss(); });
  if (processes_) {
    processes_->sum(shares);
    sums.exchange([&](double* values, std::size_t count) { processes_->sum({values, count}); });
  }
  for (std::size_t t = 0; t < terms_.size(); ++t) require_finite(terms_[t], shares[t], weights);
  return sums.loss();
}

at::Tensor Objective::linearise(const double* weights) {
  const std::int64_t n = parameters();
  if (at::Tensor sums = ansatz_->no_sums(); sums.defined()) {
    const std::vector<double> shares = add_terms(
        [&](const LossTerm& term, const FusedWeights<double>& by) {
          ansatz_->add_on_device(sums, term.id, term.samples, weights, by);
        },
        [&] { return sums[n][n].item<double>(); });
    for (std::size_t t = 0; t < terms_.size(); ++t) require_finite(terms_[t], shares[t], weights);
    return sums;
  }
  NormalEquations own(n);
  linearise(weights, own);
  at::Tensor sums = at::zeros({n + 1, n + 1}, at::kDouble);
  for (std::int64_t k = 0; k <= n; ++k)
    std::copy_n(own.matrix() + k * own.stride() + k, n + 1 - k, sums.data_ptr<double>() + k * (n + 1) + k);
  return sums.to(device());
}

std::int64_t Objective::rows() const {
  std::int64_t count = 0;
  for (const LossTerm& term : terms_) count += std::int64_t(term.mean_square.size()) * term.samples.n;
  return count;
}

/// What the residual rows of each point are multiplied with, so that the sum of squares is the loss.
at::Tensor Objective::row_scale(const LossTerm& term) const {
  const double scale = std::sqrt(term.weight() / double(term.samples.n));
  if (term.point_weight.empty()) return at::full({term.samples.n}, scale, at::kDouble);
  return at::tensor(term.point_weight, at::kDouble).sqrt() * scale;
}

/// Rows of a term, [equations * points], so multiplied.
at::Tensor Objective::scaled(const LossTerm& term, const at::Tensor& rows) const {
  return (rows.view({-1, term.samples.n}) * row_scale(term)).flatten();
}

at::Tensor Objective::residuals(const double* weights) {
  at::Tensor all = at::empty({rows()}, at::kDouble);
  std::int64_t first = 0;
  for (LossTerm& term : terms_) {
    const auto equations = std::int64_t(term.mean_square.size());
    at::Tensor own = all.narrow(0, first, equations * term.samples.n);
    ansatz_->evaluate(term.id, term.samples, weights, own.data_ptr<double>());
    if (!term.target.empty()) own -= flat(term.target);
    own.copy_(scaled(term, own));
    const at::Tensor squares = own.reshape({equations, -1}).square().sum(1) * (double(term.samples.n) / term.weight());
    account(term, squares.const_data_ptr<double>());
    first += own.numel();
  }
  return all;
}

at::Tensor Objective::jacobian_product(const double* weights, const at::Tensor& direction) {
  at::Tensor all = at::empty({rows()}, at::kDouble);
  std::int64_t first = 0;
  for (const LossTerm& term : terms_) {
    at::Tensor own = all.narrow(0, first, std::int64_t(term.mean_square.size()) * term.samples.n);
    ansatz_->jacobian_product(term.id, term.samples, weights, direction.const_data_ptr<double>(),
                              own.data_ptr<double>());
    own.copy_(scaled(term, own));
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
    const at::Tensor weighted = scaled(term, rows.narrow(0, first, count));
    ansatz_->transposed_product(term.id, term.samples, weights, weighted.const_data_ptr<double>(),
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
    at::Tensor squares = at::zeros({std::int64_t(term.mean_square.size())}, at::kDouble);
    const at::Tensor scale = row_scale(term);
    for_rows(term, weights, block, [&](std::int64_t first, const at::Tensor& residuals, const at::Tensor& jacobian) {
      const at::Tensor own = scale.narrow(0, first, residuals.size(1)), scaled = residuals * own;
      squares += scaled.square().sum(1);
      use(at::cat({jacobian.view({residuals.size(0), residuals.size(1), -1}) * own.unsqueeze(1), scaled.unsqueeze(2)},
                  2)
              .view({residuals.numel(), -1}));
    });
    squares *= double(term.samples.n) / term.weight();
    const double value = account(term, squares.const_data_ptr<double>());
    require_finite(term, value, weights);
    sum += value;
  }
  return sum;
}

void Objective::for_rows(const LossTerm& term, const double* weights, std::int64_t block,
                         const std::function<void(std::int64_t, at::Tensor, at::Tensor)>& use) const {
  const auto equations = std::int64_t(term.mean_square.size());
  const std::int64_t most = std::max<std::int64_t>(1, block / equations);
  for (std::int64_t first = 0; first < term.samples.n; first += most) {
    const Samples some = part(term.samples, Share{first, std::min(most, term.samples.n - first)});
    at::Tensor rows = at::empty({equations * some.n, parameters()}, at::kDouble);
    at::Tensor residuals = at::empty({equations, some.n}, at::kDouble);
    ansatz_->jacobian(term.id, some, weights, rows.data_ptr<double>(), residuals.data_ptr<double>());
    if (!term.target.empty()) residuals -= flat(term.target).view({equations, -1}).narrow(1, first, some.n);
    use(first, residuals, rows);
  }
}

std::vector<double> Objective::squares(const LossTerm& term, const double* weights) const {
  return squares(term, term.samples, weights, data_or_null(term.target));
}

std::vector<double> Objective::squares(const LossTerm& term, const Samples& samples, const double* weights,
                                       const double* target) const {
  const std::size_t n = std::size_t(samples.n);
  std::vector<double> rows(term.mean_square.size() * n), sums(n);
  ansatz_->evaluate(term.id, samples, weights, rows.data());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double r = target ? rows[i] - target[i] : rows[i];
    sums[i % n] += r * r;
  }
  return sums;
}

at::Tensor Objective::gradient(const LossTerm& term, const double* weights) const {
  const std::vector<double> scale(term.mean_square.size(), 1 / double(term.samples.n));
  std::vector<double> squares(term.mean_square.size());
  at::Tensor gradient = at::empty({parameters()}, at::kDouble);
  ansatz_->differentiate(term.id, term.samples, weights, {scale.data(), nullptr, data_or_null(term.target)},
                         squares.data(), gradient.data_ptr<double>());
  return gradient;
}

}  // namespace residua
