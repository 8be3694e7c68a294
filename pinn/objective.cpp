#include "pinn/objective.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/core/error.hpp"
#include "pinn/sampling/sampler.hpp"
#include "pinn/sharded.hpp"

namespace residua {
namespace {

/// Values as a tensor that looks at them.
at::Tensor flat(const std::vector<double>& values) {
  return at::from_blob(const_cast<double*>(values.data()), {std::int64_t(values.size())}, at::kDouble);
}

const double* data_or_null(const std::vector<double>& v) { return v.empty() ? nullptr : v.data(); }

}  // namespace

Objective::Objective(const RunFile& run, const Problem& problem, bool cuda, std::optional<Seam> seam,
                     Processes* processes)
    : problem_(&problem),
      processes_(processes),
      seed_(run.seed),
      sampling_(run.sampling),
      cases_(run.branch ? run.branch->cases : 0),
      seam_(std::move(seam)),
      terms_(loss_terms_of(run, problem, seam_.has_value())) {
  where_ = at::TensorOptions(at::kDouble).device(cuda ? at::kCUDA : at::kCPU);
  ansatz_ = ansatz_of(problem);
}

std::vector<double> Objective::target_of(const LossTerm& term) const {
  if (!is_seam(term)) return {};
  std::vector<double> answer(std::size_t(term.rows()));
  make_ansatz(*seam_->before)->evaluate(term.id, term.samples, seam_->weights.data(), answer.data());
  return answer;
}

std::unique_ptr<const Ansatz> Objective::ansatz_of(const Problem& problem) const {
  auto whole = make_ansatz(problem, where_.device().is_cuda());
  if (!processes_) return whole;
  return std::make_unique<Sharded>(std::move(whole), problem, *processes_);
}

Share Objective::own(std::int64_t n) const {
  return processes_ ? share_of(n, processes_->rank(), processes_->size()) : Share{0, n};
}

void Objective::sum_over_processes(std::span<double> values) const {
  if (processes_) processes_->sum(values);
}

void Objective::sum_over_processes(at::Tensor& values) const {
  sum_over_processes({values.data_ptr<double>(), std::size_t(values.numel())});
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
    const auto sampler = make_sampler(*problem_, term.index, {sampling_, cases_, stage.adaptive, retained});
    term.samples = sampler->draw(point_count(term, stage), point_seed(batch, term.index), term.samples,
                                 [&](const Samples& samples) { return squares(term, samples, w); });
    term.target = target_of(term);
  }
  set_point_weights({});
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
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    terms_[t].samples = ops::samples_of(points[2 * t], points[2 * t + 1]);
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

/// The same for all terms, whose sums stand one after another, of which none may be other than finite but on `trial`.
double Objective::account(const std::vector<double>& squares, const double* weights, bool trial) {
  double sum = 0;
  const double* of_term = squares.data();
  for (LossTerm& term : terms_) {
    const double value = account(term, of_term);
    if (!trial) require_finite(term, value, weights);
    sum += value;
    of_term += term.equations();
  }
  return sum;
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
std::int64_t Objective::first_bad_point(const LossTerm& term, const double* weights) const {
  const std::vector<double> size = squares(term, weights);
  auto worst = std::ranges::find_if(size, [](double s) { return !std::isfinite(s); });
  if (worst == size.end()) worst = std::ranges::max_element(size);
  return worst - size.begin();
}

void Objective::require_finite(const LossTerm& term, double value, const double* weights) const {
  if (!std::isfinite(value))
    throw Error(
        fmt::format("training: the loss of term '{}' is {} at {}: expected a finite number; a lower learning rate or a "
                    "narrower envelope may help",
                    term.name, value, problem_->place_of(term.samples, first_bad_point(term, weights))));
}

double Objective::loss(const double* weights) {
  std::vector<double> all;
  for (const LossTerm& term : terms_) {
    std::vector<double> squares(term.mean_square.size());
    ansatz_->differentiate(term.id, term.samples, weights,
                           {nullptr, data_or_null(term.point_weight), data_or_null(term.target)}, squares.data(),
                           nullptr);
    all.insert(all.end(), squares.begin(), squares.end());
  }
  sum_over_processes(all);
  return account(all, weights, true);
}

Objective::Placed Objective::place(const LossTerm& term) const {
  const std::int64_t n = term.samples.n;
  const Share share = own(n);
  const auto rows = [&](const std::vector<double>& all) {
    return ops::rows_tensor(all, n, where_).narrow(1, share.first, share.count).contiguous();
  };
  Placed placed{rows(term.samples.coords),
                rows(term.samples.design),
                // The operator takes means over its own points.
                at::full({term.equations()}, term.weight() * (double(share.count) / double(n)), where_),
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
    const Share share = own(term.samples.n);
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
  sum_over_processes(weights.mutable_grad(), values);
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
  if (!processes_) return;
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
  std::vector<double> all;
  for (const LossTerm& term : terms_) {
    const std::vector<double> scale(term.mean_square.size(), term.weight() / double(term.samples.n));
    std::vector<double> squares(term.mean_square.size());
    ansatz_->differentiate(term.id, term.samples, weights.const_data_ptr<double>(),
                           {scale.data(), data_or_null(term.point_weight), data_or_null(term.target)}, squares.data(),
                           own.data_ptr<double>());
    weights.mutable_grad() += own;
    all.insert(all.end(), squares.begin(), squares.end());
  }
  sum_over_processes(weights.mutable_grad(), all);
  return account(all, weights.const_data_ptr<double>(), trial);
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
  for (const LossTerm& term : terms_) count += term.equations() * own(term.samples.n).count;
  return count;
}

double Objective::square(const at::Tensor& rows) const {
  double sum = rows.square().sum().item<double>();
  sum_over_processes({&sum, 1});
  return sum;
}

/// What the residual rows of some points are multiplied with, so that the sum of squares is the loss.
at::Tensor Objective::row_scale(const LossTerm& term, const Share& points) const {
  const double scale = std::sqrt(term.weight() / double(term.samples.n));
  if (term.point_weight.empty()) return at::full({points.count}, scale, at::kDouble);
  return flat(term.point_weight).narrow(0, points.first, points.count).sqrt() * scale;
}

/// Rows of a term, [equations * own points], so multiplied.
at::Tensor Objective::scaled(const LossTerm& term, const at::Tensor& rows) const {
  const Share share = own(term.samples.n);
  return (rows.view({term.equations(), share.count}) * row_scale(term, share)).flatten();
}

/// use(term, its rows) for the terms one after another.
template <class Use>
void Objective::for_terms(const at::Tensor& rows, Use&& use) {
  std::int64_t first = 0;
  for (const LossTerm& term : terms_) {
    const std::int64_t count = term.equations() * own(term.samples.n).count;
    use(term, rows.narrow(0, first, count));
    first += count;
    points_evaluated_ += term.samples.n;
  }
}

at::Tensor Objective::residuals(const double* weights) {
  at::Tensor all = at::empty({rows()}, at::kDouble);
  for_terms(all, [&](const LossTerm& term, at::Tensor rows) {
    ansatz_->evaluate(term.id, term.samples, weights, rows.data_ptr<double>());
    if (!term.target.empty())
      rows -= flat(columns(term.target.data(), term.equations(), term.samples.n, own(term.samples.n)));
    rows.copy_(scaled(term, rows));
  });
  return all;
}

at::Tensor Objective::jacobian_product(const double* weights, const at::Tensor& direction) {
  at::Tensor all = at::empty({rows()}, at::kDouble);
  for_terms(all, [&](const LossTerm& term, at::Tensor rows) {
    ansatz_->jacobian_product(term.id, term.samples, weights, direction.const_data_ptr<double>(),
                              rows.data_ptr<double>());
    rows.copy_(scaled(term, rows));
  });
  return all;
}

at::Tensor Objective::transposed_product(const double* weights, const at::Tensor& rows) {
  at::Tensor sum = at::zeros({parameters()}, at::kDouble), own = at::empty_like(sum);
  for_terms(rows, [&](const LossTerm& term, const at::Tensor& of_term) {
    const at::Tensor weighted = scaled(term, of_term);
    ansatz_->transposed_product(term.id, term.samples, weights, weighted.const_data_ptr<double>(),
                                own.data_ptr<double>());
    sum += own;
  });
  sum_over_processes(sum);
  return sum;
}

/// use(block) for blocks of points that have at most `block` rows in this process. All processes have the same number
/// of blocks, of which the last may be empty in some.
template <class Use>
void Objective::for_blocks(const LossTerm& term, const double* weights, std::int64_t block, Use&& use) const {
  const std::int64_t equations = term.equations(), n = term.samples.n;
  const std::int64_t most = std::max<std::int64_t>(1, block / equations) * (processes_ ? processes_->size() : 1);
  for (std::int64_t first = 0; first < n; first += most) {
    const Samples some = part(term.samples, Share{first, std::min(most, n - first)});
    const Share share = own(some.n);
    Block rows{{first, some.n},
               {first + share.first, share.count},
               at::empty({equations, share.count}, at::kDouble),
               at::empty({equations, share.count, parameters()}, at::kDouble)};
    ansatz_->jacobian(term.id, some, weights, rows.jacobian.data_ptr<double>(), rows.residuals.data_ptr<double>());
    if (!term.target.empty())
      rows.residuals -= flat(term.target).view({equations, n}).narrow(1, rows.own.first, rows.own.count);
    use(rows);
  }
}

/// use(term, block, rows [count][parameters + 1]) for the blocks of all terms; returns the loss.
template <class Use>
double Objective::for_scaled_rows(const double* weights, std::int64_t block, Use&& use) {
  double sum = 0;
  for (LossTerm& term : terms_) {
    at::Tensor squares = at::zeros({term.equations()}, at::kDouble);
    for_blocks(term, weights, block, [&](const Block& some) {
      const at::Tensor scale = row_scale(term, some.own), scaled = some.residuals * scale;
      squares += scaled.square().sum(1);
      use(term, some,
          at::cat({some.jacobian * scale.unsqueeze(1), scaled.unsqueeze(2)}, 2)
              .view({scaled.numel(), parameters() + 1}));
    });
    sum_over_processes(squares);
    squares *= double(term.samples.n) / term.weight();
    const double value = account(term, squares.const_data_ptr<double>());
    require_finite(term, value, weights);
    sum += value;
  }
  return sum;
}

double Objective::for_rows(const double* weights, std::int64_t block, const std::function<void(at::Tensor rows)>& use) {
  return for_scaled_rows(weights, block, [&](const LossTerm&, const Block&, const at::Tensor& rows) {
    if (rows.size(0) > 0) use(rows);
  });
}

double Objective::for_all_rows(const double* weights, std::int64_t block,
                               const std::function<void(at::Tensor rows)>& use) {
  if (!processes_) return for_rows(weights, block, use);
  const auto gather = [&](const LossTerm& term, const Block& some, const at::Tensor& rows) {
    at::Tensor all = at::zeros({term.equations() * some.points.count, rows.size(1)}, at::kDouble);
    all.narrow(0, term.equations() * (some.own.first - some.points.first), rows.size(0)).copy_(rows);
    sum_over_processes(all);
    for (const at::Tensor& few : all.split(block)) use(few);  // one point of each process may have more rows
  };
  return for_scaled_rows(weights, block / processes_->size(), gather);
}

double Objective::jacobian_square(const LossTerm& term, const double* weights) const {
  constexpr std::int64_t kBlock = 1024;
  double sum = 0;
  for_blocks(term, weights, kBlock, [&](const Block& some) { sum += some.jacobian.square().sum().item<double>(); });
  sum_over_processes({&sum, 1});
  return sum;
}

std::vector<double> Objective::squares(const LossTerm& term, const double* weights) const {
  return squares(term, term.samples, weights, data_or_null(term.target));
}

std::vector<double> Objective::squares(const LossTerm& term, const Samples& samples, const double* weights,
                                       const double* target) const {
  const Share share = own(samples.n);
  std::vector<double> rows(std::size_t(term.equations() * share.count)), sums(std::size_t(samples.n));
  ansatz_->evaluate(term.id, samples, weights, rows.data());
  for (std::int64_t e = 0, row = 0; e < term.equations(); ++e)
    for (std::int64_t i = share.first; i < share.first + share.count; ++i, ++row) {
      const double r = target ? rows[std::size_t(row)] - target[e * samples.n + i] : rows[std::size_t(row)];
      sums[std::size_t(i)] += r * r;
    }
  sum_over_processes(sums);
  return sums;
}

at::Tensor Objective::gradient(const LossTerm& term, const double* weights) const {
  const std::vector<double> scale(term.mean_square.size(), 1 / double(term.samples.n));
  std::vector<double> squares(term.mean_square.size());
  at::Tensor gradient = at::empty({parameters()}, at::kDouble);
  ansatz_->differentiate(term.id, term.samples, weights, {scale.data(), nullptr, data_or_null(term.target)},
                         squares.data(), gradient.data_ptr<double>());
  sum_over_processes(gradient);
  return gradient;
}

}  // namespace residua
