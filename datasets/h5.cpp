#include "datasets/h5.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hdf5.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <set>
#include <utility>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"

namespace residua::h5 {
namespace {

static_assert(sizeof(hid_t) == sizeof(std::int64_t));

constexpr std::size_t kMaxRank = 8;
constexpr std::size_t kMaxText = std::size_t{1} << 16;  // HDF5 keeps attributes below 64 KiB
constexpr std::size_t kMaxAttributeValues = 8000;
constexpr std::size_t kMaxObjects = 1024;                 // of an image
constexpr std::size_t kIncrement = std::size_t{1} << 16;  // of the memory that a file in memory takes

// HDF5 reports to a stack per thread; keep it quiet while in scope and read the innermost entry on failure.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

std::string reason() {
  std::string text;
  const auto keep_last = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
    if (error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_last, &text);
  return text.empty() ? "no reason given" : text;
}

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(fmt::format("hdf5: {}: {}", where, what));
}

// Turns a negative return into an Error.
template <class Result>
Result check(Result result, const std::string& where, const char* what) {
  if (result < 0) fail(where, fmt::format("{} failed: {}", what, reason()));
  return result;
}

Handle own(hid_t id, herr_t (*close)(hid_t), const std::string& where, const char* what) {
  return {check(id, where, what), close};
}

Handle property_list(hid_t kind, const std::string& where) {
  return own(H5Pcreate(kind), H5Pclose, where, "making a property list");
}

hid_t native(ElementType type) {
  switch (type) {
    case ElementType::float32:
      return H5T_NATIVE_FLOAT;
    case ElementType::float64:
      return H5T_NATIVE_DOUBLE;
    default:
      return H5T_NATIVE_INT64;
  }
}

hid_t stored(ElementType type) {
  switch (type) {
    case ElementType::float32:
      return H5T_IEEE_F32LE;
    case ElementType::float64:
      return H5T_IEEE_F64LE;
    default:
      return H5T_STD_I64LE;
  }
}

std::uint64_t size_of(ElementType type) { return type == ElementType::float32 ? 4 : 8; }

const char* name_of(ElementType type) {
  return type == ElementType::float32 ? "float32" : type == ElementType::float64 ? "float64" : "int64";
}

template <class T>
constexpr ElementType element_type() {
  if constexpr (std::is_same_v<T, float>) return ElementType::float32;
  if constexpr (std::is_same_v<T, double>) return ElementType::float64;
  return ElementType::int64;
}

void check_name(const std::string& name, const std::string& where) {
  if (name.empty() || name == "." || name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
    fail(where, fmt::format("'{}' is not a single name", name));
}

// Refuses soft and external links, which could lead anywhere.
void check_hard_link(hid_t group, const std::string& name, const std::string& where) {
  check_name(name, where);
  if (check(H5Lexists(group, name.c_str(), H5P_DEFAULT), where, "looking it up") == 0) fail(where, "there is none");
  H5L_info_t link;
  check(H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT), where, "reading its link");
  if (link.type != H5L_TYPE_HARD) fail(where, "is a soft or external link, expected an object of this file");
}

Handle dataset_of(hid_t group, const std::string& name, const std::string& where) {
  check_hard_link(group, name, where);
  return own(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, where, "opening the dataset");
}

// For HDF5's walks over what an object holds: appends the name of each to a vector of them.
template <class Info>
herr_t keep_name(hid_t, const char* name, const Info*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

std::vector<std::string> attributes_of(hid_t object, const std::string& where) {
  std::vector<std::string> names;
  check(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, keep_name<H5A_info_t>, &names), where,
        "listing the attributes");
  return names;
}

std::vector<std::string> children_of(hid_t group, const std::string& where) {
  std::vector<std::string> names;
  check(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, keep_name<H5L_info_t>, &names), where,
        "listing the children");
  return names;
}

// A type that has a name is an object of the file that others may share.
void check_own_type(hid_t type, const std::string& where) {
  if (check(H5Tcommitted(type), where, "reading the type") > 0)
    fail(where, "has a named type of the file, expected one of its own");
}

DatasetInfo inspect(hid_t dataset, const std::string& where) {
  // Attributes such as a scale or an offset would change what the values mean.
  if (const auto attributes = attributes_of(dataset, where); !attributes.empty())
    fail(where, fmt::format("has the attribute '{}', expected a dataset without", attributes.front()));
  const Handle type = own(H5Dget_type(dataset), H5Tclose, where, "reading the type");
  check_own_type(type.id(), where);
  const Handle space = own(H5Dget_space(dataset), H5Sclose, where, "reading the shape");
  const Handle plist = own(H5Dget_create_plist(dataset), H5Pclose, where, "reading the layout");
  if (H5Pget_layout(plist.id()) != H5D_CONTIGUOUS) fail(where, "is not stored contiguously");
  if (H5Pget_nfilters(plist.id()) != 0) fail(where, "passes through filters, expected none");
  if (H5Pget_external_count(plist.id()) != 0) fail(where, "is stored in another file");

  DatasetInfo info{};
  bool known = false;
  for (ElementType candidate : {ElementType::float32, ElementType::float64, ElementType::int64})
    if (H5Tequal(type.id(), stored(candidate)) > 0) {
      info.type = candidate;
      known = true;
    }
  if (!known) fail(where, "holds no little-endian float32, float64 or int64");

  if (H5Sget_simple_extent_type(space.id()) == H5S_NULL) fail(where, "is empty (null dataspace)");
  const int rank = check(H5Sget_simple_extent_ndims(space.id()), where, "reading the rank");
  if (rank > static_cast<int>(kMaxRank))
    fail(where, fmt::format("has {} dimensions, expected at most {}", rank, kMaxRank));
  std::vector<hsize_t> shape(rank);
  check(H5Sget_simple_extent_dims(space.id(), shape.data(), nullptr), where, "reading the shape");
  info.shape.assign(shape.begin(), shape.end());
  info.bytes = size_of(info.type);
  for (std::uint64_t extent : info.shape)
    if (__builtin_mul_overflow(info.bytes, extent, &info.bytes)) fail(where, "is larger than any memory");
  if (H5Dget_storage_size(dataset) != info.bytes)
    fail(where, fmt::format("stores {} bytes, expected {}", H5Dget_storage_size(dataset), info.bytes));
  return info;
}

void write_dataset(hid_t group, const std::string& name, const std::string& where, ElementType type, const void* values,
                   std::size_t count, const std::vector<std::uint64_t>& shape) {
  check_name(name, where);
  std::uint64_t product = 1;
  for (std::uint64_t extent : shape) product *= extent;
  if (product != count || shape.size() > kMaxRank)
    fail(where, fmt::format("shape [{}] does not hold {} values", fmt::join(shape, ", "), count));
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const Handle space =
      own(H5Screate_simple(static_cast<int>(shape.size()), extents.data(), nullptr), H5Sclose, where, "its shape");
  // Without times in it, the same content gives the same bytes.
  const Handle plist = property_list(H5P_DATASET_CREATE, where);
  check(H5Pset_layout(plist.id(), H5D_CONTIGUOUS), where, "setting the layout");
  check(H5Pset_alloc_time(plist.id(), H5D_ALLOC_TIME_EARLY), where, "setting the layout");
  check(H5Pset_obj_track_times(plist.id(), false), where, "setting the layout");
  const Handle dataset =
      own(H5Dcreate2(group, name.c_str(), stored(type), space.id(), H5P_DEFAULT, plist.id(), H5P_DEFAULT), H5Dclose,
          where, "creating the dataset");
  if (count != 0)
    check(H5Dwrite(dataset.id(), native(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), where, "writing the dataset");
}

void write_raw_attribute(hid_t object, const std::string& name, const std::string& where, hid_t file_type,
                         hid_t memory_type, const void* value, hid_t space) {
  const Handle attribute = own(H5Acreate2(object, name.c_str(), file_type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                               where, "creating the attribute");
  check(H5Awrite(attribute.id(), memory_type, value), where, "writing the attribute");
}

Handle attribute_of(hid_t object, const std::string& name, const std::string& where) {
  if (check(H5Aexists(object, name.c_str()), where, "looking it up") == 0) fail(where, "there is no such attribute");
  return own(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, where, "opening the attribute");
}

std::size_t value_count(hid_t attribute, const std::string& where) {
  const Handle space = own(H5Aget_space(attribute), H5Sclose, where, "reading its shape");
  return static_cast<std::size_t>(check(H5Sget_simple_extent_npoints(space.id()), where, "reading its shape"));
}

Handle type_of_attribute(hid_t attribute, const std::string& where) {
  Handle type = own(H5Aget_type(attribute), H5Tclose, where, "reading its type");
  check_own_type(type.id(), where);
  return type;
}

// Takes bytes that are about to be read, before they are allocated, from what may still be read.
void spend(std::uint64_t* budget, std::uint64_t bytes, const std::string& where) {
  if (budget == nullptr) return;
  if (bytes > *budget)
    fail(where, fmt::format("holds {} bytes, expected at most {}: more than is left of the file", bytes, *budget));
  *budget -= bytes;
}

// What tells an object of a file from all others.
using Place = std::array<unsigned char, 16>;

struct Object {
  H5O_type_t type;
  Place place;
};

Object object_at(hid_t group, const std::string& name, const std::string& where) {
  Object object{};
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  check(H5Oget_info_by_name3(group, name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT), where, "looking at it");
  static_assert(sizeof object.place == sizeof info.token);
  std::memcpy(object.place.data(), &info.token, sizeof info.token);
#else
  H5O_info_t info;
  check(H5Oget_info_by_name2(group, name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT), where, "looking at it");
  std::memcpy(object.place.data(), &info.addr, sizeof info.addr);
#endif
  object.type = info.type;
  return object;
}

void check_attributes(hid_t group, const std::string& where) {
  for (const std::string& name : attributes_of(group, where)) {
    const std::string at = where + ": " + name;
    const Handle attribute = attribute_of(group, name, at), type = type_of_attribute(attribute.id(), at);
    if (check(H5Tdetect_class(type.id(), H5T_REFERENCE), at, "reading its type") > 0)
      fail(at, "refers to other objects, expected numbers or text");
  }
}

// Refuses what is no tree of groups and datasets: links of other kinds, named types, and objects met a second time,
// which may be cycles. `met` are those met so far.
void check_tree(hid_t group, const std::string& where, std::set<Place>& met) {
  check_attributes(group, where);
  for (const std::string& name : children_of(group, where)) {
    const std::string at = where + (where.back() == '/' ? "" : "/") + name;
    check_hard_link(group, name, at);
    const Object object = object_at(group, name, at);
    if (object.type != H5O_TYPE_GROUP && object.type != H5O_TYPE_DATASET) fail(at, "is neither a group nor a dataset");
    if (!met.insert(object.place).second) fail(at, "is another name of an object, expected one name each");
    if (met.size() > kMaxObjects) fail(at, fmt::format("expected at most {} objects in the file", kMaxObjects));
    if (object.type != H5O_TYPE_GROUP) continue;
    const Handle child = own(H5Gopen2(group, name.c_str(), H5P_DEFAULT), H5Gclose, at, "opening the group");
    check_tree(child.id(), at, met);
  }
}

// The oldest form of everything, which is what HDF5 1 writes by itself and readers with a narrow gate let in.
Handle access_of_new_file(const std::string& where) {
  Handle access = property_list(H5P_FILE_ACCESS, where);
  check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST), where,
        "choosing the file's version");
  return access;
}

// The values of a numeric attribute of exactly this type.
template <class T>
std::vector<T> numbers(hid_t object, const std::string& name, const std::string& where, std::uint64_t* budget) {
  const Handle attribute = attribute_of(object, name, where);
  const Handle type = type_of_attribute(attribute.id(), where);
  if (H5Tequal(type.id(), stored(element_type<T>())) <= 0)
    fail(where, fmt::format("is no {} attribute", name_of(element_type<T>())));
  const std::size_t count = value_count(attribute.id(), where);
  if (count > kMaxAttributeValues)
    fail(where, fmt::format("holds {} values, expected at most {}", count, kMaxAttributeValues));
  spend(budget, count * sizeof(T), where);
  std::vector<T> values(count);
  if (count != 0)
    check(H5Aread(attribute.id(), native(element_type<T>()), values.data()), where, "reading the attribute");
  return values;
}

template <class T>
T number(hid_t object, const std::string& name, const std::string& where, std::uint64_t* budget) {
  const auto values = numbers<T>(object, name, where, budget);
  if (values.size() != 1) fail(where, fmt::format("holds {} values, expected one", values.size()));
  return values[0];
}

}  // namespace

Handle::Handle(Handle&& other) noexcept
    : id_(std::exchange(other.id_, -1)), close_(std::exchange(other.close_, nullptr)) {}

Handle& Handle::operator=(Handle&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(close_, other.close_);
  return *this;
}

Handle::~Handle() {
  const Quiet quiet;
  if (close_ != nullptr && id_ >= 0) close_(id_);
}

Group::Group(Handle group, std::string where, Budget budget)
    : group_(std::move(group)), where_(std::move(where)), budget_(std::move(budget)) {}

std::string Group::at(const std::string& name) const { return where_ + (where_.back() == '/' ? "" : "/") + name; }

Group Group::create_group(const std::string& name) {
  const Quiet quiet;
  check_name(name, at(name));
  return {own(H5Gcreate2(group_.id(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, at(name),
              "creating the group"),
          at(name), budget_};
}

Group Group::open_group(const std::string& name) const {
  const Quiet quiet;
  check_hard_link(group_.id(), name, at(name));
  return {own(H5Gopen2(group_.id(), name.c_str(), H5P_DEFAULT), H5Gclose, at(name), "opening the group"), at(name),
          budget_};
}

bool Group::contains(const std::string& name) const {
  const Quiet quiet;
  check_name(name, at(name));
  return check(H5Lexists(group_.id(), name.c_str(), H5P_DEFAULT), at(name), "looking it up") > 0;
}

std::vector<std::string> Group::children() const {
  const Quiet quiet;
  return children_of(group_.id(), where_);
}

bool Group::has_attribute(const std::string& name) const {
  const Quiet quiet;
  return check(H5Aexists(group_.id(), name.c_str()), at(name), "looking it up") > 0;
}

std::vector<std::string> Group::attributes() const {
  const Quiet quiet;
  return attributes_of(group_.id(), where_);
}

void Group::write_attribute(const std::string& name, std::string_view text) {
  const Quiet quiet;
  const std::string where = at(name);
  if (text.size() >= kMaxText) fail(where, fmt::format("text of {} bytes, expected below {}", text.size(), kMaxText));
  const Handle type = own(H5Tcopy(H5T_C_S1), H5Tclose, where, "making a text type");
  const std::string padded(text.empty() ? std::string_view("\0", 1) : text);
  check(H5Tset_size(type.id(), padded.size()), where, "making a text type");
  check(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), where, "making a text type");
  check(H5Tset_cset(type.id(), H5T_CSET_UTF8), where, "making a text type");
  const Handle space = own(H5Screate(H5S_SCALAR), H5Sclose, where, "its shape");
  write_raw_attribute(group_.id(), name, where, type.id(), type.id(), padded.data(), space.id());
}

void Group::write_attribute(const std::string& name, double value) {
  const Quiet quiet;
  const Handle space = own(H5Screate(H5S_SCALAR), H5Sclose, at(name), "its shape");
  write_raw_attribute(group_.id(), name, at(name), H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value, space.id());
}

void Group::write_attribute(const std::string& name, std::int64_t value) {
  const Quiet quiet;
  const Handle space = own(H5Screate(H5S_SCALAR), H5Sclose, at(name), "its shape");
  write_raw_attribute(group_.id(), name, at(name), H5T_STD_I64LE, H5T_NATIVE_INT64, &value, space.id());
}

void Group::write_attribute(const std::string& name, std::span<const double> values) {
  const Quiet quiet;
  const std::string where = at(name);
  if (values.empty() || values.size() > kMaxAttributeValues)
    fail(where, fmt::format("{} values, expected 1 to {}", values.size(), kMaxAttributeValues));
  const hsize_t extent = values.size();
  const Handle space = own(H5Screate_simple(1, &extent, nullptr), H5Sclose, where, "its shape");
  write_raw_attribute(group_.id(), name, where, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.data(), space.id());
}

std::string Group::read_string(const std::string& name) const {
  const Quiet quiet;
  const std::string where = at(name);
  const Handle attribute = attribute_of(group_.id(), name, where);
  const Handle type = type_of_attribute(attribute.id(), where);
  if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) != 0)
    fail(where, "is no text of fixed length");
  const std::size_t size = H5Tget_size(type.id());
  if (size > kMaxText || value_count(attribute.id(), where) != 1)
    fail(where, fmt::format("holds {} bytes or several texts, expected one of at most {}", size, kMaxText));
  spend(budget_.get(), size, where);
  std::string text(size, '\0');
  const Handle memory = own(H5Tcopy(type.id()), H5Tclose, where, "making a text type");
  check(H5Aread(attribute.id(), memory.id(), text.data()), where, "reading the attribute");
  const std::size_t end = std::min(text.find('\0'), size);
  if (text.find_first_not_of('\0', end) != std::string::npos)
    fail(where, fmt::format("has more behind a zero byte at {}, expected only padding there", end));
  text.resize(end);
  return text;
}

double Group::read_double(const std::string& name) const {
  const Quiet quiet;
  return number<double>(group_.id(), name, at(name), budget_.get());
}

std::int64_t Group::read_int64(const std::string& name) const {
  const Quiet quiet;
  return number<std::int64_t>(group_.id(), name, at(name), budget_.get());
}

std::vector<double> Group::read_doubles(const std::string& name) const {
  const Quiet quiet;
  return numbers<double>(group_.id(), name, at(name), budget_.get());
}

void Group::write(const std::string& name, std::span<const double> values, const std::vector<std::uint64_t>& shape) {
  const Quiet quiet;
  write_dataset(group_.id(), name, at(name), ElementType::float64, values.data(), values.size(), shape);
}

void Group::write(const std::string& name, std::span<const float> values, const std::vector<std::uint64_t>& shape) {
  const Quiet quiet;
  write_dataset(group_.id(), name, at(name), ElementType::float32, values.data(), values.size(), shape);
}

void Group::write(const std::string& name, std::span<const std::int64_t> values,
                  const std::vector<std::uint64_t>& shape) {
  const Quiet quiet;
  write_dataset(group_.id(), name, at(name), ElementType::int64, values.data(), values.size(), shape);
}

DatasetInfo Group::info(const std::string& name) const {
  const Quiet quiet;
  return inspect(dataset_of(group_.id(), name, at(name)).id(), at(name));
}

template <class T>
Array<T> Group::read(const std::string& name, std::size_t rank, std::uint64_t byte_limit) const {
  const Quiet quiet;
  const std::string where = at(name);
  const Handle dataset = dataset_of(group_.id(), name, where);
  const DatasetInfo found = inspect(dataset.id(), where);
  if (found.type != element_type<T>())
    fail(where, fmt::format("holds {}, expected {}", name_of(found.type), name_of(element_type<T>())));
  if (found.shape.size() != rank) fail(where, fmt::format("has {} dimensions, expected {}", found.shape.size(), rank));
  if (found.bytes > byte_limit)
    fail(where, fmt::format("holds {} bytes, expected at most {}", found.bytes, byte_limit));
  spend(budget_.get(), found.bytes, where);
  Array<T> array{std::vector<T>(found.bytes / sizeof(T)), found.shape};
  if (!array.values.empty())
    check(H5Dread(dataset.id(), native(found.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()), where,
          "reading the dataset");
  return array;
}
template Array<double> Group::read(const std::string&, std::size_t, std::uint64_t) const;
template Array<float> Group::read(const std::string&, std::size_t, std::uint64_t) const;
template Array<std::int64_t> Group::read(const std::string&, std::size_t, std::uint64_t) const;

File::File(Handle file, std::string name, Group::Budget budget)
    : file_(std::move(file)), name_(std::move(name)), budget_(std::move(budget)) {}

File File::create(const std::string& path) {
  const Quiet quiet;
  const Handle access = access_of_new_file(path);
  return {own(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), H5Fclose, path, "creating the file"),
          path};
}

File File::open(const std::string& path) {
  const Quiet quiet;
  return {own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, path, "opening the file"), path};
}

File File::from_image(std::span<const std::byte> image, const std::string& name) {
  const Quiet quiet;
  const Handle access = property_list(H5P_FILE_ACCESS, name);
  check(H5Pset_fapl_core(access.id(), kIncrement, false), name, "choosing memory");
  // HDF5 copies the image; the const_cast only fits its C signature.
  check(H5Pset_file_image(access.id(), const_cast<std::byte*>(image.data()), image.size()), name, "taking the image");
  File file(own(H5Fopen(name.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose, name, "opening the image"), name,
            std::make_shared<std::uint64_t>(image.size()));
  const Group root = file.root();
  std::set<Place> met{object_at(root.group_.id(), ".", root.where_).place};
  check_tree(root.group_.id(), root.where_, met);
  return file;
}

Group File::root() const {
  const Quiet quiet;
  return {own(H5Gopen2(file_.id(), "/", H5P_DEFAULT), H5Gclose, name_, "opening the root group"), name_ + ":/",
          budget_};
}

std::vector<std::byte> image_of(const std::string& name, const std::function<void(Group&)>& fill) {
  const Quiet quiet;
  static std::atomic<unsigned> count{0};  // to HDF5, files in memory of one name are one file
  const std::string own_name = fmt::format("{} (new {})", name, count++);
  const Handle access = access_of_new_file(name);
  check(H5Pset_fapl_core(access.id(), kIncrement, false), name, "choosing memory");
  const File file(
      own(H5Fcreate(own_name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), H5Fclose, name, "creating the file"),
      name);
  Group root = file.root();
  fill(root);
  check(H5Fflush(file.file_.id(), H5F_SCOPE_GLOBAL), name, "completing the file");
  std::vector<std::byte> image(
      std::size_t(check(H5Fget_file_image(file.file_.id(), nullptr, 0), name, "asking its size")));
  check(H5Fget_file_image(file.file_.id(), image.data(), image.size()), name, "taking the image");
  return image;
}

void write_atomically(const std::string& path, const std::function<void(Group&)>& fill) {
  write_file(path, image_of(path, fill));
}

}  // namespace residua::h5
