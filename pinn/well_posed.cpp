#include "pinn/well_posed.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/core/one_line.hpp"

namespace residua {
namespace {

constexpr std::size_t kMostVaried = 20;  ///< a million corners; parameters beyond stay at their lower ends
constexpr std::size_t kQuoted = 200;     ///< bytes of a condition

/// Whether a name stands in a text as a word of its own, and not as a part of a longer name.
bool stands_in(std::string_view text, std::string_view name) {
  const auto of_a_name = [&](std::size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_');
  };
  for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1))
    if ((at == 0 || !of_a_name(at - 1)) && !of_a_name(at + name.size())) return true;
  return false;
}

/// With the values, in plant units, of the parameters that the condition names.
std::string describe(std::string_view condition, const PhysicsInfo& physics, const std::vector<double>& params) {
  std::string text = fmt::format("expected {}, found otherwise at", one_line(std::string(condition), kQuoted));
  for (std::size_t p = 0; p < params.size(); ++p) {
    const Quantity& q = physics.params[p];
    if (stands_in(condition, q.name)) text += fmt::format(" {}={:.6g}", q.name, params[p] * q.scale);
  }
  return text;
}

}  // namespace

std::optional<std::string> broken_condition(const PhysicsInfo& physics, const RunFile& run) {
  if (!physics.ill_posed) return {};
  std::vector<double> lower, upper;  // without dimension
  std::vector<std::size_t> varied;
  for (const Quantity& q : physics.params) {
    const Range range = run.range(q);
    if (range.lower < range.upper && varied.size() < kMostVaried) varied.push_back(lower.size());
    lower.push_back(range.lower / q.scale);
    upper.push_back(range.upper / q.scale);
  }
  std::vector<double> params = lower;
  for (std::uint32_t corner = 0; corner < std::uint32_t{1} << varied.size(); ++corner) {
    for (std::size_t k = 0; k < varied.size(); ++k) params[varied[k]] = (corner >> k & 1 ? upper : lower)[varied[k]];
    if (const char* condition = physics.ill_posed(params.data())) return describe(condition, physics, params);
  }
  return {};
}

}  // namespace residua
