#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/fused.hpp"
#include "kernels/head.hpp"
#include "kernels/mlp.hpp"
#include "kernels/registry.hpp"

namespace residua::testing_support {

/// A network with random weights for a physics, and random points within the default ranges; every second parameter
/// that has a range is a design input.
template <class Ph>
struct Problem {
  MlpShape shape;
  std::vector<double> weights, center, scale, coords, design, params, point_weight, equation_weight, target;
  std::vector<int> design_row;
  std::int64_t n = 0;

  template <class Term>
  static Problem make(std::int64_t n, int width, int depth, Activation activation, unsigned seed = 1) {
    Problem q;
    q.n = n;
    std::mt19937 rng(seed);
    std::uniform_real_distribution<double> unit(0, 1);
    int designs = 0;
    for (int p = 0; p < Ph::kParams; ++p) {
      const Quantity& quantity = Ph::params[p];
      q.params.push_back(quantity.value / quantity.scale);
      const bool free = quantity.upper > quantity.lower && p % 2 == 0;
      q.design_row.push_back(free ? designs++ : -1);
      if (free)
        for (std::int64_t i = 0; i < n; ++i)
          q.design.push_back((quantity.lower + (quantity.upper - quantity.lower) * unit(rng)) / quantity.scale);
    }
    for (int c = 0; c < Ph::kCoords; ++c) {
      const Quantity& quantity = Ph::coords[c];
      for (std::int64_t i = 0; i < n; ++i) {
        double u = 0.05 + 0.9 * unit(rng);
        if constexpr (requires { Term::region; }) {
          if (Term::region[c] == Side::lower) u = 0;
          if (Term::region[c] == Side::upper) u = 1;
        }
        q.coords.push_back((quantity.lower + (quantity.upper - quantity.lower) * u) / quantity.scale);
      }
    }
    q.shape = {kFeatures<Ph> + designs, width, depth, Ph::kFields, activation};
    for (int i = 0; i < q.shape.inputs; ++i) {
      q.center.push_back(unit(rng) - 0.5);
      q.scale.push_back(0.5 + unit(rng));
    }
    for (int p = 0; p < Ph::kParams; ++p)  // design inputs of the size of one, as a trainer sees to it
      if (const int row = q.design_row[std::size_t(p)]; row >= 0) {
        const double size =
            std::max(std::abs(Ph::params[p].lower), std::abs(Ph::params[p].upper)) / Ph::params[p].scale;
        q.center[std::size_t(kFeatures<Ph> + row)] *= size;
        q.scale[std::size_t(kFeatures<Ph> + row)] /= size;
      }
    for (int l = 0; l < q.shape.layers(); ++l) {
      const double size = (l == depth ? 0.2 : 1) * std::sqrt(3. / q.shape.fan_in(l));  // fields stay physical
      for (int i = 0; i < (q.shape.fan_in(l) + 1) * q.shape.fan_out(l); ++i)
        q.weights.push_back(size * (2 * unit(rng) - 1));
    }
    for (int l = 0; l < q.shape.slopes(); ++l) q.weights.push_back(0.6 + unit(rng));
    for (std::int64_t i = 0; i < n; ++i) q.point_weight.push_back(0.5 + double(i % 3));
    for (int e = 0; e < kEquationsOf<Ph, Term>; ++e) {
      q.equation_weight.push_back((e + 1) / 2.);
      for (std::int64_t i = 0; i < n; ++i) q.target.push_back(0.1 * double((i + e) % 5 - 2));
    }
    return q;
  }
};

/// What the fused pass leaves on the host.
template <class S>
struct Outcome {
  std::vector<double> loss;
  std::vector<S> gradient, residual;
};

/// A problem in the precision S, as the arguments of the fused pass. Not to be copied: the arguments point into it.
template <class S, class Ph>
struct Cast {
  std::vector<S> weights, center, scale, coords, design, params, point, equation, target;
  Network<S> network;
  Points<S> points;
  FusedWeights<S> fused_weights;

  explicit Cast(const Problem<Ph>& q)
      : weights(of(q.weights)),
        center(of(q.center)),
        scale(of(q.scale)),
        coords(of(q.coords)),
        design(of(q.design)),
        params(of(q.params)),
        point(of(q.point_weight)),
        equation(of(q.equation_weight)),
        target(of(q.target)),
        network{q.shape, weights.data(), center.data(), scale.data()},
        points{q.n, coords.data(), design.data(), params.data(), q.design_row.data(), q.shape.inputs - kFeatures<Ph>},
        fused_weights{equation.data(), point.data(), target.data()} {}
  Cast(const Cast&) = delete;

 private:
  static std::vector<S> of(const std::vector<double>& v) { return {v.begin(), v.end()}; }
};

/// Rows of all points with weights `w`, by the reference: point by point, without tiles.
template <class Ph, class Term>
std::vector<double> reference_rows(const Problem<Ph>& q, const std::vector<double>& w) {
  using H = Head<Ph, Term, double>;
  std::vector<double> rows(std::size_t(H::kEquations * q.n));
  const Network<double> network{q.shape, w.data(), q.center.data(), q.scale.data()};
  for (std::int64_t i = 0; i < q.n; ++i) {
    H head;
    for (int c = 0; c < Ph::kCoords; ++c) head.x[c] = q.coords[std::size_t(c * q.n + i)];
    for (int p = 0; p < Ph::kParams; ++p) {
      const int row = q.design_row[std::size_t(p)];
      head.p[p] = row < 0 ? q.params[std::size_t(p)] : q.design[std::size_t(row * q.n + i)];
    }
    typename H::Entry in[kMaxInputs], out[kMaxFields];
    head.inputs(
        network, q.shape.inputs - kFeatures<Ph>, [&](int d) { return q.design[std::size_t(d * q.n + i)]; }, in);
    mlp(q.shape, w.data(), in, out);
    const auto r = head.residual(out);
    for (int e = 0; e < H::kEquations; ++e) rows[std::size_t(e * q.n + i)] = r[e];
  }
  return rows;
}

/// Those rows less their targets.
template <class Ph, class Term>
std::vector<double> reference_residual(const Problem<Ph>& q, const std::vector<double>& w) {
  auto rows = reference_rows<Ph, Term>(q, w);
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k] -= q.target[k];
  return rows;
}

/// Derivatives of the rows by every weight, [rows][weights], by differences of order six of the reference.
template <class Ph, class Term>
std::vector<double> reference_jacobian(const Problem<Ph>& q) {
  constexpr double kStep = 5e-4;
  const std::size_t p = q.weights.size();
  std::vector<double> jacobian(std::size_t(kEquationsOf<Ph, Term> * q.n) * p);
  for (std::size_t k = 0; k < p; ++k)
    for (const auto& [steps, weight] : {std::pair{1, 45.}, {2, -9.}, {3, 1.}})
      for (const int sign : {1, -1}) {
        auto w = q.weights;
        w[k] += sign * steps * kStep;
        const auto r = reference_rows<Ph, Term>(q, w);
        for (std::size_t row = 0; row < r.size(); ++row) jacobian[row * p + k] += sign * weight * r[row] / (60 * kStep);
      }
  return jacobian;
}

/// The loss whose gradient the fused pass gives, with weights `w`, by the reference.
template <class Ph, class Term>
double reference_loss(const Problem<Ph>& q, const std::vector<double>& w) {
  const auto r = reference_residual<Ph, Term>(q, w);
  double loss = 0;
  for (std::size_t k = 0; k < r.size(); ++k)
    loss += q.equation_weight[k / std::size_t(q.n)] * q.point_weight[k % std::size_t(q.n)] * r[k] * r[k];
  return loss;
}

/// d loss / d weight k of the reference: a central difference of sixth order, good to about 1e-8 of the largest slopes.
template <class Ph, class Term>
double reference_slope(const Problem<Ph>& q, std::size_t k) {
  const double h = 5e-4;
  double slope = 0;
  for (const auto& [steps, weight] : {std::pair{1, 45.}, {2, -9.}, {3, 1.}})
    for (const int sign : {1, -1}) {
      auto w = q.weights;
      w[k] += sign * steps * h;
      slope += sign * weight * reference_loss<Ph, Term>(q, w) / (60 * h);
    }
  return slope;
}

/// Norm of the difference over the norm of b. Residuals cancel: their terms are of the size of one however small they
/// are, so `floor` is the least size that counts.
template <class A, class B>
double relative_difference(const std::vector<A>& a, const std::vector<B>& b, double floor = 0) {
  if (a.size() != b.size()) return INFINITY;
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (double(a[i]) - double(b[i])) * (double(a[i]) - double(b[i]));
    size += double(b[i]) * double(b[i]);
  }
  return difference == 0 ? 0 : std::sqrt(difference / std::max(size, floor * floor));
}

/// For TYPED_TEST_SUITE over the registry.
template <class>
struct AsTypes;
template <class... P>
struct AsTypes<std::tuple<P...>> {
  using Type = ::testing::Types<P...>;
};
struct PhysicsName {
  template <class Ph>
  static std::string GetName(int) {
    return std::string(Ph::name);
  }
};

}  // namespace residua::testing_support
