#pragma once
#include <filesystem>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "datasets/table.hpp"

namespace residua {

/// The folder that holds the published measurements (data/leach, data/kiln, ...), which are not part of this project:
/// $RESIDUA_SHARED if set, else the nearest folder `shared` with a `data` in it beside or above the sources.
/// Empty if there is none; tests that need it skip.
std::optional<std::filesystem::path> find_shared();

/// What read_csv should expect of a file.
struct CsvOptions {
  std::vector<std::string> text_columns = {};      ///< not numbers; read with read_csv_with_text()
  std::vector<std::string> optional_columns = {};  ///< numbers that may be missing, then NaN
  std::size_t min_rows = 1;
};

/// Numbers, and the text columns by name.
struct TextTable {
  Table numbers;
  std::map<std::string, std::vector<std::string>> text;
};

/// Reads a table of comma- or tab-separated values: lines that start with '#' are comments (kept in notes["comment"]),
/// a first row without any number names the columns (else c0, c1, ...). Throws Error naming file, line and column for
/// a field that is no finite number, a row of another length, or too few rows.
Table read_csv(const std::filesystem::path& path, const CsvOptions& options = {});
TextTable read_csv_with_text(const std::filesystem::path& path, const CsvOptions& options);
/// The same of a text that is there already; `where` names it in messages.
TextTable read_csv_with_text(std::istream& text, const std::string& where, const CsvOptions& options);

/// Tritium through a column of Glendale clay loam (van Genuchten 1974, as in CXTFIT 2.1 example FIG7-9A): effluent
/// concentration against pore volumes.
struct TritiumColumn {
  static constexpr double kPulse = 3.102;     ///< pore volumes of tracer, then tracer-free water
  static constexpr double kLength = 0.30;     ///< [m]
  static constexpr double kVelocity = 0.375;  ///< pore water [m/day]
  std::vector<double> pore_volumes;
  std::vector<double> concentration;  ///< over that of the inflow
};

/// Reads data/leach/vg1974_tritium_glendale.csv under the shared folder; Error unless it has its 36 points.
TritiumColumn read_tritium_glendale(const std::filesystem::path& shared);

}  // namespace residua
