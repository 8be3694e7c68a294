// The fused kernels against the slow reference: the same network and physics, point by point, without tiles or packs.
#include "kernels/fused.hpp"

#include <gtest/gtest.h>

#include "kernels/core/error.hpp"
#include "tests/kernels/problem.hpp"

namespace residua {
namespace {

using namespace testing_support;

/// The fused pass in precision S.
template <class S, class Term, class Ph>
Outcome<S> run(const Problem<Ph>& q, int threads) {
  constexpr int E = kEquationsOf<Ph, Term>;
  const Cast<S, Ph> cast(q);
  Outcome<S> out{std::vector<double>(E), std::vector<S>(q.weights.size()), std::vector<S>(std::size_t(E * q.n))};
  fused<S>(find_term(Ph::name, Term::name), cast.network, cast.points, cast.fused_weights,
           {out.loss.data(), out.gradient.data(), out.residual.data()}, threads);
  return out;
}

template <class Ph>
struct FusedTest : testing::Test {
  void TearDown() override { force_isa(supported_isas().front()); }
};
TYPED_TEST_SUITE(FusedTest, AsTypes<Registry>::Type, PhysicsName);

TYPED_TEST(FusedTest, ResidualsEqualTheReferenceOnEveryInstructionSet) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    for (const std::int64_t n : {1, 17, 100})
      for (const int width : {5, 32}) {
        const auto q = Problem<Ph>::template make<Term>(n, width, 3, n == 17 ? Activation::sin : Activation::tanh);
        const auto expected = reference_residual<Ph, Term>(q, q.weights);
        const double floor = std::sqrt(expected.size());
        for (const std::string& isa : supported_isas()) {
          force_isa(isa);
          EXPECT_LT(relative_difference(run<double, Term>(q, 2).residual, expected, floor), 1e-13)
              << Term::name << " " << isa << " n=" << n;
          EXPECT_LT(relative_difference(run<float, Term>(q, 1).residual, expected, floor), 1e-4)
              << Term::name << " " << isa << " n=" << n;
        }
      }
  });
}

TYPED_TEST(FusedTest, GradientEqualsCentralDifferencesOfTheReference) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    for (const Activation activation :
         {Activation::tanh, Activation::sin, Activation::silu, Activation::gelu, Activation::tanh_slope}) {
      const auto q = Problem<Ph>::template make<Term>(21, 6, 2, activation, 7);
      const auto result = run<double, Term>(q, 2);
      double total = 0;
      for (std::size_t e = 0; e < result.loss.size(); ++e) total += q.equation_weight[e] * result.loss[e];
      EXPECT_NEAR(total, (reference_loss<Ph, Term>(q, q.weights)), 1e-12 * (total + 1e-9));
      std::vector<double> expected;
      for (std::size_t k = 0; k < q.weights.size(); ++k) expected.push_back(reference_slope<Ph, Term>(q, k));
      EXPECT_LT(relative_difference(result.gradient, expected, 1e-4), 3e-8) << Term::name;
      EXPECT_LT(relative_difference(run<float, Term>(q, 1).gradient, result.gradient, 1e-2), 1e-3) << Term::name;
    }
  });
}

TYPED_TEST(FusedTest, InstructionSetsAgreeOnGradients) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(333, 37, 4, Activation::tanh, 5);
    force_isa(supported_isas().back());
    const auto expected = run<double, Term>(q, 1).gradient;
    for (const std::string& isa : supported_isas()) {
      force_isa(isa);
      EXPECT_LT(relative_difference(run<double, Term>(q, 2).gradient, expected), 1e-10) << isa;
    }
  });
}

TYPED_TEST(FusedTest, RepeatsBitForBit) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(1000, 16, 2, Activation::tanh);
    const auto a = run<float, Term>(q, 2), b = run<float, Term>(q, 2);
    EXPECT_EQ(a.gradient, b.gradient);
    EXPECT_EQ(a.loss, b.loss);
  });
}

TEST(Fused, OfNoPointsIsZero) {
  using Ph = physics::HeatRod;
  const auto r = run<double, Ph::Interior>(Problem<Ph>::make<Ph::Interior>(0, 8, 2, Activation::tanh), 2);
  EXPECT_EQ(r.loss, std::vector<double>{0});
  EXPECT_EQ(r.gradient, std::vector<double>(r.gradient.size()));
}

TYPED_TEST(FusedTest, SlopesAreTrainable) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(21, 6, 3, Activation::tanh_slope, 7);
    const auto gradient = run<double, Term>(q, 2).gradient;
    for (std::int64_t k = q.shape.slope(0); k < q.shape.parameters(); ++k) {
      const double expected = reference_slope<Ph, Term>(q, std::size_t(k));
      EXPECT_NEAR(gradient[std::size_t(k)], expected, 1e-7 * (1 + std::abs(expected))) << Term::name;
    }
  });
}

TEST(Fused, NamesThePointAndTheInputThatIsNotFinite) {
  using Ph = physics::LeachColumn;
  auto q = Problem<Ph>::make<Ph::Interior>(1000, 8, 2, Activation::tanh);
  const auto message = [&] {
    try {
      run<float, Ph::Interior>(q, 2);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(message(), "no error");
  q.coords[std::size_t(q.n) + 777] = NAN;
  EXPECT_EQ(message(), "fused pass: 'depth' of point 777 is nan, expected a finite number");
  q.coords[123] = -INFINITY;
  EXPECT_EQ(message(), "fused pass: 'time' of point 123 is -inf, expected a finite number");
  q.design[7] = INFINITY;
  EXPECT_EQ(message(), "fused pass: 'peclet' of point 7 is inf, expected a finite number");
  q.point_weight[0] = NAN;
  EXPECT_EQ(message(), "fused pass: 'weight' of point 0 is nan, expected a finite number");
}

TEST(Fused, RefusesANetworkThatDoesNotFitThePhysics) {
  using Ph = physics::HeatRod;
  auto q = Problem<Ph>::make<Ph::Interior>(3, 8, 2, Activation::tanh);
  q.shape.outputs = 2;
  EXPECT_THROW((run<double, Ph::Interior>(q, 1)), Error);
}

TEST(Fused, NamesTheKnownPhysicsAndTerms) {
  try {
    find_term("kiln_wal", "interior");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("kiln_wall"), std::string::npos) << e.what();
  }
  try {
    find_term("kiln_wall", "inside");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("hot_face"), std::string::npos) << e.what();
  }
}

TEST(Isa, ForcedSetIsTheOneInUse) {
  for (const std::string& isa : supported_isas()) {
    force_isa(isa);
    EXPECT_EQ(active_isa(), isa);
  }
  EXPECT_THROW(force_isa("mmx"), Error);
  force_isa(supported_isas().front());
}

}  // namespace
}  // namespace residua
