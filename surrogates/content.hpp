#pragma once
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/core/error.hpp"
#include "kernels/core/one_line.hpp"
#include "surrogates/file.hpp"
#include "surrogates/model.hpp"
#include "surrogates/seal.hpp"

/// What a surrogate file holds and under which names (docs/file_format.md), for any container: a Group has the members
/// of h5::Group that are used here. Reading takes nothing on trust; every Error starts with `where`.
namespace residua::content {

inline constexpr std::string_view kFormat = "residua surrogate";
inline constexpr std::size_t kMaxNames = 128;
inline constexpr std::size_t kQuoted = 100;  ///< bytes of a name from the file that a message repeats
inline constexpr int kPartsSince = 2;        ///< the version that has several networks: members, and windows of time
inline constexpr int kBranchSince = 3;       ///< the version that has a branch and a trunk

/// The oldest that can say what the model is, so that older programs read what they can.
inline int version_of(const Model& model) {
  if (model.branch) return kBranchSince;
  return model.seams.empty() && model.card.members == 1 ? 1 : kPartsSince;
}

[[noreturn]] inline void fail(const std::string& where, const std::string& what) { throw Error(where + ": " + what); }

/// Throws Error unless the text is UTF-8 without control characters other than tab and newline.
void check_text(const std::string& text, const std::string& where);

/// The time now, as Provenance::created holds it.
std::string now();

/// Refuses what this version does not know, since it might change the meaning of the rest; only attributes named x_...
/// may be ignored. What is missing is found when it is read.
template <class Group>
void expect_only(const Group& group, const std::string& where, const std::vector<std::string_view>& attributes,
                 const std::vector<std::string_view>& children) {
  const auto check = [&](const char* kind, const std::vector<std::string>& found, auto& known) {
    if (found.size() > kMaxNames)
      fail(where, fmt::format("expected at most {} {}s, found {}", kMaxNames, kind, found.size()));
    for (const std::string& name : found)
      if (std::find(known.begin(), known.end(), name) == known.end())
        fail(where,
             fmt::format("unknown {} '{}': expected only {}", kind, one_line(name, kQuoted), fmt::join(known, ", ")));
  };
  std::vector<std::string> critical = group.attributes();
  std::erase_if(critical, [](const std::string& name) { return name.starts_with("x_"); });
  check("attribute", critical, attributes);
  check("object", group.children(), children);
}

template <class Group>
std::string read_text(const Group& group, const std::string& name, const std::string& where) {
  std::string text = group.read_string(name);
  check_text(text, where + ": " + name);
  return text;
}

template <class Group>
void write_text(Group& group, const std::string& name, const std::string& text, const std::string& where) {
  check_text(text, where + ": " + name);
  group.write_attribute(name, text);
}

// A list of names is one text of a name a line.
template <class Group>
std::vector<std::string> read_lines(const Group& group, const std::string& name, const std::string& where) {
  const std::string text = read_text(group, name, where);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (lines.size() > kMaxNames)
    fail(where, fmt::format("{}: expected at most {} lines, found {}", name, kMaxNames, lines.size()));
  return lines;
}

template <class Group>
void write_lines(Group& group, const std::string& name, const std::vector<std::string>& lines,
                 const std::string& where) {
  std::string text;
  for (const std::string& line : lines) {
    if (line.empty() || line.find('\n') != std::string::npos)
      fail(where, fmt::format("{}: expected one line of text for each, found '{}'", name, line));
    text += line + '\n';
  }
  write_text(group, name, text, where);
}

template <class Group, class T>
void write_lines(Group& group, const std::string& name, const std::vector<T>& items, std::string T::*member,
                 const std::string& where) {
  std::vector<std::string> lines;
  for (const T& item : items) lines.push_back(item.*member);
  write_lines(group, name, lines, where);
}

template <class Group>
std::vector<double> read_row(const Group& group, const std::string& name) {
  return group.template read<double>(name, 1, kMaxFile).values;
}

template <class Group, class T>
void write_row(Group& group, const std::string& name, const std::vector<T>& items, double T::*member) {
  std::vector<double> values;
  for (const T& item : items) values.push_back(item.*member);
  group.write(name, std::span<const double>(values), {values.size()});
}

/// As many items as there are names; every other list about them must be as long.
template <class T, class V>
void assign(std::vector<T>& items, const std::vector<V>& values, V T::*member, const std::string& where) {
  if (items.size() != values.size())
    fail(where, fmt::format("lists of {} and {} entries, expected the same length", items.size(), values.size()));
  for (std::size_t i = 0; i < items.size(); ++i) items[i].*member = values[i];
}

inline constexpr std::pair<Activation, std::string_view> kActivations[] = {
    {Activation::tanh, "tanh"}, {Activation::sin, "sin"}, {Activation::silu, "silu"}, {Activation::gelu, "gelu"}};

/// Of one that a file can hold.
constexpr std::string_view name_of(Activation activation) {
  return std::find_if(std::begin(kActivations), std::end(kActivations), [&](auto& a) { return a.first == activation; })
      ->second;
}

template <class Group>
int read_size(const Group& group, const std::string& name, int limit, const std::string& where) {
  const std::int64_t value = group.read_int64(name);
  if (value < 0 || value > limit) fail(where, fmt::format("{}: expected 0 to {}, found {}", name, limit, value));
  return int(value);
}

template <class Group>
void write_variables(Group&& group, const std::vector<Variable>& variables, const std::string& where) {
  write_lines(group, "names", variables, &Variable::name, where);
  write_lines(group, "units", variables, &Variable::unit, where);
  write_row(group, "lower", variables, &Variable::lower);
  write_row(group, "upper", variables, &Variable::upper);
}

template <class Group>
std::vector<Variable> read_variables(const Group& group, const std::string& where) {
  expect_only(group, where, {"names", "units"}, {"lower", "upper"});
  const std::vector<std::string> names = read_lines(group, "names", where);
  std::vector<Variable> variables(names.size());
  assign(variables, names, &Variable::name, where);
  assign(variables, read_lines(group, "units", where), &Variable::unit, where);
  assign(variables, read_row(group, "lower"), &Variable::lower, where);
  assign(variables, read_row(group, "upper"), &Variable::upper, where);
  return variables;
}

/// Old readers ignore these attributes of the inputs.
template <class Group>
void write_experience(Group&& group, const Experience& experience, const std::string& where) {
  if (experience.points == 0) return;
  write_text(group, "x_experience_source", experience.source, where);
  group.write_attribute("x_experience_points", experience.points);
  write_lines(group, "x_experience_inputs", experience.inputs, where);
  group.write_attribute("x_experience_mean", std::span<const double>(experience.mean));
  group.write_attribute("x_experience_covariance", std::span<const double>(experience.covariance));
  group.write_attribute("x_experience_usual", experience.usual);
}

template <class Group>
Experience read_experience(const Group& group, const std::string& where) {
  if (!group.has_attribute("x_experience_points")) return {};
  Experience experience;
  experience.source = read_text(group, "x_experience_source", where);
  experience.points = group.read_int64("x_experience_points");
  experience.inputs = read_lines(group, "x_experience_inputs", where);
  experience.mean = group.read_doubles("x_experience_mean");
  experience.covariance = group.read_doubles("x_experience_covariance");
  experience.usual = group.read_double("x_experience_usual");
  return experience;
}

template <class Group>
void write_network(Group&& group, const Model& model) {
  const MlpShape& shape = model.shape;
  group.write_attribute("inputs", std::int64_t{shape.inputs});
  group.write_attribute("width", std::int64_t{shape.width});
  group.write_attribute("depth", std::int64_t{shape.depth});
  group.write_attribute("outputs", std::int64_t{shape.outputs});
  group.write_attribute("activation", name_of(shape.activation));
  if (model.precision == Precision::float32) {
    const std::vector<float> weights(model.weights.begin(), model.weights.end());
    group.write("weights", std::span<const float>(weights), {weights.size()});
  } else {
    group.write("weights", std::span<const double>(model.weights), {model.weights.size()});
  }
  group.write("center", std::span<const double>(model.center), {model.center.size()});
  group.write("scale", std::span<const double>(model.scale), {model.scale.size()});
  if (version_of(model) < kPartsSince) return;
  group.write_attribute("members", std::int64_t{model.card.members});
  group.write("seams", std::span<const double>(model.seams), {model.seams.size()});
  if (version_of(model) < kBranchSince) return;
  group.write_attribute("branch_inputs", std::int64_t{model.branch->inputs});
  group.write_attribute("branch_width", std::int64_t{model.branch->width});
  group.write_attribute("branch_depth", std::int64_t{model.branch->depth});
}

/// Sizes within their limits; that they fit the rest is for check() to tell.
template <class Group>
void read_branch(const Group& group, const std::string& where, Model& model) {
  const MlpShape& trunk = model.shape;
  const int inputs = read_size(group, "branch_inputs", kMaxInputs, where);
  const int width = read_size(group, "branch_width", kMaxWidth, where);
  const int depth = read_size(group, "branch_depth", kMaxDepth, where);
  model.branch = NetworkShape::branch_of(trunk, inputs, width, depth);
}

template <class Group>
void read_network(const Group& group, const std::string& where, Model& model) {
  if (model.card.format_version < kPartsSince) {
    expect_only(group, where, {"inputs", "width", "depth", "outputs", "activation"}, {"weights", "center", "scale"});
  } else {
    std::vector<std::string_view> sizes{"inputs", "width", "depth", "outputs", "activation", "members"};
    if (model.card.format_version >= kBranchSince)
      sizes.insert(sizes.end(), {"branch_inputs", "branch_width", "branch_depth"});
    expect_only(group, where, sizes, {"weights", "center", "scale", "seams"});
    model.card.members = read_size(group, "members", std::numeric_limits<int>::max(), where);
    model.seams = read_row(group, "seams");
  }
  MlpShape& shape = model.shape;
  shape.inputs = read_size(group, "inputs", kMaxInputs, where);
  shape.width = read_size(group, "width", kMaxWidth, where);
  shape.depth = read_size(group, "depth", kMaxDepth, where);
  shape.outputs = read_size(group, "outputs", kMaxFields, where);
  const std::string activation = read_text(group, "activation", where);
  const auto known =
      std::find_if(std::begin(kActivations), std::end(kActivations), [&](auto& a) { return a.second == activation; });
  if (known == std::end(kActivations))
    fail(where, fmt::format("activation: expected tanh, sin, silu or gelu, found '{}'", one_line(activation, kQuoted)));
  shape.activation = known->first;
  if (model.card.format_version >= kBranchSince) read_branch(group, where, model);
  model.precision = group.holds_float32("weights") ? Precision::float32 : Precision::float64;
  if (model.precision == Precision::float32) {
    const std::vector<float> weights = group.template read<float>("weights", 1, kMaxFile).values;
    model.weights.assign(weights.begin(), weights.end());
  } else {
    model.weights = read_row(group, "weights");
  }
  model.center = read_row(group, "center");
  model.scale = read_row(group, "scale");
}

template <class Group>
void write_fixed(Group&& group, const std::vector<FixedParameter>& fixed, const std::string& where) {
  write_lines(group, "names", fixed, &FixedParameter::name, where);
  write_lines(group, "units", fixed, &FixedParameter::unit, where);
  write_row(group, "values", fixed, &FixedParameter::value);
}

template <class Group>
std::vector<FixedParameter> read_fixed(const Group& group, const std::string& where) {
  expect_only(group, where, {"names", "units"}, {"values"});
  const std::vector<std::string> names = read_lines(group, "names", where);
  std::vector<FixedParameter> fixed(names.size());
  assign(fixed, names, &FixedParameter::name, where);
  assign(fixed, read_lines(group, "units", where), &FixedParameter::unit, where);
  assign(fixed, read_row(group, "values"), &FixedParameter::value, where);
  return fixed;
}

template <class Group>
void write_validation(Group&& group, const Validation& validation, const std::string& where) {
  write_text(group, "reference", validation.reference, where);
  group.write_attribute("cases", validation.cases);
  write_row(group, "median", validation.outputs, &OutputError::median);
  write_row(group, "worst", validation.outputs, &OutputError::worst);
  write_row(group, "default_case", validation.outputs, &OutputError::default_case);
  write_row(group, "max_abs", validation.outputs, &OutputError::max_abs);
  if (validation.coverage == 0) return;
  std::vector<double> bound, covered;
  for (const OutputError& error : validation.outputs) {
    bound.push_back(error.bound);
    covered.push_back(error.covered);
  }
  group.write_attribute("x_coverage", validation.coverage);
  group.write_attribute("x_bound", std::span<const double>(bound));
  group.write_attribute("x_covered", std::span<const double>(covered));
}

template <class Group>
Validation read_validation(const Group& group, const std::string& where) {
  expect_only(group, where, {"reference", "cases"}, {"median", "worst", "default_case", "max_abs"});
  Validation validation{read_text(group, "reference", where), group.read_int64("cases"), {}, 0};
  const std::vector<double> median = read_row(group, "median");
  validation.outputs.resize(std::min(median.size(), kMaxNames));
  assign(validation.outputs, median, &OutputError::median, where);
  assign(validation.outputs, read_row(group, "worst"), &OutputError::worst, where);
  assign(validation.outputs, read_row(group, "default_case"), &OutputError::default_case, where);
  assign(validation.outputs, read_row(group, "max_abs"), &OutputError::max_abs, where);
  if (!group.has_attribute("x_coverage")) return validation;
  validation.coverage = group.read_double("x_coverage");
  assign(validation.outputs, group.read_doubles("x_bound"), &OutputError::bound, where);
  assign(validation.outputs, group.read_doubles("x_covered"), &OutputError::covered, where);
  return validation;
}

template <class Group>
void write_provenance(Group&& group, const Provenance& provenance, const std::string& where) {
  write_text(group, "run_file", provenance.run_file, where);
  write_text(group, "code_version", provenance.code_version, where);
  write_text(group, "created", provenance.created, where);
  write_lines(group, "dataset_names", provenance.datasets, &DatasetHash::name, where);
  write_lines(group, "dataset_sha256", provenance.datasets, &DatasetHash::sha256, where);
  group.write_attribute("seed", provenance.seed);
  group.write_attribute("training_seconds", provenance.training_seconds);
  write_row(group, "loss_steps", provenance.loss_history, &LossPoint::step);
  write_row(group, "loss_values", provenance.loss_history, &LossPoint::loss);
  if (provenance.parents.empty()) return;
  write_lines(group, "x_parent_digests", provenance.parents, &Parent::digest, where);
  write_lines(group, "x_parent_changes", provenance.parents, &Parent::change, where);
}

template <class Group>
Provenance read_provenance(const Group& group, const std::string& where) {
  expect_only(group, where,
              {"run_file", "code_version", "created", "dataset_names", "dataset_sha256", "seed", "training_seconds"},
              {"loss_steps", "loss_values"});
  Provenance provenance;
  provenance.run_file = read_text(group, "run_file", where);
  provenance.code_version = read_text(group, "code_version", where);
  provenance.created = read_text(group, "created", where);
  const std::vector<std::string> names = read_lines(group, "dataset_names", where);
  provenance.datasets.resize(names.size());
  assign(provenance.datasets, names, &DatasetHash::name, where);
  assign(provenance.datasets, read_lines(group, "dataset_sha256", where), &DatasetHash::sha256, where);
  provenance.seed = group.read_int64("seed");
  provenance.training_seconds = group.read_double("training_seconds");
  const std::vector<double> steps = read_row(group, "loss_steps");
  provenance.loss_history.resize(steps.size());
  assign(provenance.loss_history, steps, &LossPoint::step, where);
  assign(provenance.loss_history, read_row(group, "loss_values"), &LossPoint::loss, where);
  if (!group.has_attribute("x_parent_digests")) return provenance;
  const std::vector<std::string> digests = read_lines(group, "x_parent_digests", where);
  provenance.parents.resize(digests.size());
  assign(provenance.parents, digests, &Parent::digest, where);
  assign(provenance.parents, read_lines(group, "x_parent_changes", where), &Parent::change, where);
  return provenance;
}

template <class Group>
void write_self_test(Group&& group, const SelfTest& test, const Model& model) {
  group.write("inputs", std::span<const double>(test.inputs), {model.card.inputs.size(), test.points});
  group.write("outputs", std::span<const double>(test.outputs), {model.card.outputs.size(), test.points});
}

inline constexpr std::size_t kMinSelfTest = 8, kMaxSelfTest = 4096;

template <class Group>
SelfTest read_self_test(const Group& group, const std::string& where, const Card& card) {
  expect_only(group, where, {}, {"inputs", "outputs"});
  auto inputs = group.template read<double>("inputs", 2, kMaxFile);
  auto outputs = group.template read<double>("outputs", 2, kMaxFile);
  const std::uint64_t points = inputs.shape[1];
  if (inputs.shape[0] != card.inputs.size() || outputs.shape[0] != card.outputs.size() || outputs.shape[1] != points ||
      points < kMinSelfTest || points > kMaxSelfTest)
    fail(where, fmt::format("expected inputs [{}][n] and outputs [{}][n] with n from {} to {}, found [{}] and [{}]",
                            card.inputs.size(), card.outputs.size(), kMinSelfTest, kMaxSelfTest,
                            fmt::join(inputs.shape, "]["), fmt::join(outputs.shape, "][")));
  return {points, std::move(inputs.values), std::move(outputs.values)};
}

template <class Group>
void write_model(Group& root, const Model& model, const std::string& where) {
  root.write_attribute("format", kFormat);
  root.write_attribute("format_version", std::int64_t{version_of(model)});
  root.write_attribute("physics", model.card.physics);
  write_network(root.create_group("network"), model);
  auto inputs = root.create_group("inputs");
  write_variables(inputs, model.card.inputs, where + ": inputs");
  write_experience(inputs, model.card.experience, where + ": inputs");
  write_variables(root.create_group("outputs"), model.card.outputs, where + ": outputs");
  write_fixed(root.create_group("fixed"), model.card.fixed, where + ": fixed");
  write_validation(root.create_group("validation"), model.card.validation, where + ": validation");
  write_provenance(root.create_group("provenance"), model.card.provenance, where + ": provenance");
  write_self_test(root.create_group("self_test"), model.self_test, model);
}

template <class Group>
Model read_model(const Group& root, const std::string& where) {
  if (!root.has_attribute("format") || root.read_string("format") != kFormat)
    fail(where, fmt::format("not a surrogate: expected the attribute format = '{}'", kFormat));
  const std::int64_t version = root.read_int64("format_version");
  if (version > kFormatVersion)
    fail(where, fmt::format("written by a newer Residua: format version {}, this one reads up to {}", version,
                            kFormatVersion));
  if (version < 1) fail(where, fmt::format("format version: expected 1 to {}, found {}", kFormatVersion, version));
  expect_only(root, where, {"format", "format_version", "physics"},
              {"network", "inputs", "outputs", "fixed", "validation", "provenance", "self_test"});
  Model model;
  model.card.format_version = int(version);
  model.card.physics = read_text(root, "physics", where);
  read_network(root.open_group("network"), where + ": network", model);
  const auto inputs = root.open_group("inputs");
  model.card.inputs = read_variables(inputs, where + ": inputs");
  model.card.experience = read_experience(inputs, where + ": inputs");
  model.card.outputs = read_variables(root.open_group("outputs"), where + ": outputs");
  model.card.fixed = read_fixed(root.open_group("fixed"), where + ": fixed");
  model.card.validation = read_validation(root.open_group("validation"), where + ": validation");
  model.card.provenance = read_provenance(root.open_group("provenance"), where + ": provenance");
  model.self_test = read_self_test(root.open_group("self_test"), where + ": self_test", model.card);
  return model;
}

}  // namespace residua::content
