#include "datasets/published.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <istream>
#include <limits>
#include <string_view>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> split(std::string_view line, char separator) {
  std::vector<std::string> fields;
  for (std::size_t from = 0;;) {
    const std::size_t to = std::min(line.find(separator, from), line.size());
    fields.emplace_back(trimmed(line.substr(from, to - from)));
    if (to == line.size()) return fields;
    from = to + 1;
  }
}

std::optional<double> parse(std::string_view field) {
  double value = 0;
  const auto [end, status] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (status != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// A finite number, or NaN where one may be missing.
double number(const std::string& field, bool optional, const std::string& where) {
  if (field.empty() && optional) return std::numeric_limits<double>::quiet_NaN();
  const auto value = parse(field);
  if (!value || !std::isfinite(*value))
    throw Error(fmt::format("{}: expected a finite number, found '{}'", where, field));
  return *value;
}

}  // namespace

std::optional<std::filesystem::path> find_shared() {
  namespace fs = std::filesystem;
  if (const char* set = std::getenv("RESIDUA_SHARED"); set != nullptr && *set != '\0') {
    if (!fs::is_directory(fs::path(set) / "data"))
      throw Error(fmt::format("RESIDUA_SHARED: expected a folder with a folder 'data' in it, found '{}'", set));
    return fs::path(set);
  }
  for (fs::path folder = RESIDUA_SOURCE_DIR;; folder = folder.parent_path()) {
    if (fs::is_directory(folder / "shared" / "data")) return folder / "shared";
    if (folder == folder.parent_path()) return std::nullopt;
  }
}

TextTable read_csv_with_text(const std::filesystem::path& path, const CsvOptions& options) {
  std::ifstream file(path);
  if (!file) throw Error(fmt::format("{}: cannot be opened", path.string()));
  return read_csv_with_text(file, path.string(), options);
}

TextTable read_csv_with_text(std::istream& text, const std::string& where, const CsvOptions& options) {
  std::string comment;
  std::vector<std::string> names;
  std::vector<std::vector<double>> numbers;
  std::vector<std::vector<std::string>> texts;
  std::vector<bool> is_text, is_optional;
  std::size_t rows = 0;
  std::size_t line_number = 0;
  char separator = '\0';
  for (std::string line; std::getline(text, line);) {
    ++line_number;
    if (line_number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // byte order mark
    const std::string_view content = trimmed(line);
    if (content.empty()) continue;
    if (content.front() == '#') {
      comment += (comment.empty() ? "" : "\n") + std::string(trimmed(content.substr(1)));
      continue;
    }
    if (separator == '\0') separator = line.find('\t') != std::string::npos ? '\t' : ',';
    std::vector<std::string> fields = split(line, separator);
    if (separator == '\t' && fields.back().empty()) fields.pop_back();  // a tab that ends the line

    if (names.empty()) {
      const bool header =
          std::none_of(fields.begin(), fields.end(), [](const auto& f) { return parse(f).has_value(); });
      for (std::size_t i = 0; i < fields.size(); ++i) {
        names.push_back(header ? fields[i] : fmt::format("c{}", i));
        is_text.push_back(contains(options.text_columns, names[i]));
        is_optional.push_back(contains(options.optional_columns, names[i]));
      }
      numbers.resize(names.size());
      texts.resize(names.size());
      if (header) continue;
    }
    if (fields.size() != names.size())
      throw Error(
          fmt::format("{}: line {}: expected {} fields, found {}", where, line_number, names.size(), fields.size()));
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::string cell = fmt::format("{}: line {}, column '{}'", where, line_number, names[i]);
      if (is_text[i])
        texts[i].push_back(fields[i]);
      else
        numbers[i].push_back(number(fields[i], is_optional[i], cell));
    }
    ++rows;
  }
  if (rows < options.min_rows)
    throw Error(fmt::format("{}: expected at least {} rows, found {}", where, options.min_rows, rows));

  TextTable table;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_text[i])
      table.text[names[i]] = std::move(texts[i]);
    else
      table.numbers.add(names[i], "", std::move(numbers[i]));
  }
  if (!comment.empty()) table.numbers.notes["comment"] = comment;
  return table;
}

Table read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  return read_csv_with_text(path, options).numbers;
}

TritiumColumn read_tritium_glendale(const std::filesystem::path& shared) {
  constexpr std::size_t kPoints = 36;
  const std::filesystem::path path = shared / "data" / "leach" / "vg1974_tritium_glendale.csv";
  const Table table = read_csv(path, {.min_rows = kPoints});
  if (table.columns().size() != 2 || table.rows() != kPoints)
    throw Error(fmt::format("{}: expected {} rows of 2, found {} of {}", path.string(), kPoints, table.rows(),
                            table.columns().size()));
  return {table.columns()[0].values, table.columns()[1].values};
}

}  // namespace residua
