#pragma once
#include <map>
#include <string>
#include <vector>

namespace residua {

/// A named column of numbers with its unit ("" if none or unknown, "1" if dimensionless).
struct Column {
  std::string name;
  std::string unit;
  std::vector<double> values;
};

/// Named columns of equal length and a few words about them. Errors (residua::Error) name the column.
class Table {
 public:
  /// Appends a column; its name must be new and its length that of the others.
  void add(std::string name, std::string unit, std::vector<double> values);

  /// Throws Error that lists the columns there are.
  const std::vector<double>& operator[](const std::string& name) const;
  const std::vector<Column>& columns() const { return columns_; }
  std::size_t rows() const { return columns_.empty() ? 0 : columns_.front().values.size(); }

  /// Free text kept with the table, such as a source or the parameters of a run.
  std::map<std::string, std::string> notes;

  /// HDF5: a group column_0000, column_0001, ... per column with its name and unit as attributes and its `values` as a
  /// 1-D float64 dataset; the notes are attributes of the group `notes`. Written all or nothing.
  void save(const std::string& path) const;
  static Table load(const std::string& path);

 private:
  std::vector<Column> columns_;
};

}  // namespace residua
