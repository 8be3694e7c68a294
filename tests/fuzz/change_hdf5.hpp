#pragma once
#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace residua {

/// An HDF5 identifier, closed when its owner goes.
class Hdf5Id {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Id(hid_t id, Close close) : id_(id), close_(close) {}
  Hdf5Id(const Hdf5Id&) = delete;
  Hdf5Id& operator=(const Hdf5Id&) = delete;
  ~Hdf5Id() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

/// A value of an HDF5 file: of a dataset, or of an attribute of an object.
struct Hdf5Value {
  std::string object, attribute;  ///< no attribute: the dataset itself
};

inline herr_t list_values_of(hid_t root, const char* name, const H5O_info_t* info, void* out) {
  auto& values = *static_cast<std::vector<Hdf5Value>*>(out);
  if (info->type == H5O_TYPE_DATASET) values.push_back({name, ""});
  const Hdf5Id object(H5Oopen(root, name, H5P_DEFAULT), H5Oclose);
  std::vector<std::string> attributes;
  const auto keep = [](hid_t, const char* attribute, const H5A_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->emplace_back(attribute);
    return 0;
  };
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, keep, &attributes);
  for (const std::string& attribute : attributes) values.push_back({name, attribute});
  return 0;
}

inline std::vector<Hdf5Value> values_of(hid_t file) {
  std::vector<Hdf5Value> values;
#if H5_VERSION_GE(1, 12, 0)
  H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, list_values_of, &values, H5O_INFO_BASIC);
#else
  H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, list_values_of, &values);
#endif
  return values;
}

/// Changes the bytes of a value in place, as they are stored.
template <class Change>
void change_value(hid_t file, const Hdf5Value& value, Change&& change) {
  const bool is_dataset = value.attribute.empty();
  const Hdf5Id owner(H5Oopen(file, value.object.c_str(), H5P_DEFAULT), H5Oclose);
  const Hdf5Id object = is_dataset ? Hdf5Id(H5Dopen2(file, value.object.c_str(), H5P_DEFAULT), H5Dclose)
                                   : Hdf5Id(H5Aopen(owner, value.attribute.c_str(), H5P_DEFAULT), H5Aclose);
  const Hdf5Id type(is_dataset ? H5Dget_type(object) : H5Aget_type(object), H5Tclose);
  const Hdf5Id space(is_dataset ? H5Dget_space(object) : H5Aget_space(object), H5Sclose);
  std::vector<std::uint8_t> bytes(H5Tget_size(type) * std::size_t(H5Sget_simple_extent_npoints(space)));
  if (bytes.empty()) return;
  if (is_dataset)
    H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
  else
    H5Aread(object, type, bytes.data());
  change(std::span(bytes));
  if (is_dataset)
    H5Dwrite(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
  else
    H5Awrite(object, type, bytes.data());
}

/// A surrogate's HDF5 image with one of its values changed, by change(bytes). Its structure, on which libhdf5 1.10 is
/// known to crash, stays as it is; so it must be one that this library has written.
template <class Change>
std::vector<std::byte> with_a_value_changed(std::span<const std::byte> image, unsigned which, Change&& change) {
  const Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access, std::size_t{1} << 16, false);
  H5Pset_file_image(access, const_cast<std::byte*>(image.data()), image.size());
  const Hdf5Id file(H5Fopen("changed in memory", H5F_ACC_RDWR, access), H5Fclose);
  if (file < 0) return {};
  const std::vector<Hdf5Value> values = values_of(file);
  if (values.empty()) return {};
  change_value(file, values[which % values.size()], change);
  H5Fflush(file, H5F_SCOPE_GLOBAL);
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  std::vector<std::byte> changed(size > 0 ? std::size_t(size) : 0);
  if (size > 0) H5Fget_file_image(file, changed.data(), changed.size());
  return changed;
}

}  // namespace residua
