#include "kernels/catalog.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

std::vector<PhysicsInfo>& known() {
  static std::vector<PhysicsInfo> all = describe_registry();
  return all;
}

}  // namespace

const std::vector<PhysicsInfo>& catalog() { return known(); }

int add_to_catalog(std::span<const PhysicsInfo> physics) {
  std::vector<PhysicsInfo>& all = known();
  for (const PhysicsInfo& info : physics)
    if (std::ranges::find(all, info.name, &PhysicsInfo::name) != all.end())
      throw Error(
          fmt::format("physics '{}': expected a name of its own, found one that the catalog holds already", info.name));
  all.insert(all.end(), physics.begin(), physics.end());
  return int(all.size() - physics.size());
}

const PhysicsInfo& find_physics(std::string_view name) {
  std::vector<std::string_view> names;
  for (const PhysicsInfo& info : catalog()) {
    if (info.name == name) return info;
    names.push_back(info.name);
  }
  throw Error(fmt::format("unknown physics '{}': expected one of {}; or one of your own, which residua --physics adds",
                          name, fmt::join(names, ", ")));
}

}  // namespace residua
