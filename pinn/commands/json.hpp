#pragma once
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <string_view>

namespace residua::commands {

inline std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      json += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20)
      json += fmt::format("\\u{:04x}", c);
    else
      json += c;
  }
  return json + '"';
}

/// JSON has no infinities and no NaN.
inline std::string json_number(double x) { return std::isfinite(x) ? fmt::format("{}", x) : "null"; }

/// `[f(item), f(item), ...]`
template <class Items, class F>
std::string json_array(const Items& items, F&& f) {
  std::string json;
  for (const auto& item : items) json += (json.empty() ? "" : ", ") + f(item);
  return "[" + json + "]";
}

}  // namespace residua::commands
