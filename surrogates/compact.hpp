#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The compact container: a sorted list of named values, which one pass over the bytes reads and one way only writes
/// (docs/file_format.md). For deployment without HDF5.
namespace residua::compact {

enum class Type : std::uint8_t { text = 1, int64 = 2, float32 = 3, float64 = 4 };

struct Entry {
  Type type;
  std::vector<std::uint64_t> shape;  ///< none: a single number; a text has its length
  std::vector<std::byte> value;      ///< little-endian, in C order
};

/// By path: groups, and at the end a dataset, or an attribute with @ before its name: `network/@width`.
using Entries = std::map<std::string, Entry>;

/// Whether bytes start as a compact image does, of this version or another.
bool is_image(std::span<const std::byte> bytes);

[[gnu::visibility("default")]] std::vector<std::byte> image_of(const Entries& entries);

/// Throws Error unless the bytes are just what image_of() makes of some entries. Allocates no more than they are long,
/// times a small constant.
[[gnu::visibility("default")]] Entries entries_of(std::span<const std::byte> image, const std::string& where);

template <class T>
struct Array {
  std::vector<T> values;
  std::vector<std::uint64_t> shape;
};

/// What has one prefix among the entries: the members of h5::Group that a surrogate file needs, with the same meaning.
/// The entries must outlive it.
class [[gnu::visibility("default")]] Group {
 public:
  Group(Entries & entries, std::string where) : entries_(&entries), where_(std::move(where)) {}

  Group create_group(const std::string& name) { return {entries_, prefix_ + name + '/', where_}; }
  Group open_group(const std::string& name) const;
  std::vector<std::string> children() const;
  std::vector<std::string> attributes() const;

  bool has_attribute(const std::string& name) const { return entries_->contains(prefix_ + '@' + name); }
  void write_attribute(const std::string& name, std::string_view text);
  void write_attribute(const std::string& name, double value);
  void write_attribute(const std::string& name, std::int64_t value);
  void write_attribute(const std::string& name, std::span<const double> values);
  std::string read_string(const std::string& name) const;
  double read_double(const std::string& name) const;
  std::int64_t read_int64(const std::string& name) const;
  std::vector<double> read_doubles(const std::string& name) const;

  void write(const std::string& name, std::span<const double> values, const std::vector<std::uint64_t>& shape);
  void write(const std::string& name, std::span<const float> values, const std::vector<std::uint64_t>& shape);
  bool holds_float32(const std::string& name) const;
  /// T: double or float, and exactly the stored type.
  template <class T>
  Array<T> read(const std::string& name, std::size_t rank, std::uint64_t byte_limit) const;

 private:
  Group(Entries * entries, std::string prefix, std::string where)
      : entries_(entries), prefix_(std::move(prefix)), where_(std::move(where)) {}
  const Entry& find(const std::string& key) const;
  const Entry& find(const std::string& key, Type type, std::size_t rank) const;
  std::vector<std::string> names(bool attributes) const;

  Entries* entries_;
  std::string prefix_, where_;
};

}  // namespace residua::compact
