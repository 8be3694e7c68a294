#pragma once
#include "kernels/core/unroll.hpp"
#include "kernels/cuda/mma.hpp"

namespace residua::cuda {

/// Products of floats by three TF32 products of their upper and lower halves, which keeps the accuracy of float
/// arithmetic: a b = a_high b_high + a_high b_low + a_low b_high, what is left being below the rounding of a float
/// (Ootomo & Yokota, arXiv 2203.03341). The tensor cores cut off what does not fit into a sum, always towards zero; so
/// the large products are added up outside of them, where errors of rounding cancel, and only the small ones inside.
struct SplitTf32 {
  using Step = Tf32Step;
  using Scalar = float;
  struct A {
    Step::A high, low;
  };
  struct B {
    Step::B high, low;
  };
  struct Sum {
    Step::C large, small;
  };

  template <class Operand>
  RESIDUA_HD static void set(Operand& to, int lane, int k, float value) {
    to.high.at(lane, k) = to_tf32(value);
    to.low.at(lane, k) = to_tf32(value - to.high.at(lane, k));
  }
  RESIDUA_HD static void multiply_add(Sum& sum, const A& a, const B& b) {
    Step::C large;
    Step::multiply_add(large, a.high, b.high);
    Step::multiply_add(sum.small, a.high, b.low);
    Step::multiply_add(sum.small, a.low, b.high);
    for_lanes([&](int lane) {
      for (int k = 0; k < Step::kC; ++k) sum.large.at(lane, k) += large.at(lane, k);
    });
  }
  RESIDUA_HD static float value(const Sum& sum, int lane, int k) {
    return sum.large.at(lane, k) + sum.small.at(lane, k);
  }
};

/// Products of doubles as the tensor cores have them.
struct WholeDoubles {
  using Step = DoubleStep;
  using Scalar = double;
  using A = Step::A;
  using B = Step::B;
  using Sum = Step::C;

  template <class Operand>
  RESIDUA_HD static void set(Operand& to, int lane, int k, double value) {
    to.at(lane, k) = value;
  }
  RESIDUA_HD static void multiply_add(Sum& sum, const A& a, const B& b) { Step::multiply_add(sum, a, b); }
  RESIDUA_HD static double value(const Sum& sum, int lane, int k) { return sum.at(lane, k); }
};

/// A matrix product by one warp: Rows x Columns blocks, each as large as a step's result, in the warp's registers.
template <class Arithmetic, int kRowBlocks, int kColumnBlocks>
class WarpProduct {
 public:
  using Step = typename Arithmetic::Step;
  using Scalar = typename Arithmetic::Scalar;

  /// Adds left(row, d) * right(d, column) for d < depth, row < kRowBlocks * Step::kRows and column in any of the column
  /// blocks: right(d, block, column in the block). Both are asked for d up to the next multiple of Step::kDepth, and
  /// have to answer zero where there is nothing.
  template <class Left, class Right>
  RESIDUA_HD void add(int depth, Left&& left, Right&& right) {
    for (int first = 0; first < depth; first += Step::kDepth) {
      typename Arithmetic::A a[kRowBlocks];
      for_lanes([&](int lane) {
        for (int block = 0; block < kRowBlocks; ++block)
          for (int k = 0; k < Step::kA; ++k)
            Arithmetic::set(a[block], lane, k,
                            left(block * Step::kRows + Step::a_row(lane, k), first + Step::a_depth(lane, k)));
      });
      for (int column = 0; column < kColumnBlocks; ++column) {
        typename Arithmetic::B b;
        for_lanes([&](int lane) {
          for (int k = 0; k < Step::kB; ++k)
            Arithmetic::set(b, lane, k, right(first + Step::b_depth(lane, k), column, Step::b_column(lane, k)));
        });
        for (int block = 0; block < kRowBlocks; ++block) Arithmetic::multiply_add(sum_[block][column], a[block], b);
      }
    }
  }

  /// use(row, column in the block, values[column block]) for the entries that the calling lane holds.
  template <class Use>
  RESIDUA_HD void for_entries(Use&& use) const {
    constexpr int kEntries = kRowBlocks * Step::kC;
    for_lanes([&](int lane) {
      // A copy for the loop below to run over: what is only ever indexed by constants stays in registers.
      Scalar values[kEntries][kColumnBlocks];
      unroll<kEntries>([&](auto entry) {
        unroll<kColumnBlocks>([&](auto column) {
          values[entry][column] = Arithmetic::value(sum_[entry / Step::kC][column], lane, entry % Step::kC);
        });
      });
#ifdef __CUDA_ARCH__
#pragma unroll 1  // an activation is long
#endif
      for (int entry = 0; entry < kEntries; ++entry) {
        const int k = entry % Step::kC;
        use(entry / Step::kC * Step::kRows + Step::c_row(lane, k), Step::c_column(lane, k), values[entry]);
      }
    });
  }

 private:
  typename Arithmetic::Sum sum_[kRowBlocks][kColumnBlocks]{};
};

}  // namespace residua::cuda
