#include "datasets/exact/burgers.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "kernels/core/error.hpp"

namespace residua::exact {
namespace {

using std::numbers::pi;

constexpr int kNodes = 200;

struct GaussHermite {
  std::array<double, kNodes> node, log_weight;
};

// Nodes are eigenvalues (Golub and Welsch 1969). Weights come from the orthonormal polynomial, w = 1/(n h_{n-1}^2),
// since eigenvectors would lose the tiny outer ones, which decide u where f spans e^100.
GaussHermite gauss_hermite() {
  Eigen::VectorXd off(kNodes - 1);
  for (int i = 0; i < kNodes - 1; ++i) off[i] = std::sqrt((i + 1) / 2.0);
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(Eigen::VectorXd::Zero(kNodes), off, Eigen::EigenvaluesOnly);
  GaussHermite rule{};
  for (int i = 0; i < kNodes; ++i) {
    double x = solver.eigenvalues()[i], before = 0, at = 0;
    for (int newton = 0; newton < 3; ++newton) {
      before = 0;
      at = std::pow(pi, -0.25);
      for (int j = 0; j < kNodes; ++j) {
        const double next = x * std::sqrt(2.0 / (j + 1)) * at - std::sqrt(j / (j + 1.0)) * before;
        before = at;
        at = next;
      }
      x -= at / (std::sqrt(2.0 * kNodes) * before);
    }
    rule.node[i] = x;
    rule.log_weight[i] = -std::log(kNodes * before * before);
  }
  return rule;
}

}  // namespace

double burgers(double t, double x, double nu) {
  if (!(t >= 0 && nu > 0)) throw Error(fmt::format("burgers: need t >= 0 and nu > 0; found t {}, nu {}", t, nu));
  if (t == 0) return -std::sin(pi * x);
  static const GaussHermite rule = gauss_hermite();
  const double scale = std::sqrt(4 * nu * t);
  std::array<double, kNodes> exponent;
  for (int i = 0; i < kNodes; ++i)
    exponent[i] = rule.log_weight[i] - std::cos(pi * (x - scale * rule.node[i])) / (2 * pi * nu);
  const double largest = *std::max_element(exponent.begin(), exponent.end());
  double above = 0, below = 0;
  for (int i = 0; i < kNodes; ++i) {
    const double weight = std::exp(exponent[i] - largest);
    above += weight * std::sin(pi * (x - scale * rule.node[i]));
    below += weight;
  }
  return -above / below;
}

}  // namespace residua::exact
