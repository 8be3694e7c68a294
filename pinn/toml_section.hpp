#pragma once
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/core/error.hpp"
#include "kernels/core/one_line.hpp"
#include "pinn/run_file.hpp"

namespace residua {

inline constexpr Range kAllNumbers{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};

/// One table of a run file. Keys are asked for by name; what is left over at the end is an error that lists what was
/// asked for. Every error names file, line and key.
class Section {
 public:
  Section(const toml::table* table, std::string file, std::string name)
      : table_(table), file_(std::move(file)), name_(std::move(name)) {}

  template <class T>
  void number(const char* key, T& value, double lower, double upper) {
    const toml::node* node = take(key);
    if (!node) return;
    const auto found = node->value<double>();
    const bool whole = !std::is_integral_v<T> || (node->is_integer());
    if (!found || !whole || !(*found >= lower && *found <= upper))
      fail(*node, key,
           fmt::format("expected {} from {} to {}", std::is_integral_v<T> ? "a whole number" : "a number", lower,
                       upper));
    value = T(*found);
  }
  void flag(const char* key, bool& value) {
    const toml::node* node = take(key);
    if (!node) return;
    if (!node->is_boolean()) fail(*node, key, "expected true or false");
    value = *node->value<bool>();
  }
  template <class Names>
  std::size_t choice(const char* key, const Names& names, std::size_t otherwise) {
    const toml::node* node = take(key);
    if (!node) return otherwise;
    const auto name = node->value<std::string>();
    const auto found = name ? std::find(names.begin(), names.end(), *name) : names.end();
    if (found == names.end()) fail(*node, key, fmt::format("expected one of {}", fmt::join(names, ", ")));
    return std::size_t(found - names.begin());
  }
  /// A pair [lower, upper] with lower < upper; a number or lower == upper only where it may be `fixed`. Nothing outside
  /// `all`, of which `what` tells what it is; nor its ends where it is `open`.
  std::optional<Range> range(const std::string& key, bool fixed, Range all = kAllNumbers,
                             const char* what = "a part of the envelope", bool open = false) {
    const toml::node* node = take(key);
    if (!node) return {};
    const auto within = [&](Range range) {
      const bool inside = open ? range.lower > all.lower && range.upper < all.upper
                               : range.lower >= all.lower && range.upper <= all.upper;
      if (!inside) fail(*node, key, fmt::format("expected {}, {}", what, text_of(all, open)));
      return range;
    };
    if (const auto value = node->value<double>(); fixed && value && std::isfinite(*value))
      return within({*value, *value});
    if (const toml::array* pair = node->as_array(); pair && pair->size() == 2) {
      const auto lower = (*pair)[0].value<double>(), upper = (*pair)[1].value<double>();
      if (lower && upper && std::isfinite(*lower) && std::isfinite(*upper) &&
          (*lower < *upper || (fixed && *lower == *upper)))
        return within({*lower, *upper});
    }
    fail(*node, key,
         fixed ? "expected a number, or a range [lower, upper] with lower <= upper"
               : "expected a range [lower, upper] with lower < upper");
  }
  /// A number, as a range of one value.
  std::optional<Range> value(const std::string& key) {
    const toml::node* node = take(key);
    if (!node) return {};
    const auto value = node->value<double>();
    if (!value || !std::isfinite(*value)) fail(*node, key, "expected a number, since the envelope holds one");
    return Range{*value, *value};
  }
  /// Up to 999 rising numbers between the ends of `all`, or none.
  std::vector<double> rising(const std::string& key, Range all) {
    const toml::node* node = take(key);
    if (!node) return {};
    const toml::array* list = node->as_array();
    std::vector<double> values;
    bool in_order = list && list->size() < 1000;
    for (std::size_t i = 0; in_order && i < list->size(); ++i) {
      values.push_back((*list)[i].value<double>().value_or(std::nan("")));
      in_order = values.back() > (i ? values[i - 1] : all.lower) && values.back() < all.upper;
    }
    if (!in_order)
      fail(*node, key, fmt::format("expected at most 999 rising numbers between {} and {}", all.lower, all.upper));
    return values;
  }
  Section table(const std::string& key) {
    const toml::node* node = take(key);
    if (node && !node->is_table()) fail(*node, key, "expected a table");
    return {node ? node->as_table() : nullptr, file_, name_.empty() ? key : name_ + "." + key};
  }
  /// The tables of an array [[key]].
  std::vector<Section> tables(const std::string& key) {
    const toml::node* node = take(key);
    if (!node) return {};
    const toml::array* array = node->as_array();
    if (!array || array->empty() || !array->is_homogeneous<toml::table>())
      fail(*node, key, fmt::format("expected tables [[{}]]", key));
    std::vector<Section> sections;
    for (const toml::node& table : *array) sections.push_back({table.as_table(), file_, key});
    return sections;
  }
  void finish() const {
    if (!table_) return;
    for (const auto& [key, node] : *table_)
      if (std::find(known_.begin(), known_.end(), key.str()) == known_.end())
        throw Error(fmt::format("{}:{}: unknown key '{}'{}: expected one of {}", file_, node.source().begin.line,
                                one_line(std::string(key.str()), kQuoted), name_.empty() ? "" : " in [" + name_ + "]",
                                fmt::join(known_, ", ")));
  }
  bool given() const { return table_ != nullptr; }
  /// The table as a whole is not as expected.
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(fmt::format("{}:{}: {}: {}", file_, table_ ? table_->source().begin.line : 1, name_, expected));
  }

 private:
  static constexpr std::size_t kQuoted = 60;  ///< bytes of a quotation from the file

  static std::string text_of(Range range, bool open) {
    if (!open) return fmt::format("{} to {}", range.lower, range.upper);
    return std::isfinite(range.upper) ? fmt::format("above {} and below {}", range.lower, range.upper)
                                      : fmt::format("above {}", range.lower);
  }
  const toml::node* take(const std::string& key) {
    known_.push_back(key);
    return table_ ? table_->get(key) : nullptr;
  }
  [[noreturn]] void fail(const toml::node& node, const std::string& key, const std::string& expected) const {
    std::ostringstream found;
    node.visit([&](const auto& n) { found << n; });
    throw Error(fmt::format("{}:{}: {}{}: {}, found {}", file_, node.source().begin.line,
                            name_.empty() ? "" : name_ + ".", key, expected, one_line(found.str(), kQuoted)));
  }

  const toml::table* table_;
  std::string file_, name_;
  std::vector<std::string> known_;
};

}  // namespace residua
