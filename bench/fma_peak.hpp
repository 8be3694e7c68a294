#pragma once

namespace residua::bench {

/// Floating-point operations per second (an FMA counts as two) of the best 5 ms within about 30 ms, on this many
/// threads at once, by register arithmetic alone in the instruction set that the kernels use now. Not a constant of the
/// machine: clocks and neighbours change, so compare with it only what ran within the same second.
template <class S>
double fma_peak(int threads);

}  // namespace residua::bench
