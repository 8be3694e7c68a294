#include "surrogates/compact.hpp"
#include "surrogates/containers.hpp"
#include "surrogates/content.hpp"

namespace residua {

std::vector<std::byte> compact_image(const Model& model, const std::string& where) {
  compact::Entries entries;
  compact::Group root(entries, where);
  content::write_model(root, model, where);
  return compact::image_of(entries);
}

Model read_compact(std::span<const std::byte> image, const std::string& name) {
  compact::Entries entries = compact::entries_of(image, name);
  return content::read_model(compact::Group(entries, name), name);
}

bool is_compact(std::span<const std::byte> image) { return compact::is_image(image); }

}  // namespace residua
