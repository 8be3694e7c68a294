// The fused CUDA kernels whose warps or warp groups multiply by tensor cores, run on the host, against those whose
// threads do.
#include <gtest/gtest.h>

#include "tests/kernels/cuda_twin.hpp"

namespace residua {
namespace testing_support {

/// Warp groups with another notion of who holds what.
template <template <int> class Step>
struct GroupsOf {};

}  // namespace testing_support

template <template <int> class Step, int K>
struct cuda::LayerOf<testing_support::GroupsOf<Step>, float, K> {
  using Type = LayerByGroups<K, Step>;
};

namespace {

using namespace testing_support;
using cuda::GroupStep, cuda::PerThread, cuda::SplitTf32, cuda::Tf32Step, cuda::WarpGroups, cuda::WholeDoubles;

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
    const double allowed = 2 * difference(run_twin<float, Ph, Term>(q), exact) + 1e-6;
    EXPECT_LT((difference(run_twin<float, Ph, Term, SplitTf32>(q), exact)), allowed) << "width " << width;
    EXPECT_LT((difference(run_twin<float, Ph, Term, WarpGroups>(q), exact)), allowed) << "width " << width;
  }
}

template <class Ph, class Arithmetic>
void expect_the_same_in_any_order() {
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  const auto q = Problem<Ph>::template make<Term>(70, 21, 2, Activation::silu);
  const auto expected = run_twin<float, Ph, Term, Arithmetic>(q);
  for (const TwinOptions options : {TwinOptions{.backward = true}, TwinOptions{.shared_limit = 0}}) {
    const auto found = run_twin<float, Ph, Term, Arithmetic>(q, options);
    EXPECT_EQ(found.loss, expected.loss);
    EXPECT_EQ(found.gradient, expected.gradient);
    EXPECT_EQ(found.residual, expected.residual);
  }
}

TYPED_TEST(CudaTensorTwin, OrderOfWarpsAndPlaceOfPanelsDoNotMatter) {
  expect_the_same_in_any_order<TypeParam, SplitTf32>();
  expect_the_same_in_any_order<TypeParam, WarpGroups>();
}

TEST(CudaTensor, WarpGroupsTakeTheWidestNetworks) {
  using Ph = physics::Heat;
  const auto q = Problem<Ph>::make<Ph::Interior>(33, kMaxWidth, 2, Activation::tanh, 5);
  const auto exact = run_twin<double, Ph, Ph::Interior>(q);
  EXPECT_LT((difference(run_twin<float, Ph, Ph::Interior, WarpGroups>(q), exact)),
            2 * difference(run_twin<float, Ph, Ph::Interior>(q), exact) + 1e-6);
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

// The same of warp groups, whose right operands lie in shared memory.

template <int kWidth>
struct DepthOfAInPairs : GroupStep<kWidth> {
  RESIDUA_HD static constexpr int a_half(int k) { return k / 2; }
  RESIDUA_HD static constexpr int a_depth(int thread, int k) { return thread % 4 + 4 * (k % 2); }
};
template <int kWidth>
struct HalvesOfTheSumsSwapped : GroupStep<kWidth> {
  RESIDUA_HD static constexpr int c_half(int k) { return 1 - k / 2 % 2; }
};
template <int kWidth>
struct ColumnsOfTheSumsApart : GroupStep<kWidth> {
  RESIDUA_HD static constexpr int c_column(int thread, int k) { return 8 * (k / 4) + thread % 4 + 4 * (k % 2); }
};
/// As the PTX ISA names them where not depth but columns are contiguous.
template <int kWidth>
struct OffsetsOfBSwapped : GroupStep<kWidth> {
  using typename GroupStep<kWidth>::A, typename GroupStep<kWidth>::C;
  static void multiply(C& c, const A& a, const cuda::SharedOperand& b, bool add) {
    GroupStep<kWidth>::multiply(c, a, {b.start, b.next_column, b.next_depth}, add);
  }
};

template <class Mistaken>
struct SeededMistakeOfGroups : testing::Test {};
using MistakesOfGroups = testing::Types<GroupsOf<DepthOfAInPairs>, GroupsOf<HalvesOfTheSumsSwapped>,
                                        GroupsOf<ColumnsOfTheSumsApart>, GroupsOf<OffsetsOfBSwapped>>;
TYPED_TEST_SUITE(SeededMistakeOfGroups, MistakesOfGroups);

TYPED_TEST(SeededMistakeOfGroups, Shows) {
  using Ph = physics::Heat;
  const auto q = Problem<Ph>::make<Ph::Interior>(45, 17, 3, Activation::tanh, 5);
  const auto exact = run_twin<double, Ph, Ph::Interior>(q);
  EXPECT_FALSE((difference(run_twin<float, Ph, Ph::Interior, TypeParam>(q), exact)) < 1e-2);  // or no number
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
