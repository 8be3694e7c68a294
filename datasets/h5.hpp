#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// A narrow, checked use of the HDF5 C API: groups, contiguous datasets of three element types, and attributes. Every
/// failure throws residua::Error naming the file and the object. Reading takes nothing on trust: only hard links, only
/// contiguous, filterless, fully stored datasets of exactly the expected type and without attributes, and only up to a
/// byte limit.
/// HDF5 prints nothing. Objects may be used from one thread at a time each (the library itself locks).
namespace residua::h5 {

enum class ElementType { float32, float64, int64 };

/// What a dataset holds, known without reading it.
struct DatasetInfo {
  ElementType type;
  std::vector<std::uint64_t> shape;
  std::uint64_t bytes;
};

/// The largest dataset that read() takes unless told otherwise.
constexpr std::uint64_t kDefaultByteLimit = std::uint64_t{1} << 30;

/// The values of a dataset in C order, with its shape.
template <class T>
struct Array {
  std::vector<T> values;
  std::vector<std::uint64_t> shape;
};

/// An owned HDF5 identifier; move only.
class Handle {
 public:
  using Close = int (*)(std::int64_t);
  Handle() = default;
  Handle(std::int64_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept;
  Handle& operator=(Handle&& other) noexcept;
  ~Handle();
  std::int64_t id() const { return id_; }

 private:
  std::int64_t id_ = -1;
  Close close_ = nullptr;
};

/// A group of an open file. Keeps the file open. Names are single: no '/' and not empty.
class Group {
 public:
  Group create_group(const std::string& name);
  Group open_group(const std::string& name) const;
  bool contains(const std::string& name) const;
  /// Names of all children, sorted.
  std::vector<std::string> children() const;

  bool has_attribute(const std::string& name) const;
  /// Names of all attributes, sorted.
  std::vector<std::string> attributes() const;
  void write_attribute(const std::string& name, std::string_view text);  ///< fixed-length UTF-8
  void write_attribute(const std::string& name, const char* text) { write_attribute(name, std::string_view(text)); }
  void write_attribute(const std::string& name, double value);
  void write_attribute(const std::string& name, std::int64_t value);
  void write_attribute(const std::string& name, std::span<const double> values);  ///< at most 8000
  std::string read_string(const std::string& name) const;
  double read_double(const std::string& name) const;
  std::int64_t read_int64(const std::string& name) const;
  std::vector<double> read_doubles(const std::string& name) const;

  /// Writes a contiguous dataset; the shape's product must equal the number of values.
  void write(const std::string& name, std::span<const double> values, const std::vector<std::uint64_t>& shape);
  void write(const std::string& name, std::span<const float> values, const std::vector<std::uint64_t>& shape);
  void write(const std::string& name, std::span<const std::int64_t> values, const std::vector<std::uint64_t>& shape);

  DatasetInfo info(const std::string& name) const;
  bool holds_float32(const std::string& name) const { return info(name).type == ElementType::float32; }
  /// T: double, float or std::int64_t, and exactly the stored type. `rank` is the number of dimensions expected.
  template <class T>
  Array<T> read(const std::string& name, std::size_t rank, std::uint64_t byte_limit = kDefaultByteLimit) const;

 private:
  friend class File;
  using Budget = std::shared_ptr<std::uint64_t>;  // bytes that may still be read from the file; null: any number
  Group(Handle group, std::string where, Budget budget);
  std::string at(const std::string& name) const;

  Handle group_;
  std::string where_;  // file and path, for messages
  Budget budget_;
};

/// An open HDF5 file.
class File {
 public:
  static File create(const std::string& path);  ///< replaces what was there
  static File open(const std::string& path);    ///< to read
  /// Opens a copy of bytes already in memory, so that what was verified is what is parsed; `name` is for messages. The
  /// image must be a tree of groups and datasets: no object with two names, no named types, no cycles, no references.
  /// All that is read from it together may not be more than its bytes.
  static File from_image(std::span<const std::byte> image, const std::string& name);

  Group root() const;

 private:
  friend std::vector<std::byte> image_of(const std::string& name, const std::function<void(Group&)>& fill);
  File(Handle file, std::string name, Group::Budget budget = nullptr);
  Handle file_;
  std::string name_;
  Group::Budget budget_;
};

/// The bytes of a new file, whose root `fill` gets; `name` is for messages. They are made in memory, since HDF5 1.10
/// crashes when the program ends if the disk has refused a part of a file.
std::vector<std::byte> image_of(const std::string& name, const std::function<void(Group&)>& fill);

/// Writes a file all or nothing: `fill` gets the root of a new file beside `path`, which is synced to the disk and
/// renamed over `path` only once complete; an exception leaves what was there.
void write_atomically(const std::string& path, const std::function<void(Group&)>& fill);

}  // namespace residua::h5
