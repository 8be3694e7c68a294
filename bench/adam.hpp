#pragma once
#include <cstdint>

struct CUstream_st;

namespace residua::bench {

/// Adam on the device, as plainly as a step of training needs it.
template <class S>
struct Adam {
  std::int64_t count = 0;
  const S* gradient = nullptr;  ///< [count]
  S *weights = nullptr, *mean = nullptr, *square = nullptr;
  S rate = S(1e-3);
  int step = 1;  ///< from one on

  void queue(CUstream_st* stream) const;
};

}  // namespace residua::bench
