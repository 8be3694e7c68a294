#include "pinn/run_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <ranges>
#include <span>
#include <sstream>

#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

constexpr std::array kActivations = {"tanh", "sin", "silu", "gelu"};  // in the order of Activation

/// Text of the file as a part of a message that is one line.
std::string one_line(std::string text) {
  constexpr std::size_t kLongest = 60;
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  if (text.size() > kLongest) text.replace(kLongest - 3, std::string::npos, "...");
  return text;
}

/// One table of the file. Keys are asked for by name; what is left over at the end is an error that lists what was
/// asked for.
class Section {
 public:
  Section(const toml::table* table, std::string file, std::string name)
      : table_(table), file_(std::move(file)), name_(std::move(name)) {}

  template <class T>
  void number(const char* key, T& value, double lower, double upper) {
    const toml::node* node = take(key);
    if (!node) return;
    const auto found = node->value<double>();
    const bool whole = !std::is_integral_v<T> || (node->is_integer());
    if (!found || !whole || !(*found >= lower && *found <= upper))
      fail(*node, key,
           fmt::format("expected {} from {} to {}", std::is_integral_v<T> ? "a whole number" : "a number", lower,
                       upper));
    value = T(*found);
  }
  void flag(const char* key, bool& value) {
    const toml::node* node = take(key);
    if (!node) return;
    const auto found = node->value_exact<bool>();
    if (!found) fail(*node, key, "expected true or false");
    value = *found;
  }
  template <class Names>
  std::size_t choice(const char* key, const Names& names, std::size_t otherwise) {
    const toml::node* node = take(key);
    if (!node) return otherwise;
    const auto name = node->value<std::string>();
    const auto found = name ? std::find(names.begin(), names.end(), *name) : names.end();
    if (found == names.end()) fail(*node, key, fmt::format("expected one of {}", fmt::join(names, ", ")));
    return std::size_t(found - names.begin());
  }
  /// A pair [lower, upper] with lower < upper; a number or lower == upper only where it may be `fixed`.
  std::optional<Range> range(const std::string& key, bool fixed) {
    const toml::node* node = take(key);
    if (!node) return {};
    if (const auto value = node->value<double>(); fixed && value && std::isfinite(*value)) return Range{*value, *value};
    if (const toml::array* pair = node->as_array(); pair && pair->size() == 2) {
      const auto lower = (*pair)[0].value<double>(), upper = (*pair)[1].value<double>();
      if (lower && upper && std::isfinite(*lower) && std::isfinite(*upper) &&
          (*lower < *upper || (fixed && *lower == *upper)))
        return Range{*lower, *upper};
    }
    fail(*node, key,
         fixed ? "expected a number, or a range [lower, upper] with lower <= upper"
               : "expected a range [lower, upper] with lower < upper");
  }
  Section table(const std::string& key) {
    const toml::node* node = take(key);
    if (node && !node->is_table()) fail(*node, key, "expected a table");
    return {node ? node->as_table() : nullptr, file_, name_.empty() ? key : name_ + "." + key};
  }
  /// The tables of an array [[key]].
  std::vector<Section> tables(const std::string& key) {
    const toml::node* node = take(key);
    if (!node) return {};
    const toml::array* array = node->as_array();
    if (!array || array->empty() || !array->is_homogeneous<toml::table>())
      fail(*node, key, fmt::format("expected tables [[{}]]", key));
    std::vector<Section> sections;
    for (const toml::node& table : *array) sections.push_back({table.as_table(), file_, key});
    return sections;
  }
  void finish() const {
    if (!table_) return;
    for (const auto& [key, node] : *table_)
      if (std::find(known_.begin(), known_.end(), key.str()) == known_.end())
        throw Error(fmt::format("{}:{}: unknown key '{}'{}: expected one of {}", file_, node.source().begin.line,
                                one_line(std::string(key.str())), name_.empty() ? "" : " in [" + name_ + "]",
                                fmt::join(known_, ", ")));
  }
  /// The table as a whole is not as expected.
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(fmt::format("{}:{}: {}: {}", file_, table_ ? table_->source().begin.line : 1, name_, expected));
  }

 private:
  const toml::node* take(const std::string& key) {
    known_.push_back(key);
    return table_ ? table_->get(key) : nullptr;
  }
  [[noreturn]] void fail(const toml::node& node, const std::string& key, const std::string& expected) const {
    std::ostringstream found;
    node.visit([&](const auto& n) { found << n; });
    throw Error(fmt::format("{}:{}: {}{}: {}, found {}", file_, node.source().begin.line,
                            name_.empty() ? "" : name_ + ".", key, expected, one_line(found.str())));
  }

  const toml::table* table_;
  std::string file_, name_;
  std::vector<std::string> known_;
};

void read_envelope(Section section, const PhysicsInfo& physics, RunFile& run) {
  const auto read = [&](std::span<const Quantity> table, bool fixed) {
    for (const Quantity& quantity : table)
      if (const auto range = section.range(std::string(quantity.name), fixed))
        run.envelope[std::string(quantity.name)] = *range;
  };
  read(physics.coords, false);
  read(physics.params, true);
  section.finish();
}

void read_terms(Section section, const PhysicsInfo& physics, RunFile& run) {
  for (const TermInfo& term : physics.terms) {
    TermSettings& settings = run.terms[std::string(term.name)];
    Section own = section.table(std::string(term.name));
    own.number("points", settings.points, 1, 1e8);
    own.number("weight", settings.weight, 0, 1e12);
    own.finish();
  }
  section.finish();
  if (std::none_of(run.terms.begin(), run.terms.end(), [](const auto& term) { return term.second.weight > 0; }))
    section.fail(fmt::format("expected a weight above 0 for one of {}, found none",
                             fmt::join(std::views::keys(run.terms), ", ")));
}

constexpr std::array kPrecisions = {"float32", "float64"};
constexpr std::array kSamplings = {"sobol", "uniform"};  // in the order of Sampling
// In the order of Method.
constexpr std::array kMethods = {"adam", "soap", "muon", "lbfgs", "ssbroyden", "levenberg_marquardt"};
constexpr std::array kSolvers = {"automatic", "dense", "matrix_free"};  // in the order of Solver

bool has_learning_rate(Method method) {
  return method == Method::adam || method == Method::soap || method == Method::muon;
}
bool needs_float64(Method method) { return method == Method::ssbroyden || method == Method::levenberg_marquardt; }

Stage read_stage(Section& section) {
  const std::size_t method = section.choice("optimizer", kMethods, kMethods.size());
  if (method == kMethods.size())
    section.fail(fmt::format("expected an optimizer: one of {}", fmt::join(kMethods, ", ")));
  Stage stage = Stage::of(Method(method));
  section.number("steps", stage.steps, 0, 1e9);
  section.number("resample", stage.resample, 1, 1e9);
  section.number("more_points", stage.more_points, 0.01, 1000);
  section.number("adaptive", stage.adaptive, 0, 8);
  if (!needs_float64(stage.method)) stage.float64 = section.choice("precision", kPrecisions, stage.float64) == 1;
  if (has_learning_rate(stage.method)) {
    section.number("learning_rate", stage.learning_rate, 1e-12, 1);
    section.number("final_learning_rate", stage.final_learning_rate, 0, 1);
    section.flag("factorised", stage.factorised);
  }
  if (stage.method == Method::lbfgs) section.number("history", stage.history, 1, 1000);
  if (stage.method == Method::levenberg_marquardt)
    stage.solver = Solver(section.choice("solver", kSolvers, std::size_t(stage.solver)));
  section.finish();
  return stage;
}

/// A warm-up that gets anywhere from anywhere, then the method that finishes.
std::vector<Stage> default_stages() { return {Stage::of(Method::adam), Stage::of(Method::levenberg_marquardt)}; }

}  // namespace

std::string_view name_of(Activation activation) { return kActivations[std::size_t(activation)]; }
std::string_view name_of(Method method) { return kMethods[std::size_t(method)]; }

Stage Stage::of(Method method) {
  Stage stage;
  stage.method = method;
  if (has_learning_rate(method)) return stage;
  stage.float64 = true;
  stage.resample = 500;
  stage.more_points = 4;  // since they stay for many steps
  if (method == Method::levenberg_marquardt) {
    stage.steps = 300;
    stage.resample = 100;
  }
  return stage;
}

std::int64_t RunFile::steps() const {
  std::int64_t sum = 0;
  for (const Stage& stage : stages) sum += stage.steps;
  return sum;
}

RunFile RunFile::parse(const std::string& text, const std::string& name) {
  toml::table root;
  try {
    root = toml::parse(text, name);
  } catch (const toml::parse_error& e) {
    throw Error(fmt::format("{}:{}: {}", name, e.source().begin.line, e.description()));
  }
  RunFile run;
  run.text = text;
  Section top(&root, name, "");
  std::vector<std::string_view> names;
  for (const PhysicsInfo& info : catalog()) names.push_back(info.name);
  const std::size_t chosen = top.choice("physics", names, names.size());
  if (chosen == names.size())
    throw Error(fmt::format("{}: key 'physics' is missing: expected one of {}", name, fmt::join(names, ", ")));
  const PhysicsInfo& physics = catalog()[chosen];
  run.physics = physics.name;
  top.number("seed", run.seed, 0, 1e15);
  run.sampling = Sampling(top.choice("sampling", kSamplings, std::size_t(run.sampling)));
  top.number("checkpoint_every", run.checkpoint_every, 1, 1e9);
  top.number("validation_cases", run.validation_cases, 1, 1e6);

  Section network = top.table("network");
  network.number("width", run.width, 1, kMaxWidth);
  network.number("depth", run.depth, 1, kMaxDepth);
  run.activation = Activation(network.choice("activation", kActivations, std::size_t(run.activation)));
  network.finish();

  Section surrogate = top.table("surrogate");
  run.save_float64 = surrogate.choice("precision", kPrecisions, run.save_float64) == 1;
  surrogate.finish();

  for (Section& stage : top.tables("stage")) run.stages.push_back(read_stage(stage));
  if (run.stages.empty()) run.stages = default_stages();

  read_envelope(top.table("envelope"), physics, run);
  read_terms(top.table("terms"), physics, run);
  top.finish();
  return run;
}

RunFile RunFile::read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path))
    throw Error(fmt::format("{}: cannot be read: expected a run file in TOML", path.string()));
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return parse(text, path.string());
}

}  // namespace residua
