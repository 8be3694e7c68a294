#include "pinn/data_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <span>
#include <sstream>

#include "datasets/published.hpp"
#include "kernels/core/error.hpp"
#include "surrogates/seal.hpp"

namespace residua {

DataFile read_data(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(fmt::format("{}: cannot be opened", path.string()));
  std::stringstream text;
  text << file.rdbuf();
  text.clear();  // nothing to copy counts as a failure; the reader says what is wrong with an empty table
  const std::string bytes = text.str();
  return {read_csv_with_text(text, path.string(), {}).numbers,
          {path.filename().string(), sha256_of(std::as_bytes(std::span(bytes)))}};
}

void add_dataset(Provenance& provenance, const DatasetHash& file) {
  const auto same = [&](const DatasetHash& d) { return d.name == file.name && d.sha256 == file.sha256; };
  if (std::ranges::none_of(provenance.datasets, same)) provenance.datasets.push_back(file);
}

}  // namespace residua
