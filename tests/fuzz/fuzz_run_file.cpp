// The reader of run files.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "pinn/run_file.hpp"
#include "tests/fuzz/attempt.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace residua;
  const std::string text(reinterpret_cast<const char*>(data), size);
  attempt([&] {
    const RunFile run = RunFile::parse(text, "run.toml");
    const PhysicsInfo& physics = find_physics(run.physics);
    if (run.stages.empty() || run.steps() < 0) std::abort();
    for (const auto& table : {physics.coords, physics.params})
      for (const Quantity& quantity : table) {
        const Range range = run.range(quantity);
        if (!std::isfinite(range.lower) || !(range.lower <= range.upper)) std::abort();
      }
  });
  return 0;
}
