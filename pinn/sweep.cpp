#include "pinn/sweep.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include "datasets/sobol.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

bool is_whole(const std::string& text) { return text.find_first_not_of("+-0123456789") == std::string::npos; }

[[noreturn]] void fail(const std::string& key, const std::string& expected, const std::string& found) {
  throw Error(fmt::format("--vary {}: expected {}, found '{}'", key, expected, found));
}

/// The table that holds the last part of a key; made where it is not there yet.
toml::table& table_of(toml::table& root, const std::string& key, const std::vector<std::string>& parts) {
  toml::node* node = &root;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (toml::table* table = node->as_table()) {
      if (!table->contains(parts[i])) table->insert(parts[i], toml::table{});
      node = table->get(parts[i]);
    } else if (toml::array* array = node->as_array()) {
      const auto position = number(parts[i]);
      if (!position || *position < 1 || *position > double(array->size()))
        fail(key, fmt::format("a number from 1 to {} after '{}'", array->size(), parts[i - 1]), parts[i]);
      node = array->get(std::size_t(*position) - 1);
    }
  }
  if (!node->is_table()) fail(key, "a key of a table", parts.back());
  return *node->as_table();
}

void set(toml::table& root, const std::string& key, const std::string& value) {
  const std::vector<std::string> parts = split(key, '.');
  toml::table& table = table_of(root, key, parts);
  try {
    const toml::table read = toml::parse("value = " + value);
    read.get("value")->visit([&](const auto& node) { table.insert_or_assign(parts.back(), node); });
  } catch (const toml::parse_error&) {
    table.insert_or_assign(parts.back(), value);  // a text without quotes
  }
}

SweepRun run_of(const std::string& base, const std::vector<SweepKey>& keys, std::vector<std::string> values) {
  toml::table root;
  try {
    root = toml::parse(base);
  } catch (const toml::parse_error& e) {
    throw Error(fmt::format("the run file of the sweep: line {}: {}", e.source().begin.line, e.description()));
  }
  std::string note;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    set(root, keys[k].name, values[k]);
    note += fmt::format("# {} = {}\n", keys[k].name, values[k]);
  }
  std::ostringstream text;
  text << note << root << "\n";
  return {std::move(values), text.str()};
}

std::string value_at(const SweepKey& key, double unit) {
  if (!key.values.empty())
    return key.values[std::min(key.values.size() - 1, std::size_t(unit * double(key.values.size())))];
  if (key.whole) return fmt::format("{}", std::int64_t(key.lower + std::floor(unit * (key.upper - key.lower + 1))));
  const double value =
      key.logarithmic ? key.lower * std::pow(key.upper / key.lower, unit) : key.lower + (key.upper - key.lower) * unit;
  return fmt::format("{:#.6g}", value);
}

}  // namespace

SweepKey parse_sweep_key(const std::string& words) {
  const std::size_t equals = words.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == words.size())
    throw Error(fmt::format("--vary: expected key=value,value,... or key=lower:upper[:log], found '{}'", words));
  SweepKey key;
  key.name = words.substr(0, equals);
  const std::string text = words.substr(equals + 1);
  if (text.find(':') == std::string::npos) {
    // Commas within brackets belong to a value, such as a range of the envelope.
    int open = 0;
    key.values.emplace_back();
    for (const char c : text) {
      open += c == '[' ? 1 : c == ']' ? -1 : 0;
      if (c == ',' && open == 0)
        key.values.emplace_back();
      else
        key.values.back() += c;
    }
    for (const std::string& value : key.values)
      if (value.empty()) fail(key.name, "values between commas", text);
    return key;
  }
  const std::vector<std::string> parts = split(text, ':');
  const auto lower = number(parts[0]), upper = parts.size() > 1 ? number(parts[1]) : std::nullopt;
  key.logarithmic = parts.size() == 3 && parts[2] == "log";
  if (!lower || !upper || !(*lower < *upper) || parts.size() > 3 || (parts.size() == 3 && !key.logarithmic) ||
      (key.logarithmic && !(*lower > 0)))
    fail(key.name, "a range lower:upper, or lower:upper:log above 0", text);
  key.lower = *lower;
  key.upper = *upper;
  key.whole = !key.logarithmic && is_whole(parts[0]) && is_whole(parts[1]);
  return key;
}

std::vector<SweepRun> grid_of(const std::string& base, const std::vector<SweepKey>& keys) {
  std::vector<std::vector<std::string>> rows{{}};
  for (const SweepKey& key : keys) {
    if (key.values.empty())
      throw Error(fmt::format("--vary {}: a range has no end of values: expected --samples, or a list", key.name));
    std::vector<std::vector<std::string>> longer;
    for (const auto& row : rows)
      for (const std::string& value : key.values) {
        longer.push_back(row);
        longer.back().push_back(value);
      }
    rows = std::move(longer);
  }
  std::vector<SweepRun> runs;
  for (auto& row : rows) runs.push_back(run_of(base, keys, std::move(row)));
  return runs;
}

std::vector<SweepRun> samples_of(const std::string& base, const std::vector<SweepKey>& keys, int samples,
                                 std::uint64_t seed) {
  const std::size_t n = std::size_t(samples);
  std::vector<double> unit(keys.size() * n);
  Sobol(keys.size(), seed).fill(unit.data(), n);
  std::vector<SweepRun> runs;
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::string> values;
    for (std::size_t k = 0; k < keys.size(); ++k) values.push_back(value_at(keys[k], unit[k * n + i]));
    runs.push_back(run_of(base, keys, std::move(values)));
  }
  return runs;
}

}  // namespace residua
