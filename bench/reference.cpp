#include "bench/reference.hpp"

#include <fmt/format.h>

#include <cmath>

#include "kernels/head.hpp"
#include "kernels/mlp.hpp"
#include "kernels/registry.hpp"
#include "kernels/residual_body.hpp"

namespace residua::bench {
namespace {

/// Calls f.template operator()<Physics, Term>() for the problem's physics and its first term.
template <class F>
void with_physics(const Problem& problem, F&& f) {
  for_each_physics([&]<class Ph>() {
    if (Ph::name == problem.physics->name) f.template operator()<Ph, std::tuple_element_t<0, typename Ph::Terms>>();
  });
}

/// Coordinates and parameters of point i into whatever has x and p.
template <class Ph, class At>
void place(const Problem& problem, std::int64_t i, At& at) {
  for (int c = 0; c < Ph::kCoords; ++c) at.x[c] = problem.coords[std::size_t(c * problem.n + i)];
  for (int p = 0; p < Ph::kParams; ++p) {
    const int row = problem.design_row[std::size_t(p)];
    at.p[p] = row < 0 ? problem.params[std::size_t(p)] : problem.design[std::size_t(row * problem.n + i)];
  }
}

}  // namespace

std::vector<double> reference_rows(const Problem& problem, std::span<const double> weights,
                                   std::span<const std::int64_t> sample) {
  std::vector<double> rows;
  with_physics(problem, [&]<class Ph, class Term>() {
    using H = Head<Ph, Term, double>;
    rows.resize(H::kEquations * sample.size());
    const Network<double> network{problem.shape, weights.data(), problem.center.data(), problem.scale.data()};
    for (std::size_t s = 0; s < sample.size(); ++s) {
      const auto design = [&](int d) { return problem.design[std::size_t(d * problem.n + sample[s])]; };
      H head;
      place<Ph>(problem, sample[s], head);
      typename H::Entry in[kMaxInputs], out[kMaxFields];
      head.inputs(network, problem.designs(), design, in);
      mlp(problem.shape, weights.data(), in, out);
      const auto r = head.residual(out);
      for (int e = 0; e < H::kEquations; ++e) rows[std::size_t(e) * sample.size() + s] = r[e];
    }
  });
  return rows;
}

std::vector<double> reference_residual(const Problem& problem, std::span<const double> jet,
                                       std::span<const std::int64_t> sample) {
  std::vector<double> rows;
  with_physics(problem, [&]<class Ph, class Term>() {
    using At = ResidualAt<Ph, Term, double>;
    rows.resize(At::kEquations * sample.size());
    for (std::size_t s = 0; s < sample.size(); ++s) {
      At at;
      place<Ph>(problem, sample[s], at);
      for (int k = 0; k < At::kJetRows; ++k) at.jet[k] = jet[std::size_t(k * problem.n + sample[s])];
      const auto r = at.rows();
      for (int e = 0; e < At::kEquations; ++e) rows[std::size_t(e) * sample.size() + s] = r[e];
    }
  });
  return rows;
}

namespace {

/// Relative errors of the sampled rows and of the loss.
std::pair<double, double> errors(const Problem& problem, std::span<const std::int64_t> sample, const Answer& answer) {
  const auto expected = reference_rows(problem, problem.weights, sample);
  double difference = 0, size = 0, loss = 0;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const std::size_t e = k / sample.size(), i = std::size_t(sample[k % sample.size()]);
    difference += std::pow(answer.rows[e * std::size_t(problem.n) + i] - expected[k], 2);
    size += expected[k] * expected[k];
  }
  for (const double l : answer.loss) loss += l;
  return {std::sqrt(difference / size), std::abs(loss - size) / size};
}

/// The error of the slope along a direction of random signs, over the norm of the gradient: an error anywhere in the
/// gradient shows in it at its own size.
double slope_error(const Problem& problem, std::span<const std::int64_t> sample, std::span<const double> gradient) {
  const auto loss_at = [&](const std::vector<double>& weights) {
    double loss = 0;
    for (const double r : reference_rows(problem, weights, sample)) loss += r * r;
    return loss;
  };
  double slope = 0, norm = 0;
  auto up = problem.weights, down = up;
  constexpr double kStep = 1e-6;
  std::uint32_t bits = 1;
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    bits = bits * 1664525u + 1013904223u;  // Numerical Recipes' generator; its highest bit is the sign
    const double sign = bits >> 31 ? 1 : -1;
    up[k] += sign * kStep;
    down[k] -= sign * kStep;
    slope += sign * gradient[k];
    norm += gradient[k] * gradient[k];
  }
  return std::abs(slope - (loss_at(up) - loss_at(down)) / (2 * kStep)) / std::sqrt(norm);
}

}  // namespace

std::string mistake(const Problem& problem, std::span<const std::int64_t> sample, const Answer& answer,
                    Tolerance tolerance) {
  const auto [rows, loss] = errors(problem, sample, answer);
  if (!(rows < tolerance.rows)) return fmt::format("wrong residuals: relative error {:.1e}", rows);
  if (!(loss < tolerance.rows)) return fmt::format("wrong loss: relative error {:.1e}", loss);
  const double slope = slope_error(problem, sample, answer.gradient);
  return slope < tolerance.gradient ? "" : fmt::format("wrong gradient: relative error {:.1e}", slope);
}

}  // namespace residua::bench
