// What the library without HDF5 says of such files.
#include "kernels/core/error.hpp"
#include "surrogates/containers.hpp"

namespace residua {

std::vector<std::byte> hdf5_image(const Model&, const std::string& where) {
  throw Error(where + ": this library has no HDF5: expected to save a compact file");
}

Model read_hdf5(std::span<const std::byte>, const std::string& name) {
  throw Error(name + ": this library has no HDF5: expected a compact file, as `residua export --compact` writes it");
}

}  // namespace residua
