#pragma once
#include "kernels/core/pack.hpp"  // first: it makes the namespace of this instruction set an inline one

namespace residua {

template <class S>
struct FmaLoop {
  S value;      ///< mean of all lanes at the end
  double flop;  ///< operations done
};

// x = x * factor + term in independent chains that fill the pipelines, starting from 0; once per instruction set.
namespace baseline {
template <class S>
FmaLoop<S> fma_loop(long rounds, S factor, S term);
}
namespace avx2 {
template <class S>
FmaLoop<S> fma_loop(long rounds, S factor, S term);
}
namespace avx512 {
template <class S>
FmaLoop<S> fma_loop(long rounds, S factor, S term);
}

}  // namespace residua
