#pragma once
#include <filesystem>

#include "datasets/table.hpp"
#include "surrogates/card.hpp"

namespace residua {

/// A table of data, and which file it was, for the provenance of what is made of it.
struct DataFile {
  Table table;
  DatasetHash file;  ///< named without its folders, which are nobody else's
};

/// Reads a CSV as read_csv() does, once: the numbers are those of the bytes that the hash is of, even if the file
/// changes meanwhile. Throws Error.
DataFile read_data(const std::filesystem::path& path);

/// Puts a file among those that took part, unless it is there already.
void add_dataset(Provenance& provenance, const DatasetHash& file);

}  // namespace residua
