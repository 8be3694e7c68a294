#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/cuda/block.hpp"

// Matrix products by the tensor cores, with a twin for the host. A step multiplies two small matrices that lie
// scattered over the registers of a warp's lanes, as the PTX ISA lays them out (mma.m16n8k8 for TF32, mma.m8n8k4 for
// doubles). On the device a fragment holds the registers of the calling lane; on the host, those of all lanes one after
// the other, so that a body written for a warp runs on the host as it stands and a wrong index shows.

namespace residua::cuda {

/// One T of each of kHolders that work together: lanes of a warp, threads of a larger group, warps or groups of a
/// block. On the device that of the calling one, in its registers from phase to phase.
template <class T, int kHolders>
class HeldBy {
 public:
  RESIDUA_HD T& at(int holder) { return values_[slot(holder)]; }
  RESIDUA_HD const T& at(int holder) const { return values_[slot(holder)]; }

 private:
#ifdef __CUDA_ARCH__
  static constexpr int kSlots = 1;
  RESIDUA_HD static constexpr int slot(int) { return 0; }
#else
  static constexpr int kSlots = kHolders;
  RESIDUA_HD static constexpr int slot(int holder) { return holder; }
#endif
  T values_[kSlots]{};
};

/// `kCount` registers of every lane of a warp, or of every thread of a larger group.
template <class T, int kCount, int kHolders = kLanes>
class Fragment {
 public:
  RESIDUA_HD T& at(int lane, int k) { return registers_.at(lane)[k]; }
  RESIDUA_HD const T& at(int lane, int k) const { return registers_.at(lane)[k]; }

 private:
  HeldBy<T[kCount], kHolders> registers_;
};

/// use(lane) for the calling lane; on the host for all lanes of the warp, or of the larger group.
template <int kHolders = kLanes, class Use>
RESIDUA_HD void for_lanes(Use&& use) {
#ifdef __CUDA_ARCH__
  use(int(threadIdx.x) % kHolders);
#else
  for (int lane = 0; lane < kHolders; ++lane) use(lane);
#endif
}

/// A float as TF32: eight bits of exponent and ten of fraction, rounded to nearest, ties away from zero (cvt.rna).
RESIDUA_HD inline float to_tf32(float x) {
#ifdef __CUDA_ARCH__
  std::uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return __uint_as_float(bits);
#else
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7f800000u) != 0x7f800000u) bits = (bits + 0x1000u) & ~0x1fffu;
  std::memcpy(&x, &bits, sizeof bits);
  return x;
#endif
}

/// D = A B + C for A [16][8], B [8][8], C and D [16][8] of floats. Operands count as TF32, as they come out of
/// to_tf32().
struct Tf32Step {
  using Scalar = float;
  static constexpr int kRows = 16, kColumns = 8, kDepth = 8;
  static constexpr int kA = 4, kB = 2, kC = 4;  ///< registers of a lane
  using A = Fragment<float, kA>;
  using B = Fragment<float, kB>;
  using C = Fragment<float, kC>;

  // Where register k of a lane lies in its matrix.
  RESIDUA_HD static constexpr int a_row(int lane, int k) { return lane / 4 + 8 * (k % 2); }
  RESIDUA_HD static constexpr int a_depth(int lane, int k) { return lane % 4 + 4 * (k / 2); }
  RESIDUA_HD static constexpr int b_depth(int lane, int k) { return lane % 4 + 4 * k; }
  RESIDUA_HD static constexpr int b_column(int lane, int) { return lane / 4; }
  RESIDUA_HD static constexpr int c_row(int lane, int k) { return lane / 4 + 8 * (k / 2); }
  RESIDUA_HD static constexpr int c_column(int lane, int k) { return 2 * (lane % 4) + k % 2; }

  RESIDUA_HD static void multiply_add(C& c, const A& a, const B& b);
};

/// The same for doubles: A [8][4], B [4][8], C [8][8], in IEEE arithmetic.
struct DoubleStep {
  using Scalar = double;
  static constexpr int kRows = 8, kColumns = 8, kDepth = 4;
  static constexpr int kA = 1, kB = 1, kC = 2;
  using A = Fragment<double, kA>;
  using B = Fragment<double, kB>;
  using C = Fragment<double, kC>;

  RESIDUA_HD static constexpr int a_row(int lane, int) { return lane / 4; }
  RESIDUA_HD static constexpr int a_depth(int lane, int) { return lane % 4; }
  RESIDUA_HD static constexpr int b_depth(int lane, int) { return lane % 4; }
  RESIDUA_HD static constexpr int b_column(int lane, int) { return lane / 4; }
  RESIDUA_HD static constexpr int c_row(int lane, int) { return lane / 4; }
  RESIDUA_HD static constexpr int c_column(int lane, int k) { return 2 * (lane % 4) + k; }

  RESIDUA_HD static void multiply_add(C& c, const A& a, const B& b);
};

/// The host's step: gathers the scattered matrices, multiplies, scatters. Products and their sum in double, rounded to
/// the result by `round`.
template <class Step, class Round>
void multiply_add_on_host(typename Step::C& c, const typename Step::A& a, const typename Step::B& b, Round&& round) {
  double left[Step::kRows][Step::kDepth], right[Step::kDepth][Step::kColumns];
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int k = 0; k < Step::kA; ++k) left[Step::a_row(lane, k)][Step::a_depth(lane, k)] = a.at(lane, k);
    for (int k = 0; k < Step::kB; ++k) right[Step::b_depth(lane, k)][Step::b_column(lane, k)] = b.at(lane, k);
  }
  for (int lane = 0; lane < kLanes; ++lane)
    for (int k = 0; k < Step::kC; ++k) {
      double sum = c.at(lane, k);
      for (int d = 0; d < Step::kDepth; ++d) sum += left[Step::c_row(lane, k)][d] * right[d][Step::c_column(lane, k)];
      c.at(lane, k) = round(sum);
    }
}

/// A double as the tensor cores leave a sum in single precision: what does not fit is cut off.
inline float toward_zero(double x) {
  const float nearest = float(x);
  return std::abs(double(nearest)) > std::abs(x) ? std::nextafter(nearest, 0.0f) : nearest;
}

RESIDUA_HD inline void Tf32Step::multiply_add(C& c, const A& a, const B& b) {
#ifdef __CUDA_ARCH__
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c.at(0, 0)), "+f"(c.at(0, 1)), "+f"(c.at(0, 2)), "+f"(c.at(0, 3))
      : "r"(__float_as_uint(a.at(0, 0))), "r"(__float_as_uint(a.at(0, 1))), "r"(__float_as_uint(a.at(0, 2))),
        "r"(__float_as_uint(a.at(0, 3))), "r"(__float_as_uint(b.at(0, 0))), "r"(__float_as_uint(b.at(0, 1))));
#else
  multiply_add_on_host<Tf32Step>(c, a, b, toward_zero);
#endif
}

RESIDUA_HD inline void DoubleStep::multiply_add(C& c, const A& a, const B& b) {
#ifdef __CUDA_ARCH__
  asm("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%0,%1};"
      : "+d"(c.at(0, 0)), "+d"(c.at(0, 1))
      : "d"(a.at(0, 0)), "d"(b.at(0, 0)));
#else
  multiply_add_on_host<DoubleStep>(c, a, b, [](double sum) { return sum; });
#endif
}

}  // namespace residua::cuda
