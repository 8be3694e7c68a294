#include "surrogates/file.hpp"

#include <cmath>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "kernels/core/one_line.hpp"
#include "surrogates/containers.hpp"
#include "surrogates/content.hpp"
#include "surrogates/engine.hpp"
#include "surrogates/seal.hpp"
#include "surrogates/signature.hpp"

namespace residua {
namespace {

constexpr std::size_t kSelfTestPoints = 16, kLongestMessage = 2000;

/// Points spread over the envelope by a Kronecker sequence, a little inside since physics may be singular on its edge.
SelfTest record_self_test(const Model& model) {
  const std::size_t n = kSelfTestPoints, inputs = model.card.inputs.size(), outputs = model.card.outputs.size();
  SelfTest test{n, std::vector<double>(inputs * n), std::vector<double>(outputs * n)};
  for (std::size_t p = 0; p < n; ++p) {
    std::vector<double> in(inputs);
    for (std::size_t i = 0; i < inputs; ++i) {
      const double step = std::sqrt(double(i * i + 3 * i + 7)), turn = step * double(p + 1);
      const Variable& v = model.card.inputs[i];
      in[i] = test.inputs[i * n + p] = v.lower + (v.upper - v.lower) * (0.02 + 0.96 * (turn - std::floor(turn)));
    }
    const std::vector<double> out = reference_outputs(model, in);
    for (std::size_t e = 0; e < outputs; ++e) test.outputs[e * n + p] = out[e];
  }
  return test;
}

std::vector<std::byte> image_of(const Model& model, Container container, const std::string& where) {
  return container == Container::compact ? compact_image(model, where) : hdf5_image(model, where);
}

Model read_and_check(std::span<const std::byte> image, const std::string& name) try {
  Model model = is_compact(image) ? read_compact(image, name) : read_hdf5(image, name);
  model.container = is_compact(image) ? Container::compact : Container::hdf5;
  check(model, name);
  run_self_test(model, name);
  return model;
} catch (const Error& error) {
  throw Error(one_line(error.what(), kLongestMessage));  // which quotes names and texts of the file
}

Model load(const SignedFile& file, const std::string& name, const LoadOptions& options) {
  const Signature signature = verify(file, options, name);
  const std::span<const std::byte> image = unsealed(file.content, name);
  Model model = read_and_check(image, name);
  model.card.digest = digest_of(image);
  model.card.signature = signature;
  return model;
}

}  // namespace

void save(const Model& model, const std::filesystem::path& path, std::optional<Container> container) {
  const std::string where = path.string();
  Model complete = model;
  if (model.precision == Precision::float32)
    for (double& weight : complete.weights) weight = float(weight);
  check(complete, where);
  complete.self_test = record_self_test(complete);
  run_self_test(complete, where);

  if (complete.card.provenance.created.empty()) complete.card.provenance.created = content::now();
  const std::vector<std::byte> bytes = sealed(image_of(complete, container.value_or(model.container), where));
  load(bytes, where);  // what cannot be read back must not replace what is there
  write_file(path, bytes);
}

Model load(const std::filesystem::path& path, const LoadOptions& options) {
  const std::vector<std::byte> bytes = read_regular_file(path);
  SignedFile file = split_signature(bytes);
  std::vector<std::byte> detached;
  if (file.block.empty() && options.policy == SignaturePolicy::required &&
      std::filesystem::exists(detached_signature(path))) {
    detached = read_regular_file(detached_signature(path));
    file.block = detached;
  }
  return load(file, path.string(), options);
}

Model load(std::span<const std::byte> file, const std::string& name, const LoadOptions& options) {
  return load(split_signature(file), name, options);
}

}  // namespace residua
