#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace residua {

/// A key of a run file that a sweep varies: over a list of values, or within a range.
struct SweepKey {
  std::string name;                 ///< as "network.width" or "stage.2.learning_rate": tables of an array count from 1
  std::vector<std::string> values;  ///< as TOML writes them; a word without quotes is a text
  double lower = 0, upper = 0;      ///< used if there are no values
  bool logarithmic = false, whole = false;  ///< of the range
};

/// Reads NAME=VALUE,VALUE,... or NAME=LOWER:UPPER or NAME=LOWER:UPPER:log. Throws Error for anything else.
SweepKey parse_sweep_key(const std::string& words);

/// One training of a sweep.
struct SweepRun {
  std::vector<std::string> values;  ///< of the keys, in their order
  std::string text;                 ///< of its run file
};

/// Every combination of the keys' values, the last key fastest. Throws Error for a key with a range.
std::vector<SweepRun> grid_of(const std::string& base, const std::vector<SweepKey>& keys);

/// That many combinations: ranges by a Sobol sequence, which fills them more evenly than random numbers, lists
/// likewise. The same for the same seed.
std::vector<SweepRun> samples_of(const std::string& base, const std::vector<SweepKey>& keys, int samples,
                                 std::uint64_t seed);

}  // namespace residua
