#include "kernels/isa.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

/// One instruction set: its kernels in both precisions, and whether this machine can run them.
struct Isa {
  const char* name;
  bool (*supported)();
  std::tuple<const TermKernel<float>* (*)(TermId), const TermKernel<double>* (*)(TermId)> kernels;
  GramKernel (*gram)();
};

/// What this build has, the widest first.
const std::vector<Isa>& built_isas() {
  static const std::vector<Isa> all = [] {
    std::vector<Isa> list;
    if constexpr (isa_is_built("avx512"))
      list.push_back({"avx512",
                      [] {
                        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                               __builtin_cpu_supports("fma");
                      },
                      {avx512::term_kernel<float>, avx512::term_kernel<double>},
                      avx512::gram_kernel});
    if constexpr (isa_is_built("avx2"))
      list.push_back({"avx2",
                      [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); },
                      {avx2::term_kernel<float>, avx2::term_kernel<double>},
                      avx2::gram_kernel});
    if constexpr (isa_is_built("baseline"))
      list.push_back({"baseline",
                      [] { return true; },
                      {baseline::term_kernel<float>, baseline::term_kernel<double>},
                      baseline::gram_kernel});
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

template <class S>
const TermKernel<S>& active_term_kernel(TermId id) {
  const TermKernel<S>* kernel = std::get<const TermKernel<S>* (*)(TermId)>(active().load()->kernels)(id);
  if (!kernel)
    throw Error(fmt::format("no kernel: expected a term found by name, found physics {} term {}", id.physics, id.term));
  return *kernel;
}
GramKernel active_gram_kernel() { return active().load()->gram(); }

template const TermKernel<float>& active_term_kernel(TermId);
template const TermKernel<double>& active_term_kernel(TermId);

}  // namespace residua
