// Every PDE of the registry must satisfy its own exact solutions, term by term; its derivatives must match differences.
#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/catalog.hpp"
#include "kernels/exact_cases.hpp"
#include "kernels/registry.hpp"
#include "kernels/residual.hpp"
#include "kernels/residual_body.hpp"
#include "tests/kernels/problem.hpp"

namespace residua {
namespace {

using namespace testing_support;

template <class Ph>
struct PhysicsTest : testing::Test {};
TYPED_TEST_SUITE(PhysicsTest, AsTypes<Registry>::Type, PhysicsName);

TYPED_TEST(PhysicsTest, ExactSolutionsHaveZeroResidual) {
  static_assert(std::tuple_size_v<decltype(TypeParam::exact())> > 0);
  // Two-hundred-fold rounding of the largest term; residuals are of the size of one by design.
  for (const ExactDefect& d : exact_defects<TypeParam>(2e-12))
    ADD_FAILURE() << d.exact_case << ", " << d.term << ", equation " << d.equation << ": " << d.residual;
}

TYPED_TEST(PhysicsTest, DefaultsLieWithinTheirRanges) {
  using Ph = TypeParam;
  const auto check = [](const auto& table) {
    for (const Quantity& q : table) {
      EXPECT_LE(q.lower, q.value) << q.name;
      EXPECT_LE(q.value, q.upper) << q.name;
      EXPECT_GT(q.scale, 0) << q.name;
    }
  };
  check(find_physics(Ph::name).params);
  check(find_physics(Ph::name).coords);
}

TYPED_TEST(PhysicsTest, VectorJacobianProductMatchesCentralDifferences) {
  using Ph = TypeParam;
  std::mt19937 rng(11);
  std::uniform_real_distribution<double> unit(0.5, 1.5);
  for_each_term<Ph>([&]<class Term>() {
    using At = ResidualAt<Ph, Term, double>;
    const std::int64_t n = 37;
    const TermId id = find_term(Ph::name, Term::name);
    std::vector<double> coords(Ph::kCoords * n), params(Ph::kParams), jet(At::kJetRows * n), bar(At::kEquations * n);
    for (double& v : coords) v = unit(rng);
    for (int p = 0; p < Ph::kParams; ++p) params[p] = Ph::params[p].value / Ph::params[p].scale;
    for (double& v : jet) v = unit(rng);
    for (double& v : bar) v = unit(rng);
    const std::vector<int> rows(Ph::kParams, -1);
    const Points<double> points{n, coords.data(), nullptr, params.data(), rows.data(), 0};
    ASSERT_EQ(jet_rows(id).size(), std::size_t(At::kJetRows));

    std::vector<double> jet_bar(jet.size()), up(bar.size()), down(bar.size());
    residual_vjp(id, points, jet.data(), bar.data(), jet_bar.data());
    for (int k = 0; k < At::kJetRows; ++k) {
      const double h = 1e-6;
      auto shifted = jet;
      for (std::int64_t i = 0; i < n; ++i) shifted[k * n + i] = jet[k * n + i] + h;
      residual(id, points, shifted.data(), up.data());
      for (std::int64_t i = 0; i < n; ++i) shifted[k * n + i] = jet[k * n + i] - h;
      residual(id, points, shifted.data(), down.data());
      for (std::int64_t i = 0; i < n; ++i) {
        double difference = 0, size = 1;
        for (int e = 0; e < At::kEquations; ++e) {
          difference += bar[e * n + i] * (up[e * n + i] - down[e * n + i]) / (2 * h);
          size += std::abs(up[e * n + i]);
        }
        ASSERT_NEAR(jet_bar[k * n + i], difference, 1e-8 * (size + std::abs(difference)))
            << Term::name << " jet row " << k;
      }
    }
  });
}

}  // namespace
}  // namespace residua
