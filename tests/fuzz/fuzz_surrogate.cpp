// The loader of surrogate files.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <vector>

#include "surrogates/compact.hpp"
#include "surrogates/containers.hpp"
#include "surrogates/engine.hpp"
#include "surrogates/file.hpp"
#include "surrogates/seal.hpp"
#include "surrogates/signature.hpp"
#include "tests/fuzz/attempt.hpp"
#include "tests/fuzz/change_hdf5.hpp"

/// Of libFuzzer: changes bytes at random.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace residua {
namespace {

template <class S>
void predict(const Model& model) {
  const Engine<S> engine(model);
  std::vector<double> in, out(model.card.outputs.size());
  for (const Variable& v : model.card.inputs) in.push_back(v.lower + (v.upper - v.lower) / 2);
  std::uint64_t outside = 0;
  engine.point(in.data(), out.data(), outside);
}

/// What loads must also answer, in the middle of its envelope.
void load_and_predict(std::span<const std::byte> file) {
  attempt([&] {
    const Model model = load(file, "surrogate");
    if (model.precision == Precision::float32)
      predict<float>(model);
    else
      predict<double>(model);
  });
}

/// Changes the value of an entry, which gets the shape that it then has.
void change(compact::Entry& entry) {
  const std::size_t unit = entry.type == compact::Type::text ? 1 : entry.type == compact::Type::float32 ? 4 : 8;
  const std::size_t size = entry.value.size(), max_size = 2 * size + 64;
  entry.value.resize(max_size);
  std::size_t changed = LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(entry.value.data()), size, max_size) / unit;
  if (entry.shape.size() == 1)
    entry.shape[0] = changed;
  else
    changed = size / unit;
  entry.value.resize(changed * unit);
}

/// An HDF5 file, without any signature, with one value changed and a digest that fits; nothing if the input is no such
/// file or its digest does not fit, as its structure is not that of a seed then.
std::vector<std::byte> with_an_hdf5_value_changed(std::span<const std::byte> input, unsigned which) {
  const auto image = unsealed(split_signature(input).content, "input");
  if (is_compact(image)) return {};
  const auto change = [](std::span<std::uint8_t> bytes) { LLVMFuzzerMutate(bytes.data(), bytes.size(), bytes.size()); };
  std::vector<std::byte> changed = with_a_value_changed(image, which, change);
  return changed.empty() ? changed : sealed(std::move(changed));
}

/// A compact image with one entry changed, or an HDF5 file with one value changed; nothing if the input is neither.
std::vector<std::byte> with_a_change(std::span<const std::byte> input, unsigned which) try {
  if (!is_compact(input)) return with_an_hdf5_value_changed(input, which);
  compact::Entries entries = compact::entries_of(input, "image");
  if (entries.empty()) return {};
  change(std::next(entries.begin(), which % entries.size())->second);
  return compact::image_of(entries);
} catch (const Error&) {
  return {};
}

}  // namespace
}  // namespace residua

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace residua;
  const std::span input = std::as_bytes(std::span(data, size));
  load_and_predict(input);
  // The digest at the end of a file keeps changed ones from the parser, so a second time with one that fits. Not so for
  // HDF5 images, on which libhdf5 1.10 itself is known to crash (docs/file_format.md): of those the mutator below
  // changes values only, under a digest that fits.
  if (is_compact(input)) load_and_predict(sealed({input.begin(), input.end()}));
  return 0;
}

/// Half of the changes keep the layout of an image, which changes anywhere soon destroy.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  if (seed % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const auto image = residua::with_a_change(std::as_bytes(std::span(data, size)), seed / 2);
  if (image.empty() || image.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, image.data(), image.size());
  return image.size();
}
