#pragma once
#include <cstddef>
#include <string>

namespace residua {

/// Text from outside as a part of a message that is one line: ends of lines and tabs become spaces, other control
/// characters, which could write over a terminal, question marks, and what is beyond `longest` bytes dots.
inline std::string one_line(std::string text, std::size_t longest = std::string::npos) {
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
  for (std::size_t k = 0; k < text.size(); ++k) {
    if (byte(k) == '\n' || byte(k) == '\r' || byte(k) == '\t') text[k] = ' ';
    if (byte(k) < 0x20 || byte(k) == 0x7f) text[k] = '?';
    if (byte(k) == 0xc2 && byte(k + 1) >= 0x80 && byte(k + 1) < 0xa0) text.replace(k, 2, "?");  // U+0080 to U+009F
  }
  if (text.size() <= longest) return text;
  std::size_t end = longest < 3 ? 0 : longest - 3;
  while (end > 0 && (byte(end) & 0xc0) == 0x80) --end;  // not within a character
  return text.replace(end, std::string::npos, "...");
}

}  // namespace residua
