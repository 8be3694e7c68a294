// The fused CUDA kernels whose warps multiply by tensor cores, run on the host, against those whose threads do.
#include <gtest/gtest.h>

#include "tests/kernels/cuda_twin.hpp"

namespace residua {
namespace {

using namespace testing_support;
using cuda::PerThread, cuda::SplitTf32, cuda::Tf32Step, cuda::WholeDoubles;

template <class Ph>
struct CudaTensorTwin : testing::Test {};
TYPED_TEST_SUITE(CudaTensorTwin, AsTypes<Representatives>::Type, PhysicsName);

constexpr int kWidths[] = {9, 17, 33, 64};  // beside the blocks of 8 and 16 features, and of several rows of blocks

template <class S>
double difference(const Outcome<S>& found, const Outcome<double>& expected) {
  return std::max(
      {relative_difference(found.gradient, expected.gradient, 1e-2),
       relative_difference(found.loss, expected.loss, 1e-2),
       relative_difference(found.residual, expected.residual, std::sqrt(double(expected.residual.size())))});
}

TYPED_TEST(CudaTensorTwin, DoublesEqualThoseOfThreads) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  for (const int width : kWidths) {
    const auto q = Problem<Ph>::template make<Term>(45, width, 3, Activation::tanh, 5);
    const TwinOptions options{.max_blocks = 2};
    EXPECT_LT(difference(run_twin<double, Ph, Term, WholeDoubles>(q, options), run_twin<double, Ph, Term>(q, options)),
              1e-12)
        << "width " << width;
  }
}

TYPED_TEST(CudaTensorTwin, SplitFloatsAreAsAccurateAsThoseOfThreads) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  for (const int width : kWidths) {
    const auto q = Problem<Ph>::template make<Term>(45, width, 3, Activation::tanh, 5);
    const auto exact = run_twin<double, Ph, Term>(q);
    EXPECT_LT((difference(run_twin<float, Ph, Term, SplitTf32>(q), exact)),
              2 * difference(run_twin<float, Ph, Term>(q), exact) + 1e-6)
        << "width " << width;
  }
}

TYPED_TEST(CudaTensorTwin, OrderOfWarpsAndPlaceOfPanelsDoNotMatter) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  const auto q = Problem<Ph>::template make<Term>(70, 21, 2, Activation::silu);
  const auto expected = run_twin<float, Ph, Term, SplitTf32>(q);
  for (const TwinOptions options : {TwinOptions{.backward = true}, TwinOptions{.shared_limit = 0}}) {
    const auto found = run_twin<float, Ph, Term, SplitTf32>(q, options);
    EXPECT_EQ(found.loss, expected.loss);
    EXPECT_EQ(found.gradient, expected.gradient);
    EXPECT_EQ(found.residual, expected.residual);
  }
}

// Mistakes that one makes with fragments, each of which has to show here, where no GPU is needed. A mistaken step still
// multiplies as the hardware does; only its notion of what lies where is wrong.

template <class Mistaken>
struct Mistake : SplitTf32 {
  using Step = Mistaken;
};
struct RowsOfASwapped : Tf32Step {
  RESIDUA_HD static constexpr int a_row(int lane, int k) { return lane / 4 + 8 * (k / 2); }
  RESIDUA_HD static constexpr int a_depth(int lane, int k) { return lane % 4 + 4 * (k % 2); }
};
struct HalvesOfBSwapped : Tf32Step {
  RESIDUA_HD static constexpr int b_depth(int lane, int k) { return lane % 4 + 4 * (1 - k); }
};
struct BTransposed : Tf32Step {
  RESIDUA_HD static constexpr int b_depth(int lane, int) { return lane / 4; }
  RESIDUA_HD static constexpr int b_column(int lane, int k) { return lane % 4 + 4 * k; }
};
struct ColumnsOfCNotInPairs : Tf32Step {
  RESIDUA_HD static constexpr int c_column(int lane, int k) { return lane % 4 + 4 * (k % 2); }
};
struct RowsOfCTheSame : Tf32Step {
  RESIDUA_HD static constexpr int c_row(int lane, int) { return lane / 4; }
};

template <class Mistaken>
struct SeededMistake : testing::Test {};
using Mistakes = testing::Types<RowsOfASwapped, HalvesOfBSwapped, BTransposed, ColumnsOfCNotInPairs, RowsOfCTheSame>;
TYPED_TEST_SUITE(SeededMistake, Mistakes);

TYPED_TEST(SeededMistake, Shows) {
  using Ph = physics::Heat;
  const auto q = Problem<Ph>::make<Ph::Interior>(45, 17, 3, Activation::tanh, 5);
  const auto exact = run_twin<double, Ph, Ph::Interior>(q);
  EXPECT_FALSE((difference(run_twin<float, Ph, Ph::Interior, Mistake<TypeParam>>(q), exact)) < 1e-2);  // or no number
}

/// Without the lower halves a product has the accuracy of TF32 only.
struct LowerHalvesLost : SplitTf32 {
  template <class Operand>
  RESIDUA_HD static void set(Operand& to, int lane, int k, float value) {
    SplitTf32::set(to, lane, k, cuda::to_tf32(value));
  }
};

TEST(SeededMistake, OfPrecisionShows) {
  using Ph = physics::Heat;
  const auto q = Problem<Ph>::make<Ph::Interior>(45, 33, 3, Activation::tanh, 5);
  const auto exact = run_twin<double, Ph, Ph::Interior>(q);
  EXPECT_GT((difference(run_twin<float, Ph, Ph::Interior, LowerHalvesLost>(q), exact)),
            20 * difference(run_twin<float, Ph, Ph::Interior, SplitTf32>(q), exact));
}

}  // namespace
}  // namespace residua
