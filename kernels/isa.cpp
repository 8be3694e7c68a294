#include "kernels/isa.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <cstdlib>
#include <vector>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

/// One instruction set, and whether this machine has it.
struct Isa {
  const char* name;
  bool (*supported)();
};

/// What this build has, the widest first.
const std::vector<Isa>& built_isas() {
  static const std::vector<Isa> all = [] {
    std::vector<Isa> list;
    if constexpr (isa_is_built("avx512"))
      list.push_back({"avx512", [] {
                        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                               __builtin_cpu_supports("fma");
                      }});
    if constexpr (isa_is_built("avx2"))
      list.push_back({"avx2", [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }});
    if constexpr (isa_is_built("baseline")) list.push_back({"baseline", [] { return true; }});
    return list;
  }();
  return all;
}

const Isa& find_isa(std::string_view name) {
  for (const Isa& isa : built_isas())
    if (name == isa.name && isa.supported()) return isa;
  throw Error(fmt::format("instruction set '{}' is not available on this machine: expected one of {}", name,
                          fmt::join(supported_isas(), ", ")));
}

const Isa& initial_isa() {
  if (const char* forced = std::getenv("RESIDUA_FORCE_ISA")) return find_isa(forced);
  for (const Isa& isa : built_isas())
    if (isa.supported()) return isa;
  throw Error("this machine has none of the instruction sets that this build was made for: " RESIDUA_ISAS);
}

std::atomic<const Isa*>& active() {
  static std::atomic<const Isa*> isa{&initial_isa()};
  return isa;
}

}  // namespace

std::vector<std::string> supported_isas() {
  std::vector<std::string> names;
  for (const Isa& isa : built_isas())
    if (isa.supported()) names.emplace_back(isa.name);
  return names;
}

std::string_view active_isa() { return active().load()->name; }

void force_isa(std::string_view name) { active() = &find_isa(name); }

}  // namespace residua
