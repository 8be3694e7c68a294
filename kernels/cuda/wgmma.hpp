#pragma once
#include "kernels/cuda/mma.hpp"

// Matrix products by the four warps of a warp group, as GPUs of compute capability 9.0 have them (wgmma.mma_async of
// the PTX ISA, for TF32), with a twin for the host. The left operand and the sums lie scattered over the registers of
// the group's threads, as in mma.hpp; the right operand lies in shared memory. Only code for sm_90a may use it.

namespace residua::cuda {

/// A right operand in shared memory: columns whose depth is contiguous, in pieces ("core matrices") of 8 columns by 16
/// bytes, without swizzling. A piece is 128 contiguous bytes, column after column.
struct SharedOperand {
  static constexpr int kPieceColumns = 8, kPieceDepth = 4;    ///< of floats
  static constexpr int kPiece = kPieceColumns * kPieceDepth;  ///< floats
  static constexpr int kPieceBytes = kPiece * int(sizeof(float));

  const float* start;
  /// Bytes from the pieces of one depth to those of the next, and from those of one column to those of the next: what
  /// the PTX ISA calls the leading and the stride dimension's offset where depth is contiguous.
  int next_depth, next_column;

  /// Where an entry lies, in floats from the start.
  RESIDUA_HD int offset(int depth, int column) const {
    return (depth / kPieceDepth * next_depth + column / kPieceColumns * next_column) / int(sizeof(float)) +
           column % kPieceColumns * kPieceDepth + depth % kPieceDepth;
  }
  RESIDUA_HD float at(int depth, int column) const { return start[offset(depth, column)]; }

  /// The PTX ISA's matrix descriptor for an operand that starts at this address of shared memory: addresses and offsets
  /// in units of 16 bytes and 14 bits each, from bits 0, 16 and 32 on; no swizzling: zeros in bits 62 and 63.
  RESIDUA_HD std::uint64_t descriptor(std::uint32_t address) const {
    const auto field = [](std::uint32_t bytes) { return std::uint64_t(bytes >> 4 & 0x3fffu); };
    return field(address) | field(std::uint32_t(next_depth)) << 16 | field(std::uint32_t(next_column)) << 32;
  }
#ifdef __CUDA_ARCH__
  __device__ std::uint64_t descriptor() const { return descriptor(std::uint32_t(__cvta_generic_to_shared(start))); }
#endif
};

/// D = A B, or A B + D, for A [64][8], B [8][kWidth] and D [64][kWidth] of floats; operands count as TF32. It runs
/// beside what the threads do next: nobody may touch its registers or its part of shared memory before finish().
template <int kWidth>
struct GroupStep {
  static constexpr int kRows = 64, kColumns = kWidth, kDepth = 8;
  static constexpr int kA = 4, kC = kColumns / 2;  ///< registers of a thread
  using A = Fragment<float, kA, kGroupThreads>;
  using C = Fragment<float, kC, kGroupThreads>;

  // A thread holds two halves of each 16 rows: its line (one of 32) in the first and in the second 8 of them.
  RESIDUA_HD static constexpr int line(int thread) { return thread / kLanes * 8 + thread % kLanes / 4; }
  RESIDUA_HD static constexpr int row(int line, int half) { return line / 8 * 16 + half * 8 + line % 8; }
  RESIDUA_HD static constexpr int a_half(int k) { return k % 2; }
  RESIDUA_HD static constexpr int a_depth(int thread, int k) { return thread % 4 + 4 * (k / 2); }
  RESIDUA_HD static constexpr int c_half(int k) { return k / 2 % 2; }
  RESIDUA_HD static constexpr int c_column(int thread, int k) { return 8 * (k / 4) + 2 * (thread % 4) + k % 2; }

  /// What was stored to shared memory before becomes visible to the products; a barrier has to follow.
  RESIDUA_HD static void publish() {
#ifdef __CUDA_ARCH__
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
  }
  /// Before the first product over registers that were written to.
  RESIDUA_HD static void begin() {
#ifdef __CUDA_ARCH__
    __syncwarp();
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
  }
  /// Waits for all products so far.
  RESIDUA_HD static void finish() {
#ifdef __CUDA_ARCH__
    asm volatile("wgmma.commit_group.sync.aligned;\n\twgmma.wait_group.sync.aligned 0;" ::: "memory");
#endif
  }

  RESIDUA_HD static void multiply(C& c, const A& a, const SharedOperand& b, bool add) {
#ifdef __CUDA_ARCH__
    issue(c, a, b.descriptor(), add);
#else
    multiply_on_host(c, a, b, add);
#endif
  }

 private:
#ifndef __CUDA_ARCH__
  static void multiply_on_host(C& c, const A& a, const SharedOperand& b, bool add) {
    double left[kRows][kDepth];
    for_lanes<kGroupThreads>([&](int thread) {
      for (int k = 0; k < kA; ++k) left[row(line(thread), a_half(k))][a_depth(thread, k)] = a.at(thread, k);
    });
    for_lanes<kGroupThreads>([&](int thread) {
      for (int k = 0; k < kC; ++k) {
        double sum = add ? c.at(thread, k) : 0;
        for (int d = 0; d < kDepth; ++d)
          sum += left[row(line(thread), c_half(k))][d] * double(b.at(d, c_column(thread, k)));
        c.at(thread, k) = toward_zero(sum);
      }
    });
  }
#else
  __device__ static void issue(C& c, const A& a, std::uint64_t b, bool add) {
    const auto bits = [&](int k) { return __float_as_uint(a.at(0, k)); };
    if constexpr (kWidth == 8)
      asm volatile(
          "{\n\t.reg .pred p;\n\tsetp.ne.b32 p, %9, 0;\n\t"
          "wgmma.mma_async.sync.aligned.m64n8k8.f32.tf32.tf32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, %8, p, 1, 1;\n\t}"
          : "+f"(c.at(0, 0)), "+f"(c.at(0, 1)), "+f"(c.at(0, 2)), "+f"(c.at(0, 3))
          : "r"(bits(0)), "r"(bits(1)), "r"(bits(2)), "r"(bits(3)), "l"(b), "r"(int(add)));
    else if constexpr (kWidth == 16)
      asm volatile(
          "{\n\t.reg .pred p;\n\tsetp.ne.b32 p, %13, 0;\n\t"
          "wgmma.mma_async.sync.aligned.m64n16k8.f32.tf32.tf32 {%0,%1,%2,%3,%4,%5,%6,%7}, {%8,%9,%10,%11}, %12, "
          "p, 1, 1;\n\t}"
          : "+f"(c.at(0, 0)), "+f"(c.at(0, 1)), "+f"(c.at(0, 2)), "+f"(c.at(0, 3)), "+f"(c.at(0, 4)), "+f"(c.at(0, 5)),
            "+f"(c.at(0, 6)), "+f"(c.at(0, 7))
          : "r"(bits(0)), "r"(bits(1)), "r"(bits(2)), "r"(bits(3)), "l"(b), "r"(int(add)));
    else {
      static_assert(kWidth == 32);
      asm volatile(
          "{\n\t.reg .pred p;\n\tsetp.ne.b32 p, %21, 0;\n\t"
          "wgmma.mma_async.sync.aligned.m64n32k8.f32.tf32.tf32 "
          "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15}, {%16,%17,%18,%19}, %20, p, 1, 1;\n\t}"
          : "+f"(c.at(0, 0)), "+f"(c.at(0, 1)), "+f"(c.at(0, 2)), "+f"(c.at(0, 3)), "+f"(c.at(0, 4)), "+f"(c.at(0, 5)),
            "+f"(c.at(0, 6)), "+f"(c.at(0, 7)), "+f"(c.at(0, 8)), "+f"(c.at(0, 9)), "+f"(c.at(0, 10)),
            "+f"(c.at(0, 11)), "+f"(c.at(0, 12)), "+f"(c.at(0, 13)), "+f"(c.at(0, 14)), "+f"(c.at(0, 15))
          : "r"(bits(0)), "r"(bits(1)), "r"(bits(2)), "r"(bits(3)), "l"(b), "r"(int(add)));
    }
  }
#endif
};

}  // namespace residua::cuda
