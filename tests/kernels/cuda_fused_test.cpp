// The bodies of the fused CUDA kernels, run on the host block by block, against the slow reference.
#include <gtest/gtest.h>

#include <numeric>

#include "kernels/core/error.hpp"
#include "tests/kernels/cuda_twin.hpp"

namespace residua {
namespace {

using namespace testing_support;

template <class Ph>
struct CudaFusedTwin : testing::Test {};
TYPED_TEST_SUITE(CudaFusedTwin, AsTypes<Representatives>::Type, PhysicsName);

TYPED_TEST(CudaFusedTwin, ResidualsEqualTheReference) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    for (const std::int64_t n : {1, 17, 100})
      for (const int width : {1, 5, 33}) {
        const auto q = Problem<Ph>::template make<Term>(n, width, 3, n == 17 ? Activation::sin : Activation::tanh);
        const auto expected = reference_residual<Ph, Term>(q, q.weights);
        const double floor = std::sqrt(double(expected.size()));
        const TwinOptions options{.max_blocks = 2};
        EXPECT_LT(relative_difference(run_twin<double, Ph, Term>(q, options).residual, expected, floor), 1e-13)
            << Term::name << " n=" << n << " width=" << width;
        EXPECT_LT(relative_difference(run_twin<float, Ph, Term>(q, options).residual, expected, floor), 1e-4)
            << Term::name << " n=" << n << " width=" << width;
      }
  });
}

TYPED_TEST(CudaFusedTwin, GradientEqualsCentralDifferencesOfTheReference) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    for (const Activation activation : {Activation::tanh, Activation::sin, Activation::silu, Activation::gelu}) {
      const auto q = Problem<Ph>::template make<Term>(37, 6, 2, activation, 7);
      const auto in_double = run_twin<double, Ph, Term>(q, {.max_blocks = 2});
      std::vector<double> expected(q.weights.size());
      for (std::size_t k = 0; k < expected.size(); ++k) expected[k] = reference_slope<Ph, Term>(q, k);
      const double loss = reference_loss<Ph, Term>(q, q.weights);
      EXPECT_LT(relative_difference(in_double.gradient, expected), 3e-8) << Term::name;
      const double found =
          std::inner_product(in_double.loss.begin(), in_double.loss.end(), q.equation_weight.begin(), 0.);
      EXPECT_NEAR(found, loss, 1e-12 * loss) << Term::name;

      const auto in_float = run_twin<float, Ph, Term>(q, {.max_blocks = 2});
      EXPECT_LT(relative_difference(in_float.gradient, in_double.gradient, 1e-2), 1e-3) << Term::name;
      EXPECT_LT(relative_difference(in_float.loss, in_double.loss, 1e-2), 1e-3) << Term::name;
    }
  });
}

/// Widths beside the blockings (8 features of a thread, 64 of a block, 16 of its square), several tiles in a block.
TYPED_TEST(CudaFusedTwin, GradientOfOddWidthsEqualsCentralDifferencesInEveryLayer) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  for (const int width : {7, 8, 17, 65, 81}) {
    const auto q = Problem<Ph>::template make<Term>(70, width, 3, Activation::tanh, 3);
    const auto found = run_twin<double, Ph, Term>(q, {.max_blocks = 2});
    std::mt19937 rng(11);
    for (int l = 0; l < q.shape.layers(); ++l) {
      const auto first = std::size_t(q.shape.offset(l)), last = std::size_t(q.shape.offset(l + 1)) - 1;
      std::vector<double> expected, sampled;
      const auto sample = [&](std::size_t k) {
        expected.push_back(reference_slope<Ph, Term>(q, k));
        sampled.push_back(found.gradient[k]);
      };
      sample(first);
      sample(last - std::size_t(q.shape.fan_out(l)));  // the last weight; the last bias
      sample(last);
      for (int k = 0; k < 6; ++k) sample(std::uniform_int_distribution<std::size_t>(first, last)(rng));
      EXPECT_LT(relative_difference(sampled, expected), 3e-8) << "width=" << width << " layer=" << l;
    }
  }
}

template <class S>
void expect_same_bits(const Outcome<S>& a, const Outcome<S>& b) {
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.gradient, b.gradient);
  EXPECT_EQ(a.residual, b.residual);
}

TYPED_TEST(CudaFusedTwin, OrderOfThreadsWithinAPhaseDoesNotMatter) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(70, 21, 2, Activation::tanh);
    expect_same_bits(run_twin<float, Ph, Term>(q), run_twin<float, Ph, Term>(q, {.backward = true}));
  });
}

TYPED_TEST(CudaFusedTwin, PanelsInTheWorkspaceGiveTheSameBits) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(70, 21, 2, Activation::tanh);
    expect_same_bits(run_twin<float, Ph, Term>(q), run_twin<float, Ph, Term>(q, {.shared_limit = 0}));
  });
}

TYPED_TEST(CudaFusedTwin, WithoutGradientLossAndResidualsDifferByRoundingOnly) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(70, 21, 2, Activation::tanh);
    const auto with = run_twin<double, Ph, Term>(q), without = run_twin<double, Ph, Term>(q, {.gradient = false});
    EXPECT_LT(relative_difference(with.loss, without.loss), 1e-13);
    EXPECT_LT(relative_difference(with.residual, without.residual), 1e-13);
  });
}

TYPED_TEST(CudaFusedTwin, NumberOfBlocksChangesOnlyRounding) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  const auto q = Problem<Ph>::template make<Term>(333, 12, 2, Activation::silu);
  const auto one = run_twin<double, Ph, Term>(q, {.max_blocks = 1});
  for (const int blocks : {2, 3, 264}) {
    const auto several = run_twin<double, Ph, Term>(q, {.max_blocks = blocks});
    EXPECT_LT(relative_difference(several.gradient, one.gradient), 1e-12);
    EXPECT_LT(relative_difference(several.loss, one.loss), 1e-13);
    EXPECT_EQ(several.residual, one.residual);
  }
}

TEST(CudaFused, OfNoPointsIsZero) {
  using Ph = physics::LeachColumn;
  const auto q = Problem<Ph>::make<Ph::Interior>(0, 8, 2, Activation::tanh);
  const auto outcome = run_twin<double, Ph, Ph::Interior>(q);
  EXPECT_EQ(outcome.loss, std::vector<double>(2));
  EXPECT_EQ(outcome.gradient, std::vector<double>(q.weights.size()));
}

TEST(CudaFused, PlanKeepsItsPartsApartAndAligned) {
  const MlpShape shape{3, 37, 4, 2, Activation::tanh};
  constexpr auto propagation = kPlain<physics::Transport2d, physics::Transport2d::Interior>.propagation;
  static_assert(propagation.count() == 6);
  for (const std::size_t shared_limit : {std::size_t(0), std::size_t(1) << 20}) {
    const auto plan = cuda::TilePlan::of<float>(shape, propagation.count(), propagation.curved, 2, 1000,
                                                cuda::Pass::gradient, shared_limit);
    EXPECT_EQ(plan.blocks, 32);
    EXPECT_GE(plan.gradient_at, 32 * 2 * sizeof(double));
    EXPECT_GE(plan.tape_at, plan.gradient_at + 32 * std::size_t(shape.parameters()) * sizeof(float));
    EXPECT_GE(plan.panels_at, plan.tape_at + 32 * (3 + 4 * 37) * 6 * 32 * sizeof(float));
    EXPECT_GE(plan.bytes, plan.panels_at + (shared_limit ? 0 : 32 * 2 * plan.panel * sizeof(float)));
    for (const std::size_t at : {plan.gradient_at, plan.tape_at, plan.panels_at, plan.shared_panels_at})
      EXPECT_EQ(at % 256, 0u);
    EXPECT_EQ(plan.panel * sizeof(float) % 16, 0u);
  }
}

TEST(CudaFused, PartialSumsAddUpInEveryColumn) {
  for (const int rows : {0, 1, 7, 8, 50})
    for (const std::int64_t columns : {1, 31, 32, 70}) {
      std::vector<float> partial(std::size_t(rows * columns)), out(std::size_t(columns), NAN);
      std::iota(partial.begin(), partial.end(), 1.f);
      double storage[cuda::kThreads];
      for (std::int64_t k = 0; k * cuda::kLanes < columns; ++k)
        cuda::sum_partials(cuda::HostBlock{}, k, partial.data(), rows, columns, out.data(), storage);
      for (std::int64_t c = 0; c < columns; ++c)
        EXPECT_EQ(out[std::size_t(c)], float(rows * (c + 1) + columns * rows * (rows - 1) / 2)) << rows << " " << c;
    }
}

}  // namespace
}  // namespace residua
