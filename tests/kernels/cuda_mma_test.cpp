// Tensor-core products on the host: where the lanes hold what, how operands are rounded, and what accuracy is left.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "kernels/cuda/group_product.hpp"

namespace residua::cuda {
namespace {

using Entry = std::pair<int, int>;

/// PTX ISA, "Matrix Fragments for mma.m16n8k8" with .tf32: groupID = lane / 4, threadID_in_group = lane % 4.
TEST(Tf32Step, HoldsItsOperandsWhereThePtxIsaSays) {
  constexpr int lane = 22;  // groupID 5, threadID_in_group 2
  const Entry a[] = {{5, 2}, {13, 2}, {5, 6}, {13, 6}}, b[] = {{2, 5}, {6, 5}},
              c[] = {{5, 4}, {5, 5}, {13, 4}, {13, 5}};
  for (int k = 0; k < 4; ++k) EXPECT_EQ(Entry(Tf32Step::a_row(lane, k), Tf32Step::a_depth(lane, k)), a[k]) << "a" << k;
  for (int k = 0; k < 2; ++k)
    EXPECT_EQ(Entry(Tf32Step::b_depth(lane, k), Tf32Step::b_column(lane, k)), b[k]) << "b" << k;
  for (int k = 0; k < 4; ++k) EXPECT_EQ(Entry(Tf32Step::c_row(lane, k), Tf32Step::c_column(lane, k)), c[k]) << "c" << k;
}

/// The same, "mma.m8n8k4 with .f64".
TEST(DoubleStep, HoldsItsOperandsWhereThePtxIsaSays) {
  constexpr int lane = 22;
  EXPECT_EQ(Entry(DoubleStep::a_row(lane, 0), DoubleStep::a_depth(lane, 0)), Entry(5, 2));
  EXPECT_EQ(Entry(DoubleStep::b_depth(lane, 0), DoubleStep::b_column(lane, 0)), Entry(2, 5));
  EXPECT_EQ(Entry(DoubleStep::c_row(lane, 0), DoubleStep::c_column(lane, 0)), Entry(5, 4));
  EXPECT_EQ(Entry(DoubleStep::c_row(lane, 1), DoubleStep::c_column(lane, 1)), Entry(5, 5));
}

template <class Step>
struct MmaStep : testing::Test {};
using Steps = testing::Types<Tf32Step, DoubleStep>;
TYPED_TEST_SUITE(MmaStep, Steps);

TYPED_TEST(MmaStep, HasEachEntryInExactlyOneRegister) {
  using Step = TypeParam;
  std::set<Entry> a, b, c;
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int k = 0; k < Step::kA; ++k) EXPECT_TRUE(a.insert({Step::a_row(lane, k), Step::a_depth(lane, k)}).second);
    for (int k = 0; k < Step::kB; ++k) EXPECT_TRUE(b.insert({Step::b_depth(lane, k), Step::b_column(lane, k)}).second);
    for (int k = 0; k < Step::kC; ++k) EXPECT_TRUE(c.insert({Step::c_row(lane, k), Step::c_column(lane, k)}).second);
  }
  EXPECT_EQ(int(a.size()), Step::kRows * Step::kDepth);
  EXPECT_EQ(int(b.size()), Step::kDepth * Step::kColumns);
  EXPECT_EQ(int(c.size()), Step::kRows * Step::kColumns);
}

TEST(ToTf32, KeepsTenBitsOfFractionAndRoundsTiesAwayFromZero) {
  EXPECT_EQ(to_tf32(1.0f + 0x1p-10f), 1.0f + 0x1p-10f);
  EXPECT_EQ(to_tf32(1.0f + 0x1p-11f), 1.0f + 0x1p-10f);
  EXPECT_EQ(to_tf32(-1.0f - 0x1p-11f), -1.0f - 0x1p-10f);
  EXPECT_EQ(to_tf32(1.0f + 0x1.ffcp-12f), 1.0f);
  EXPECT_EQ(to_tf32(0.0f), 0.0f);
  EXPECT_TRUE(std::isnan(to_tf32(std::nanf(""))));
  EXPECT_TRUE(std::isinf(to_tf32(INFINITY)));
}

TEST(ToTf32, LeavesARemainderThatTwoHalvesHold) {
  std::mt19937 rng(1);
  std::uniform_real_distribution<float> any(-10, 10);
  for (int i = 0; i < 1000; ++i) {
    const float x = any(rng), high = to_tf32(x), low = to_tf32(x - high);
    EXPECT_LE(std::abs(double(x) - high - low), std::abs(x) * 0x1p-22) << x;
  }
}

TEST(Tf32Step, CutsOffWhatASumCannotHold) {
  Tf32Step::A a;
  Tf32Step::B b;
  Tf32Step::C c;
  for_lanes([&](int lane) {
    for (int k = 0; k < Tf32Step::kA; ++k) a.at(lane, k) = Tf32Step::a_depth(lane, k) == 0 ? 1.0f : 0.0f;
    for (int k = 0; k < Tf32Step::kB; ++k) b.at(lane, k) = Tf32Step::b_depth(lane, k) == 0 ? 0x1.8p-24f : 0.0f;
    for (int k = 0; k < Tf32Step::kC; ++k) c.at(lane, k) = 1.0f;
  });
  Tf32Step::multiply_add(c, a, b);  // to the nearest it would be 1 + 2^-23
  EXPECT_EQ(c.at(0, 0), 1.0f);
}

template <class Arithmetic>
struct WarpProductOf : testing::Test {
  using Scalar = typename Arithmetic::Scalar;
  using Step = typename Arithmetic::Step;
  static constexpr int kRowBlocks = 2, kColumnBlocks = 3;
  static constexpr int kRows = kRowBlocks * Step::kRows, kColumns = kColumnBlocks * Step::kColumns;

  /// The largest error of the product of two random matrices, over the sum of the magnitudes of its terms.
  static double error(int depth, std::uint64_t seed) {
    std::mt19937_64 rng(seed);
    std::normal_distribution<double> normal;
    std::vector<Scalar> left(std::size_t(kRows * depth)), right(std::size_t(depth * kColumns));
    for (auto* matrix : {&left, &right})
      for (Scalar& x : *matrix) x = Scalar(normal(rng));
    WarpProduct<Arithmetic, kRowBlocks, kColumnBlocks> product;
    product.add(
        depth, [&](int row, int d) { return d < depth ? left[std::size_t(row * depth + d)] : Scalar(0); },
        [&](int d, int block, int column) {
          return d < depth ? right[std::size_t(d * kColumns + block * Step::kColumns + column)] : Scalar(0);
        });
    double worst = 0;
    product.for_entries([&](int row, int column, const Scalar* values) {
      for (int block = 0; block < kColumnBlocks; ++block) {
        double sum = 0, size = 0;
        for (int d = 0; d < depth; ++d) {
          const double term = double(left[std::size_t(row * depth + d)]) *
                              double(right[std::size_t(d * kColumns + block * Step::kColumns + column)]);
          sum += term;
          size += std::abs(term);
        }
        worst = std::max(worst, std::abs(double(values[block]) - sum) / size);
      }
    });
    return worst;
  }
};
using Arithmetics = testing::Types<SplitTf32, WholeDoubles>;
TYPED_TEST_SUITE(WarpProductOf, Arithmetics);

TYPED_TEST(WarpProductOf, HasTheAccuracyOfItsScalar) {
  const double rounding = std::is_same_v<typename TypeParam::Scalar, float> ? 0x1p-24 : 0x1p-53;
  for (const int depth : {1, 3, 8, 13, 64, 256})
    EXPECT_LT(TestFixture::error(depth, std::uint64_t(depth)), 8 * rounding) << "depth " << depth;
}

/// PTX ISA, "Register Fragments for wgmma.mma_async.m64nNk8": warp 2 of the group has rows 32 to 47.
TEST(GroupStep, HoldsItsOperandsWhereThePtxIsaSays) {
  using Step = GroupStep<16>;
  constexpr int thread = 2 * kLanes + 22;  // groupID 5, threadID_in_group 2
  const Entry a[] = {{37, 2}, {45, 2}, {37, 6}, {45, 6}},
              c[] = {{37, 4}, {37, 5}, {45, 4}, {45, 5}, {37, 12}, {37, 13}, {45, 12}, {45, 13}};
  const auto row = [](int half) { return Step::row(Step::line(thread), half); };
  for (int k = 0; k < Step::kA; ++k) EXPECT_EQ(Entry(row(Step::a_half(k)), Step::a_depth(thread, k)), a[k]) << "a" << k;
  for (int k = 0; k < Step::kC; ++k)
    EXPECT_EQ(Entry(row(Step::c_half(k)), Step::c_column(thread, k)), c[k]) << "c" << k;
}

TEST(GroupStep, MultipliesWhatLiesInSharedMemory) {
  using Step = GroupStep<16>;
  constexpr int kNextDepth = 3 * SharedOperand::kPieceBytes, kNextColumn = SharedOperand::kPieceBytes;
  std::vector<float> shared(6 * SharedOperand::kPiece, NAN);  // 24 columns, of which the last 8 are not for this step
  const SharedOperand b{shared.data(), kNextDepth, kNextColumn};
  for (int d = 0; d < Step::kDepth; ++d)
    for (int column = 0; column < Step::kColumns; ++column)
      shared[std::size_t(b.offset(d, column))] = float(100 * d + column);
  Step::A a;
  Step::C c;
  for_lanes<kGroupThreads>([&](int thread) {
    for (int k = 0; k < Step::kA; ++k)  // row r reads depth r % 8, scaled
      a.at(thread, k) = Step::a_depth(thread, k) == Step::row(Step::line(thread), Step::a_half(k)) % 8 ? 2.0f : 0.0f;
  });
  for (const bool add : {false, true}) {
    Step::multiply(c, a, b, add);
    for_lanes<kGroupThreads>([&](int thread) {
      for (int k = 0; k < Step::kC; ++k) {
        const int row = Step::row(Step::line(thread), Step::c_half(k)), column = Step::c_column(thread, k);
        ASSERT_EQ(c.at(thread, k), float((add ? 2 : 1) * 2 * (100 * (row % 8) + column)));
      }
    });
  }
}

/// PTX ISA, "Matrix Descriptor Format": bits 0 to 13 the address, 16 to 29 the leading dimension's offset, which here
/// leads from depth to depth, 32 to 45 that of the other dimension, all in units of 16 bytes; no swizzling.
TEST(SharedOperand, DescribesItselfAsThePtxIsaSays) {
  const SharedOperand operand{nullptr, 1024, 128};
  EXPECT_EQ(operand.descriptor(0x12340), 0x0000'0008'0040'1234u);
  EXPECT_EQ(operand.descriptor(0x38000), 0x0000'0008'0040'3800u);  // the last of 227 KiB fit into 14 bits
}

TEST(SharedOperand, KeepsEveryEntryInAPlaceOfItsOwn) {
  const SharedOperand operand{nullptr, 8 * SharedOperand::kPieceBytes, SharedOperand::kPieceBytes};
  std::set<int> places;
  for (int d = 0; d < 32; ++d)
    for (int column = 0; column < 64; ++column) EXPECT_TRUE(places.insert(operand.offset(d, column)).second);
  EXPECT_EQ(*places.begin(), 0);
  EXPECT_EQ(*places.rbegin(), 32 * 64 - 1);
}

/// The largest error of a product by warp groups, over the sum of the magnitudes of its terms.
template <int kValues>
double error_by_groups(int depth) {
  using Product = GroupProduct<kValues>;
  constexpr int kLines = 32, kColumns = Product::kColumns;
  std::mt19937_64 rng{std::uint64_t(depth)};
  std::normal_distribution<double> normal;
  std::vector<float> left(std::size_t(kLines * kValues * depth)), right(std::size_t(depth * kColumns)),
      staged(Product::kStagedBytes / sizeof(float));
  for (auto* matrix : {&left, &right})
    for (float& x : *matrix) x = float(normal(rng));
  const auto left_at = [&](int line, int value, int d) {
    return d < depth ? left[std::size_t((line * kValues + value) * depth + d)] : 0.0f;
  };
  const auto right_at = [&](int d, int column) { return d < depth ? right[std::size_t(d * kColumns + column)] : 0.0f; };
  Product product;
  product.add(HostBlock{}, staged.data(), depth, left_at, right_at);
  double worst = 0;
  int entries = 0;
  product.for_entries(HostBlock{}, [&](int line, int column, const float(&values)[kValues]) {
    ++entries;
    for (int value = 0; value < kValues; ++value) {
      double sum = 0, size = 0;
      for (int d = 0; d < depth; ++d) {
        const double term = double(left_at(line, value, d)) * double(right_at(d, column));
        sum += term;
        size += std::abs(term);
      }
      worst = std::max(worst, std::abs(double(values[value]) - sum) / size);
    }
  });
  EXPECT_EQ(entries, kLines * kColumns);
  return worst;
}

TEST(GroupProduct, HasTheAccuracyOfFloats) {
  for (const int depth : {1, 3, 8, 13, 64, 256}) {
    EXPECT_LT(error_by_groups<1>(depth), 8 * 0x1p-24) << "depth " << depth;
    EXPECT_LT(error_by_groups<3>(depth), 8 * 0x1p-24) << "depth " << depth;
    EXPECT_LT(error_by_groups<4>(depth), 8 * 0x1p-24) << "depth " << depth;
    EXPECT_LT(error_by_groups<7>(depth), 8 * 0x1p-24) << "depth " << depth;
    EXPECT_LT(error_by_groups<12>(depth), 8 * 0x1p-24) << "depth " << depth;
  }
}

}  // namespace
}  // namespace residua::cuda
