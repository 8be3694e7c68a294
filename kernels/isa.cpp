#include "kernels/isa.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <cstdlib>
#include <tuple>

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

const Isa kIsas[] = {{"avx512",
                      [] {
                        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                               __builtin_cpu_supports("fma");
                      },
                      {avx512::term_kernel<float>, avx512::term_kernel<double>},
                      avx512::gram_kernel},
                     {"avx2",
                      [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); },
                      {avx2::term_kernel<float>, avx2::term_kernel<double>},
                      avx2::gram_kernel},
                     {"baseline",
                      [] { return true; },
                      {baseline::term_kernel<float>, baseline::term_kernel<double>},
                      baseline::gram_kernel}};

const Isa& find_isa(std::string_view name) {
  for (const Isa& isa : kIsas)
    if (name == isa.name && isa.supported()) return isa;
  throw Error(fmt::format("instruction set '{}' is not available on this machine: expected one of {}", name,
                          fmt::join(supported_isas(), ", ")));
}

const Isa& initial_isa() {
  if (const char* forced = std::getenv("RESIDUA_FORCE_ISA")) return find_isa(forced);
  for (const Isa& isa : kIsas)
    if (isa.supported()) return isa;
  return kIsas[2];
}

std::atomic<const Isa*>& active() {
  static std::atomic<const Isa*> isa{&initial_isa()};
  return isa;
}

}  // namespace

std::vector<std::string> supported_isas() {
  std::vector<std::string> names;
  for (const Isa& isa : kIsas)
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
