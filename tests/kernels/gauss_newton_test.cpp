// Jacobians, their products and the normal equations, against differences of the slow reference and against each other.
#include "kernels/gauss_newton.hpp"

#include <gtest/gtest.h>

#include "kernels/core/error.hpp"
#include "tests/kernels/problem.hpp"

namespace residua {
namespace {

using namespace testing_support;

template <class Ph, class Term>
std::vector<double> jacobian_of(const Problem<Ph>& q, std::vector<double>* residual = nullptr, int threads = 2) {
  const Cast<double, Ph> cast(q);
  std::vector<double> rows(std::size_t(kEquationsOf<Ph, Term> * q.n) * q.weights.size());
  if (residual) residual->resize(std::size_t(kEquationsOf<Ph, Term> * q.n));
  jacobian(find_term(Ph::name, Term::name), cast.network, cast.points, rows.data(),
           residual ? residual->data() : nullptr, threads);
  return rows;
}

/// What the normal equations hold, as a full square with gradient and loss behind it.
std::vector<double> contents(const NormalEquations& normal) {
  std::vector<double> all;
  for (std::int64_t i = 0; i < normal.parameters(); ++i)
    for (std::int64_t j = i; j < normal.parameters(); ++j) all.push_back(normal.matrix()[i * normal.stride() + j]);
  for (std::int64_t k = 0; k < normal.parameters(); ++k) all.push_back(normal.gradient(k));
  all.push_back(normal.loss());
  return all;
}

template <class Ph, class Term>
NormalEquations normal_of(const Problem<Ph>& q, int threads) {
  const Cast<double, Ph> cast(q);
  NormalEquations normal(std::int64_t(q.weights.size()));
  normal.add(find_term(Ph::name, Term::name), cast.network, cast.points, cast.fused_weights, threads);
  return normal;
}

template <class Ph>
struct GaussNewtonTest : testing::Test {
  void TearDown() override { force_isa(supported_isas().front()); }
};
TYPED_TEST_SUITE(GaussNewtonTest, AsTypes<Registry>::Type, PhysicsName);

TYPED_TEST(GaussNewtonTest, JacobianEqualsCentralDifferencesOfTheReference) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    for (const Activation activation : {Activation::gelu, Activation::tanh_slope}) {
      auto q = Problem<Ph>::template make<Term>(19, 5, 2, activation, 3);
      std::vector<double> residual;
      const auto rows = jacobian_of<Ph, Term>(q, &residual);
      EXPECT_LT(relative_difference(rows, reference_jacobian<Ph, Term>(q), 1), 3e-8) << Term::name;
      EXPECT_LT(relative_difference(residual, reference_rows<Ph, Term>(q, q.weights), std::sqrt(residual.size())),
                1e-13);
    }
  });
}

TYPED_TEST(GaussNewtonTest, NormalEquationsAreTheProductsOfTheJacobianOnEveryInstructionSet) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    for (const std::string& isa : supported_isas()) {
      force_isa(isa);
      const auto q = Problem<Ph>::template make<Term>(300, 7, 2, Activation::tanh_slope, 5);
      std::vector<double> residual;
      const auto rows = jacobian_of<Ph, Term>(q, &residual);
      for (std::size_t row = 0; row < residual.size(); ++row) residual[row] -= q.target[row];
      const std::size_t p = q.weights.size();
      std::vector<double> square(p * p), gradient(p), expected;
      double loss = 0;
      for (std::size_t row = 0; row < residual.size(); ++row) {
        const auto n = std::size_t(q.n);
        const double weight = q.equation_weight[row / n] * q.point_weight[row % n];
        for (std::size_t i = 0; i < p; ++i) {
          for (std::size_t j = i; j < p; ++j) square[i * p + j] += weight * rows[row * p + i] * rows[row * p + j];
          gradient[i] += weight * rows[row * p + i] * residual[row];
        }
        loss += weight * residual[row] * residual[row];
      }
      for (std::size_t i = 0; i < p; ++i)
        for (std::size_t j = i; j < p; ++j) expected.push_back(square[i * p + j]);
      expected.insert(expected.end(), gradient.begin(), gradient.end());
      expected.push_back(loss);
      EXPECT_LT(relative_difference(contents(normal_of<Ph, Term>(q, 2)), expected), 1e-13) << isa << " " << Term::name;
    }
  });
}

TYPED_TEST(GaussNewtonTest, GradientIsHalfThatOfTheFusedPass) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(77, 12, 3, Activation::tanh, 5);
    const Cast<double, Ph> cast(q);
    std::vector<double> loss(kEquationsOf<Ph, Term>), gradient(q.weights.size()), half;
    fused<double>(find_term(Ph::name, Term::name), cast.network, cast.points, cast.fused_weights,
                  {loss.data(), gradient.data(), nullptr});
    const auto normal = normal_of<Ph, Term>(q, 2);
    for (std::size_t k = 0; k < gradient.size(); ++k) half.push_back(2 * normal.gradient(std::int64_t(k)));
    EXPECT_LT(relative_difference(half, gradient), 1e-12) << Term::name;
  });
}

TYPED_TEST(GaussNewtonTest, ProductsAreThoseOfTheJacobian) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    for (const std::string& isa : supported_isas())
      for (const Activation activation :
           {Activation::tanh_slope, Activation::sin, Activation::silu, Activation::gelu}) {
        force_isa(isa);
        const auto q = Problem<Ph>::template make<Term>(35, 9, 3, activation, 11);
        const Cast<double, Ph> cast(q);
        const TermId term = find_term(Ph::name, Term::name);
        const auto rows = jacobian_of<Ph, Term>(q);
        const std::size_t p = q.weights.size(), m = rows.size() / p;
        std::vector<double> v(p), w(m), jv(m), jtw(p), expected_jv(m), expected_jtw(p);
        for (std::size_t k = 0; k < p; ++k) v[k] = std::sin(double(3 * k + 1));
        for (std::size_t k = 0; k < m; ++k) w[k] = std::cos(double(5 * k + 2));
        for (std::size_t i = 0; i < m; ++i)
          for (std::size_t k = 0; k < p; ++k) {
            expected_jv[i] += rows[i * p + k] * v[k];
            expected_jtw[k] += rows[i * p + k] * w[i];
          }
        jacobian_product(term, cast.network, cast.points, v.data(), jv.data());
        jacobian_transposed_product(term, cast.network, cast.points, w.data(), jtw.data());
        EXPECT_LT(relative_difference(jv, expected_jv), 1e-12) << isa << " " << Term::name << " " << int(activation);
        EXPECT_LT(relative_difference(jtw, expected_jtw), 1e-12) << isa << " " << Term::name << " " << int(activation);
      }
  });
}

TEST(GaussNewton, SumsTermsAndKeepsItsBitsWithAnyNumberOfThreads) {
  using Ph = physics::KilnWall;
  const auto q = Problem<Ph>::make<Ph::Interior>(700, 11, 2, Activation::tanh);
  const auto one = contents(normal_of<Ph, Ph::Interior>(q, 1));
  for (const int threads : {2, 3, 5}) EXPECT_EQ(contents(normal_of<Ph, Ph::Interior>(q, threads)), one) << threads;

  const Cast<double, Ph> cast(q);
  NormalEquations both(std::int64_t(q.weights.size()));
  both.add(find_term("kiln_wall", "interior"), cast.network, cast.points, cast.fused_weights);
  both.add(find_term("kiln_wall", "interior"), cast.network, cast.points, cast.fused_weights);
  auto twice = one;
  for (double& x : twice) x *= 2;
  EXPECT_LT(relative_difference(contents(both), twice), 1e-14);
  both.clear();
  EXPECT_EQ(both.loss(), 0);
}

TEST(GaussNewton, OfRowsGivenIsThatOfTheirNetwork) {
  using Ph = physics::KilnWall;
  const auto q = Problem<Ph>::make<Ph::Interior>(700, 11, 2, Activation::tanh);
  const Cast<double, Ph> cast(q);
  const std::size_t parameters = q.weights.size();
  std::vector<double> jacobian(700 * parameters), residual(700), rows;
  residua::jacobian(find_term("kiln_wall", "interior"), cast.network, cast.points, jacobian.data(), residual.data());
  for (std::size_t i = 0; i < 700; ++i) {
    rows.insert(rows.end(), &jacobian[i * parameters], &jacobian[i * parameters] + parameters);
    rows.push_back(residual[i]);
  }
  NormalEquations expected{std::int64_t(parameters)}, found{std::int64_t(parameters)};
  expected.add(find_term("kiln_wall", "interior"), cast.network, cast.points, {});
  found.add_rows(rows.data(), 700);
  EXPECT_LT(relative_difference(contents(found), contents(expected)), 1e-14);
}

TEST(GaussNewton, OfNoPointsIsZero) {
  using Ph = physics::HeatRod;
  const auto q = Problem<Ph>::make<Ph::Interior>(0, 8, 2, Activation::tanh);
  for (const double x : contents(normal_of<Ph, Ph::Interior>(q, 2))) EXPECT_EQ(x, 0);
}

TEST(GaussNewton, RefusesANetworkOfAnotherSize) {
  using Ph = physics::HeatRod;
  const auto q = Problem<Ph>::make<Ph::Interior>(3, 8, 2, Activation::tanh);
  const Cast<double, Ph> cast(q);
  NormalEquations normal(10);
  EXPECT_THROW(normal.add(find_term("heat_rod", "interior"), cast.network, cast.points, {}), Error);
}

}  // namespace
}  // namespace residua
