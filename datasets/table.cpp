#include "datasets/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "datasets/h5.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

constexpr const char* kFormat = "residua table 1";

}  // namespace

void Table::add(std::string name, std::string unit, std::vector<double> values) {
  for (const Column& column : columns_)
    if (column.name == name) throw Error(fmt::format("table: column '{}' is there already", name));
  if (!columns_.empty() && values.size() != rows())
    throw Error(fmt::format("table: column '{}' has {} rows, expected {}", name, values.size(), rows()));
  columns_.push_back({std::move(name), std::move(unit), std::move(values)});
}

const std::vector<double>& Table::operator[](const std::string& name) const {
  std::vector<std::string> names;
  for (const Column& column : columns_) {
    if (column.name == name) return column.values;
    names.push_back(column.name);
  }
  throw Error(fmt::format("table: no column '{}', there are: {}", name, fmt::join(names, ", ")));
}

void Table::save(const std::string& path) const {
  h5::write_atomically(path, [&](h5::Group& root) {
    root.write_attribute("format", kFormat);
    h5::Group text = root.create_group("notes");
    for (const auto& [name, note] : notes) text.write_attribute(name, note);
    // Columns are numbered, so that their order and any character in their names survive.
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      h5::Group group = root.create_group(fmt::format("column_{:04}", i));
      group.write_attribute("name", columns_[i].name);
      group.write_attribute("unit", columns_[i].unit);
      group.write("values", columns_[i].values, {columns_[i].values.size()});
    }
    root.write_attribute("columns", static_cast<std::int64_t>(columns_.size()));
  });
}

Table Table::load(const std::string& path) {
  const h5::File file = h5::File::open(path);
  const h5::Group root = file.root();
  if (const std::string format = root.read_string("format"); format != kFormat)
    throw Error(fmt::format("table: {}: format is '{}', expected '{}'", path, format, kFormat));
  Table table;
  const h5::Group text = root.open_group("notes");
  for (const std::string& name : text.attributes()) table.notes[name] = text.read_string(name);
  const std::int64_t count = root.read_int64("columns");
  for (std::int64_t i = 0; i < count; ++i) {
    const h5::Group group = root.open_group(fmt::format("column_{:04}", i));
    table.add(group.read_string("name"), group.read_string("unit"), group.read<double>("values", 1).values);
  }
  return table;
}

}  // namespace residua
