#include "surrogates/inference_module.hpp"

namespace residua {
namespace {

/// The physics of the catalog from the position `first` on, up to the next part.
struct Part {
  int first;
  InferenceModule module;
};

std::vector<Part>& parts() {
  static std::vector<Part> all{{0, registry_module()}};
  return all;
}

}  // namespace

void add_inference(std::span<const PhysicsInfo> physics, const InferenceModule& module) {
  const int first = add_to_catalog(physics);
  parts().push_back({first, module});
}

InModule module_of(std::string_view physics) {
  const int position = int(&find_physics(physics) - catalog().data());
  auto part = parts().rbegin();
  while (part->first > position) ++part;
  return {part->module, position - part->first};
}

}  // namespace residua
