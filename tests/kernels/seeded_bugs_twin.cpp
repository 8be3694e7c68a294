// What tests/kernels/seeded_bugs.py compiles against kernels/cuda with a bug in it: the host twins of all kernels, on
// one physics each, small enough to compile within seconds. Prints what is wrong, and fails if anything is.
#include <array>
#include <cstdio>
#include <limits>

#include "kernels/cuda/residual_point.hpp"
#include "kernels/cuda/sampler.hpp"
#include "tests/kernels/cuda_twin.hpp"

namespace residua {
namespace {

using namespace testing_support;

int failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::printf("%s\n", what);
  ++failures;
}

using Ph = physics::Heat;
using Term = Ph::Interior;

/// The error of the gradient's slope along random signs, over the norm of the gradient: an error anywhere shows.
double slope_error(const Problem<Ph>& q, const std::vector<double>& gradient) {
  std::mt19937 rng(3);
  double slope = 0, norm = 0;
  auto up = q.weights, down = q.weights;
  constexpr double kStep = 1e-5;
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    const double sign = rng() % 2 ? 1 : -1;
    up[k] += sign * kStep;
    down[k] -= sign * kStep;
    slope += sign * gradient[k];
    norm += gradient[k] * gradient[k];
  }
  const double expected = (reference_loss<Ph, Term>(q, up) - reference_loss<Ph, Term>(q, down)) / (2 * kStep);
  return std::abs(slope - expected) / std::sqrt(norm);
}

template <class Arithmetic>
void check_doubles(const Problem<Ph>& q, const char* rows, const char* loss, const char* gradient) {
  const auto found = run_twin<double, Ph, Term, Arithmetic>(q, {.max_blocks = 2});
  const double expected = reference_loss<Ph, Term>(q, q.weights);
  expect(relative_difference(found.residual, reference_residual<Ph, Term>(q, q.weights)) < 1e-11, rows);
  expect(std::abs(found.loss[0] * q.equation_weight[0] - expected) < 1e-11 * expected, loss);
  expect(slope_error(q, found.gradient) < 1e-6, gradient);
}

/// Several tiles for each of two blocks, the last one not full; a width beside all blockings.
void check_fused() {
  const auto q = Problem<Ph>::make<Term>(150, 37, 3, Activation::tanh);
  check_doubles<cuda::PerThread>(q, "threads: rows", "threads: loss", "threads: gradient");
  check_doubles<cuda::WholeDoubles>(q, "tensor cores: rows", "tensor cores: loss", "tensor cores: gradient");
  const auto exact = run_twin<double, Ph, Term>(q);
  const auto split = run_twin<float, Ph, Term, cuda::SplitTf32>(q);
  expect(relative_difference(split.gradient, exact.gradient) < 1e-4, "split floats: gradient");
  const auto grouped = run_twin<float, Ph, Term, cuda::WarpGroups>(q);
  expect(relative_difference(grouped.gradient, exact.gradient) < 1e-4, "warp groups: gradient");
  const auto forth = run_twin<float, Ph, Term>(q), back = run_twin<float, Ph, Term>(q, {.backward = true});
  expect(forth.gradient == back.gradient, "the order of the threads matters");
  const auto apart = run_twin<float, Ph, Term>(q, {.shared_limit = 0});
  expect(forth.gradient == apart.gradient, "the place of the panels matters");
}

/// Burgers, whose residual is nonlinear, on jets of which every entry is another number.
void check_residual() {
  using Burgers = physics::Burgers;
  using Body = cuda::ResidualPoint<Burgers, Burgers::Interior, double>;
  const auto q = Problem<Burgers>::make<Burgers::Interior>(7, 4, 1, Activation::tanh);
  const Cast<double, Burgers> cast(q);
  const auto n = std::size_t(q.n);
  std::vector<double> jet(Body::At::kJetRows * n), rows(n), rows_bar(n), jet_bar(jet.size());
  for (std::size_t k = 0; k < jet.size(); ++k) jet[k] = std::sin(1. + double(k * k));
  for (std::size_t i = 0; i < n; ++i) rows_bar[i] = 1 + double(i);
  for (std::int64_t i = 0; i < q.n; ++i) {
    Body::forward({cast.points, jet.data(), rows.data()}, i);
    Body::backward({cast.points, jet.data(), nullptr, rows_bar.data(), jet_bar.data()}, i);
  }
  constexpr Channels C = kChannelsOf<Burgers, Burgers::Interior>;
  std::vector<double> expected, expected_bar(jet.size());
  for (std::size_t i = 0; i < n; ++i) {
    const double nu = q.design_row[0] < 0 ? q.params[0] : q.design[i];
    const auto at = [&](int channel) { return std::size_t(channel) * n + i; };
    const int t = C.find(along(Burgers::t)), x = C.find(along(Burgers::x)), xx = C.find(2 * along(Burgers::x));
    expected.push_back(jet[at(t)] + jet[at(0)] * jet[at(x)] - nu * jet[at(xx)]);
    expected_bar[at(0)] = rows_bar[i] * jet[at(x)];
    expected_bar[at(t)] = rows_bar[i];
    expected_bar[at(x)] = rows_bar[i] * jet[at(0)];
    expected_bar[at(xx)] = -rows_bar[i] * nu;
  }
  expect(relative_difference(rows, expected) < 1e-13, "residual: rows");
  expect(relative_difference(jet_bar, expected_bar) < 1e-13, "residual: product");
}

void check_sampler() {
  const auto first = cuda::Philox::at(0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822);
  expect(first.word[0] == 0xd16cfe09 && first.word[3] == 0x24126ea1, "sampler: the known answer of its authors");
  const std::vector<Axis> axes{{0, 0, 1}, {1, 10, 12}, {2, 20, 23}};
  const auto draw = [&](std::int64_t n, std::int64_t step) {
    std::vector<double> rows(3 * std::size_t(n), NAN);
    const cuda::Clock clock{step, 0};
    const cuda::PointSampler<double> sampler{
        .n = n, .rows_drawn = 3, .axes = axes.data(), .rows = rows.data(), .clock = &clock, .dims = 3, .seed = 42};
    for (std::int64_t i = 0; i < n; ++i) sampler(i);
    return rows;
  };
  const auto whole = draw(10, 0), second = draw(5, 1);
  std::array<double, 3> share{};
  for (std::size_t d = 0; d < 3; ++d) {
    for (std::size_t i = 0; i < 10; ++i)
      expect(whole[d * 10 + i] > axes[d].lower && whole[d * 10 + i] < axes[d].upper,
             "sampler: a point outside of its range");
    for (std::size_t i = 0; i < 5; ++i)
      expect(second[d * 5 + i] == whole[d * 10 + 5 + i], "sampler: a batch does not continue the last one");
    share[d] = (whole[d * 10] - axes[d].lower) / (axes[d].upper - axes[d].lower);
  }
  for (std::size_t d = 0; d < 3; ++d)
    expect(std::abs(share[d] - share[(d + 1) % 3]) > 1e-9, "sampler: two coordinates of a point are the same number");
}

}  // namespace
}  // namespace residua

int main() {
  residua::check_fused();
  residua::check_residual();
  residua::check_sampler();
  return residua::failures > 0;
}
