#include "surrogates/content.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace residua::content {

void check_text(const std::string& text, const std::string& where) {
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char c = text[i];
    const std::size_t length = c < 0x80                ? 1
                               : c >= 0xc2 && c < 0xe0 ? 2
                               : c >= 0xe0 && c < 0xf0 ? 3
                               : c >= 0xf0 && c < 0xf5 ? 4
                                                       : 0;
    bool good = length > 0 && i + length <= text.size() && (c >= 0x20 || c == '\t' || c == '\n') && c != 0x7f;
    for (std::size_t k = 1; good && k < length; ++k) good = (static_cast<unsigned char>(text[i + k]) & 0xc0) == 0x80;
    if (!good)
      fail(where, fmt::format("expected UTF-8 text without control characters, found byte {:#04x} at {}", c, i));
    i += length;
  }
}

std::string now() {
  const std::time_t time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace residua::content
