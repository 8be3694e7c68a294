#include "pinn/commands/given.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "kernels/core/error.hpp"

namespace residua::commands {

std::vector<std::pair<std::string, double>> parse_given(const std::vector<std::string>& words, const char* option) {
  std::vector<std::pair<std::string, double>> given;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    double value = 0;
    const char *first = word.data() + (equals == std::string::npos ? word.size() : equals + 1),
               *last = word.data() + word.size();
    const auto [end, failed] = std::from_chars(first, last, value);
    if (equals == 0 || equals == std::string::npos || failed != std::errc() || end != last || !std::isfinite(value))
      throw Error(fmt::format("{}: expected name=number, found '{}'", option, word));
    given.emplace_back(word.substr(0, equals), value);
  }
  return given;
}

}  // namespace residua::commands
