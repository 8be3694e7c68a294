#include "surrogates/compact.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/core/error.hpp"
#include "surrogates/little_endian.hpp"
#include "surrogates/mark.hpp"

namespace residua::compact {
namespace {

constexpr Mark kMark{{'R', 'S', 'D', 'P', 'A', 'K', '\n'}, 1};
constexpr std::size_t kMaxEntries = 1024, kMaxPath = 255, kMaxRank = 2, kMaxText = 64 * 1024, kAlignment = 8;

[[noreturn]] void fail(const std::string& where, const std::string& what) { throw Error(where + ": " + what); }

std::size_t size_of(Type type) { return type == Type::text ? 1 : type == Type::float32 ? 4 : 8; }

const char* name_of(Type type) {
  return type == Type::text ? "text" : type == Type::int64 ? "int64" : type == Type::float32 ? "float32" : "float64";
}

template <class T>
constexpr Type kTypeOf = sizeof(T) == 1   ? Type::text
                         : sizeof(T) == 4 ? Type::float32
                                          : Type::float64;
template <>
constexpr Type kTypeOf<std::int64_t> = Type::int64;

template <class T>
Entry entry_of(std::span<const T> values, const std::vector<std::uint64_t>& shape) {
  const auto bytes = std::as_bytes(values);
  return {kTypeOf<T>, shape, {bytes.begin(), bytes.end()}};
}

template <class T>
std::vector<T> values_of(const Entry& entry) {
  std::vector<T> values(entry.value.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), entry.value.data(), entry.value.size());
  return values;
}

void pad(std::vector<std::byte>& image) {
  while (image.size() % kAlignment != 0) image.push_back(std::byte{0});
}

/// Takes an image from its start to its end, never beyond.
class Reader {
 public:
  Reader(std::span<const std::byte> image, const std::string& where) : image_(image), where_(where) {}

  std::span<const std::byte> take(std::uint64_t size) {
    if (size > image_.size() - at_)
      fail(where_,
           fmt::format("compact image ends early: expected {} bytes at {}, found {}", size, at_, image_.size() - at_));
    return image_.subspan(std::exchange(at_, at_ + std::size_t(size)), std::size_t(size));
  }
  template <class T>
  T number() {
    return little_endian<T>(take(sizeof(T)).data());
  }
  void skip_padding() {
    for (const std::byte b : take((kAlignment - at_ % kAlignment) % kAlignment))
      if (b != std::byte{0}) fail(where_, fmt::format("compact image: expected zeros before byte {}", at_));
  }
  bool at_end() const { return at_ == image_.size(); }
  std::size_t at() const { return at_; }

 private:
  std::span<const std::byte> image_;
  const std::string& where_;
  std::size_t at_ = 0;
};

/// What one entry says of itself, before its value.
Entry read_shape(Reader& reader, const std::string& path, const std::string& where) {
  const auto type = reader.number<std::uint8_t>(), rank = reader.number<std::uint8_t>();
  if (type < 1 || type > 4) fail(where, fmt::format("{}: type: expected 1 to 4, found {}", path, type));
  if (rank > kMaxRank) fail(where, fmt::format("{}: expected at most {} dimensions, found {}", path, kMaxRank, rank));
  Entry entry{Type(type), {}, {}};
  for (int k = 0; k < rank; ++k) entry.shape.push_back(reader.number<std::uint64_t>());
  return entry;
}

/// Refuses a path within another entry, which has a value and is no group. Those before it in the list are known: what
/// a path starts with sorts before it.
void check_parents(const Entries& entries, const std::string& path, const std::string& where) {
  for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1))
    if (const std::string parent = path.substr(0, at); entries.contains(parent))
      fail(where, fmt::format("{}: lies within {}, expected a group and found an entry", path, parent));
}

/// Bytes of a value, as far as they fit into a file at all.
std::uint64_t bytes_of(const Entry& entry, std::uint64_t limit, const std::string& path, const std::string& where) {
  std::uint64_t bytes = size_of(entry.type);
  for (const std::uint64_t n : entry.shape) {
    if (n != 0 && bytes > limit / n)
      fail(where, fmt::format("{}: its shape asks for more than the {} bytes of the file", path, limit));
    bytes *= n;
  }
  return bytes;
}

}  // namespace

bool is_image(std::span<const std::byte> bytes) { return kMark.starts(bytes); }

std::vector<std::byte> image_of(const Entries& entries) {
  std::vector<std::byte> image;
  kMark.append_to(image);
  append_little_endian(image, std::uint64_t(entries.size()));
  for (const auto& [path, entry] : entries) {
    append_little_endian(image, std::uint8_t(path.size()));
    const auto name = std::as_bytes(std::span(path));
    image.insert(image.end(), name.begin(), name.end());
    append_little_endian(image, std::uint8_t(entry.type));
    append_little_endian(image, std::uint8_t(entry.shape.size()));
    for (const std::uint64_t n : entry.shape) append_little_endian(image, n);
    pad(image);
    image.insert(image.end(), entry.value.begin(), entry.value.end());
    pad(image);
  }
  return image;
}

Entries entries_of(std::span<const std::byte> image, const std::string& where) {
  if (!is_image(image)) fail(where, "not a compact image: expected its mark at the start");
  kMark.check_version(image, "compact container", where);
  Reader reader(image, where);
  reader.take(Mark::kSize);
  const auto count = reader.number<std::uint64_t>();
  if (count > kMaxEntries) fail(where, fmt::format("expected at most {} entries, found {}", kMaxEntries, count));
  Entries entries;
  for (std::uint64_t k = 0; k < count; ++k) {
    const auto name = reader.take(reader.number<std::uint8_t>());
    const std::string path(reinterpret_cast<const char*>(name.data()), name.size());
    if (!entries.empty() && path <= entries.rbegin()->first)
      fail(where,
           fmt::format("compact image: expected sorted entries, found one before its place at byte {}", reader.at()));
    check_parents(entries, path, where);
    Entry entry = read_shape(reader, path, where);
    const std::uint64_t bytes = bytes_of(entry, image.size(), path, where);
    reader.skip_padding();
    const auto value = reader.take(bytes);
    entry.value.assign(value.begin(), value.end());
    reader.skip_padding();
    entries.emplace_hint(entries.end(), path, std::move(entry));
  }
  if (!reader.at_end()) fail(where, fmt::format("compact image: expected its end at byte {}, found more", reader.at()));
  return entries;
}

Group Group::open_group(const std::string& name) const {
  const std::string prefix = prefix_ + name + '/';
  const auto first = entries_->lower_bound(prefix);
  if (first == entries_->end() || !first->first.starts_with(prefix)) fail(where_, "there is no " + prefix);
  return {entries_, prefix, where_};
}

std::vector<std::string> Group::names(bool attributes) const {
  std::vector<std::string> found;
  for (auto at = entries_->lower_bound(prefix_); at != entries_->end() && at->first.starts_with(prefix_); ++at) {
    const std::string rest = at->first.substr(prefix_.size()), name = rest.substr(0, rest.find('/'));
    if ((name == rest && name.starts_with('@')) != attributes) continue;
    if (found.empty() || found.back() != name) found.push_back(name);
  }
  return found;
}

std::vector<std::string> Group::children() const { return names(false); }

std::vector<std::string> Group::attributes() const {
  std::vector<std::string> found = names(true);
  for (std::string& name : found) name.erase(0, 1);
  return found;
}

const Entry& Group::find(const std::string& key) const {
  const auto found = entries_->find(prefix_ + key);
  if (found == entries_->end()) fail(where_, "there is no " + prefix_ + key);
  return found->second;
}

const Entry& Group::find(const std::string& key, Type type, std::size_t rank) const {
  const Entry& entry = find(key);
  if (entry.type != type || entry.shape.size() != rank)
    fail(where_, fmt::format("{}{}: expected {} of {} dimensions, found {} of {}", prefix_, key, name_of(type), rank,
                             name_of(entry.type), entry.shape.size()));
  return entry;
}

void Group::write_attribute(const std::string& name, std::string_view text) {
  if (text.size() >= kMaxText)
    fail(where_, fmt::format("{}{}: expected text below {} bytes, found {}", prefix_, name, kMaxText, text.size()));
  (*entries_)[prefix_ + '@' + name] = entry_of(std::span<const char>(text), {text.size()});
}

void Group::write_attribute(const std::string& name, double value) {
  (*entries_)[prefix_ + '@' + name] = entry_of(std::span<const double>(&value, 1), {});
}

void Group::write_attribute(const std::string& name, std::int64_t value) {
  (*entries_)[prefix_ + '@' + name] = entry_of(std::span<const std::int64_t>(&value, 1), {});
}

void Group::write_attribute(const std::string& name, std::span<const double> values) {
  (*entries_)[prefix_ + '@' + name] = entry_of(values, {values.size()});
}

std::string Group::read_string(const std::string& name) const {
  const Entry& entry = find('@' + name, Type::text, 1);
  return {reinterpret_cast<const char*>(entry.value.data()), entry.value.size()};
}

double Group::read_double(const std::string& name) const {
  return values_of<double>(find('@' + name, Type::float64, 0))[0];
}

std::int64_t Group::read_int64(const std::string& name) const {
  return values_of<std::int64_t>(find('@' + name, Type::int64, 0))[0];
}

std::vector<double> Group::read_doubles(const std::string& name) const {
  return values_of<double>(find('@' + name, Type::float64, 1));
}

void Group::write(const std::string& name, std::span<const double> values, const std::vector<std::uint64_t>& shape) {
  (*entries_)[prefix_ + name] = entry_of(values, shape);
}

void Group::write(const std::string& name, std::span<const float> values, const std::vector<std::uint64_t>& shape) {
  (*entries_)[prefix_ + name] = entry_of(values, shape);
}

bool Group::holds_float32(const std::string& name) const { return find(name).type == Type::float32; }

template <class T>
Array<T> Group::read(const std::string& name, std::size_t rank, std::uint64_t) const {
  const Entry& entry = find(name, kTypeOf<T>, rank);  // its size was checked against that of the image
  return {values_of<T>(entry), entry.shape};
}

template Array<double> Group::read(const std::string&, std::size_t, std::uint64_t) const;
template Array<float> Group::read(const std::string&, std::size_t, std::uint64_t) const;

}  // namespace residua::compact
