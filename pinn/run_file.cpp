#include "pinn/run_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <span>

#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"
#include "kernels/core/one_line.hpp"
#include "pinn/defaults.hpp"
#include "pinn/toml_section.hpp"
#include "pinn/well_posed.hpp"

namespace residua {
namespace {

constexpr std::array kActivations = {"tanh", "sin", "silu", "gelu", "tanh_slope"};  // in the order of Activation
constexpr std::span kSavedActivations = std::span(kActivations).first<4>();         // which a surrogate may have

struct Limits {
  Range range;
  bool open = false;  ///< without the ends
};

Limits domain_of(const Quantity& quantity) {
  if (quantity.lower < 0) return {kAllNumbers};
  switch (quantity.domain) {
    case Domain::not_negative:
      return {{0, kAllNumbers.upper}};
    case Domain::positive:
      return {{0, kAllNumbers.upper}, true};
    case Domain::share:
      return {{0, 1}};
    case Domain::inner_share:
      return {{0, 1}, true};
    case Domain::any:
      break;
  }
  return {kAllNumbers};
}

void read_envelope(Section section, const PhysicsInfo& physics, RunFile& run) {
  const auto read = [&](std::span<const Quantity> table, bool fixed) {
    for (const Quantity& quantity : table) {
      const auto [limits, open] = domain_of(quantity);
      const std::string name(quantity.name);
      if (const auto range = section.range(name, fixed, limits, "what the equations make sense for", open))
        run.envelope[name] = *range;
    }
  };
  read(physics.coords, false);
  read(physics.params, true);
  section.finish();
  if (const auto broken = broken_condition(physics, run)) section.fail(*broken);
}

/// Over how many coordinates and parameters the points of a term vary.
int inputs_of(const PhysicsInfo& physics, const RunFile& run, const TermInfo& term) {
  const auto varies = [&](const Quantity& quantity) {
    const Range range = run.range(quantity);
    return range.lower < range.upper;
  };
  int inputs = int(std::ranges::count_if(physics.params, varies));
  for (std::size_t c = 0; c < physics.coords.size(); ++c)
    inputs += term.region[c] == Region::inside && varies(physics.coords[c]);
  return inputs;
}

void read_terms(Section section, const PhysicsInfo& physics, RunFile& run) {
  for (std::size_t t = 0; t < physics.terms.size(); ++t) {
    const TermInfo& term = physics.terms[t];
    TermSettings& settings = run.terms[std::string(term.name)];
    settings = default_term(int(t), inputs_of(physics, run, term));
    settings.grading = physics.grading;
    Section own = section.table(std::string(term.name));
    own.number("points", settings.points, 1, 1e8);
    own.number("weight", settings.weight, 0, 1e12);
    own.number("grading", settings.grading, 1, 10);
    if (settings.grading != 1 && time_coord(physics) < 0)
      own.fail(fmt::format("grading: expected a physics with the coordinate \"time\", found {}", physics.name));
    own.finish();
  }
  section.finish();
  if (std::none_of(run.terms.begin(), run.terms.end(), [](const auto& term) { return term.second.weight > 0; })) {
    std::vector<std::string_view> names;
    for (const auto& [name, settings] : run.terms) names.push_back(name);
    section.fail(fmt::format("expected a weight above 0 for one of {}, found none", fmt::join(names, ", ")));
  }
}

/// Parameters that a stage trains at: one value where the network does not see it, else a part of the range that it
/// sees.
void read_stage_envelope(Section section, const PhysicsInfo& physics, const RunFile& run, Stage& stage) {
  for (const Quantity& param : physics.params) {
    const std::string name(param.name);
    const Range all = run.range(param);
    const auto range = all.lower < all.upper ? section.range(name, true, all) : section.value(name);
    if (range) stage.envelope[name] = *range;
  }
  section.finish();
}

constexpr std::array kPrecisions = {"float32", "float64"};
constexpr std::array kBalances = {"fixed", "gradient_norm", "ntk", "relobralo"};  // in the order of Balance
constexpr std::array kSamplings = {"sobol", "uniform"};                           // in the order of Sampling
// In the order of Method.
constexpr std::array kMethods = {"adam", "soap", "muon", "lbfgs", "ssbroyden", "levenberg_marquardt"};
constexpr std::array kSolvers = {"automatic", "dense", "matrix_free"};  // in the order of Solver

bool needs_float64(Method method) { return method == Method::ssbroyden || method == Method::levenberg_marquardt; }

void read_weighting(Section section, BalanceSettings& balance) {
  balance.method = Balance(section.choice("method", kBalances, std::size_t(balance.method)));
  section.number("every", balance.every, 1, 1e9);
  section.finish();
}

std::optional<BranchSettings> read_branch(Section section) {
  BranchSettings branch;
  section.number("width", branch.width, 1, kMaxWidth);
  section.number("depth", branch.depth, 1, kMaxDepth);
  section.number("cases", branch.cases, 1, 1e6);
  section.finish();
  if (!section.given()) return {};
  return branch;
}

void read_network(Section section, const PhysicsInfo& physics, RunFile& run) {
  const NetworkSize size = default_network(inputs_of(physics, run, physics.terms.front()));
  run.width = size.width;
  run.depth = size.depth;
  section.number("width", run.width, 1, kMaxWidth);
  section.number("depth", run.depth, 1, kMaxDepth);
  run.activation = Activation(section.choice("activation", kSavedActivations, std::size_t(run.activation)));
  run.branch = read_branch(section.table("branch"));
  section.finish();
}

std::optional<CausalSettings> read_causal(Section section, const PhysicsInfo& physics) {
  CausalSettings causal;
  section.number("tolerance", causal.tolerance, 0, 1e12);
  section.number("chunks", causal.chunks, 2, 10000);
  section.number("every", causal.every, 1, 1e9);
  section.finish();
  if (!section.given()) return {};
  if (time_coord(physics) < 0)
    section.fail(fmt::format("expected a physics with a coordinate 'time', found {}", physics.name));
  return causal;
}

Stage read_stage(Section& section, const PhysicsInfo& physics, const RunFile& run) {
  const std::size_t method = section.choice("optimizer", kMethods, kMethods.size());
  if (method == kMethods.size())
    section.fail(fmt::format("expected an optimizer: one of {}", fmt::join(kMethods, ", ")));
  Stage stage = Stage::of(Method(method));
  section.number("steps", stage.steps, 0, 1e9);
  section.number("resample", stage.resample, 1, 1e9);
  section.number("more_points", stage.more_points, 0.01, 1000);
  section.number("adaptive", stage.adaptive, 0, 8);
  section.flag("retain", stage.retain);
  read_stage_envelope(section.table("envelope"), physics, run, stage);
  if (!needs_float64(stage.method)) stage.float64 = section.choice("precision", kPrecisions, stage.float64) == 1;
  if (is_first_order(stage.method)) {
    section.number("learning_rate", stage.learning_rate, 1e-12, 1);
    stage.final_learning_rate = stage.learning_rate / 10;
    section.number("final_learning_rate", stage.final_learning_rate, 0, 1);
    if (stage.final_learning_rate > stage.learning_rate)
      section.fail(fmt::format("final_learning_rate: expected at most the learning rate, {}, found {}",
                               stage.learning_rate, stage.final_learning_rate));
    section.flag("factorised", stage.factorised);
  }
  if (stage.method == Method::lbfgs) section.number("history", stage.history, 1, 1000);
  if (stage.method == Method::levenberg_marquardt)
    stage.solver = Solver(section.choice("solver", kSolvers, std::size_t(stage.solver)));
  section.finish();
  return stage;
}

std::vector<double> equal_seams(Range time, int windows) {
  std::vector<double> seams;
  for (int w = 1; w < windows; ++w) seams.push_back(time.lower + (time.upper - time.lower) * w / windows);
  return seams;
}

March read_march(Section section, const PhysicsInfo& physics, const RunFile& run) {
  March march;
  int windows = 1;
  section.number("windows", windows, 1, 1000);
  section.number("points", march.seam.points, 1, 1e8);
  section.number("weight", march.seam.weight, 1e-12, 1e12);
  const Range time = run.range(physics.coords[0]);
  march.seams = section.rising("seams", time);
  section.finish();
  if (windows > 1 && !march.seams.empty()) section.fail("expected windows (of equal length) or seams, found both");
  if (windows > 1) march.seams = equal_seams(time, windows);
  if (!march.seams.empty() && physics.coords[0].name != "time")
    section.fail(fmt::format("expected a physics whose first coordinate is the time, found {}", physics.name));
  return march;
}

void read_stages(std::vector<Section> sections, const PhysicsInfo& physics, RunFile& run) {
  for (Section& section : sections) run.stages.push_back(read_stage(section, physics, run));
  if (run.stages.empty()) run.stages = default_stages();
  if (!run.stages.back().envelope.empty())
    sections.back().fail("expected the last stage to train over the envelope of the run, found one of its own");
}

}  // namespace

int time_coord(const PhysicsInfo& physics) {
  const auto found = std::ranges::find(physics.coords, "time", &Quantity::name);
  return found == physics.coords.end() ? -1 : int(found - physics.coords.begin());
}

std::string_view name_of(Activation activation) { return kActivations[std::size_t(activation)]; }
std::string_view name_of(Method method) { return kMethods[std::size_t(method)]; }
std::string_view name_of(Sampling sampling) { return kSamplings[std::size_t(sampling)]; }
std::string_view name_of(Balance balance) { return kBalances[std::size_t(balance)]; }
std::string_view name_of(Solver solver) { return kSolvers[std::size_t(solver)]; }

bool is_first_order(Method method) {
  return method == Method::adam || method == Method::soap || method == Method::muon;
}

Stage Stage::of(Method method) {
  Stage stage;
  stage.method = method;
  if (is_first_order(method)) return stage;
  stage.float64 = true;
  stage.resample = 500;
  stage.more_points = 4;  // since they stay for many steps
  if (method == Method::levenberg_marquardt) {
    stage.steps = 300;
    stage.resample = 20;  // it would soon fit the points and not the equation between them
    stage.adaptive = 1;
  }
  return stage;
}

std::int64_t RunFile::steps() const {
  std::int64_t sum = 0;
  for (const Stage& stage : stages) sum += stage.steps;
  return sum * march.windows() * members;
}

Range RunFile::range(const Quantity& quantity) const {
  const auto found = envelope.find(std::string(quantity.name));
  if (found != envelope.end()) return found->second;
  return quantity.lower < quantity.upper ? Range{quantity.lower, quantity.upper}
                                         : Range{quantity.value, quantity.value};
}

std::vector<std::string> RunFile::loss_terms() const {
  std::vector<std::string> names;
  for (const TermInfo& term : find_physics(physics).terms)
    if (terms.at(std::string(term.name)).weight > 0) names.emplace_back(term.name);
  if (march.windows() > 1) names.emplace_back("seam");
  return names;
}

RunFile RunFile::parse(const std::string& text, const std::string& name) {
  toml::table root;
  try {
    root = toml::parse(text, name);
  } catch (const toml::parse_error& e) {
    throw Error(fmt::format("{}:{}: {}", name, e.source().begin.line, one_line(std::string(e.description()), 200)));
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

  read_envelope(top.table("envelope"), physics, run);
  read_network(top.table("network"), physics, run);

  Section surrogate = top.table("surrogate");
  run.save_float64 = surrogate.choice("precision", kPrecisions, run.save_float64) == 1;
  surrogate.finish();

  Section ensemble = top.table("ensemble");
  ensemble.number("members", run.members, 1, 64);
  ensemble.finish();

  run.march = read_march(top.table("march"), physics, run);
  read_terms(top.table("terms"), physics, run);
  read_weighting(top.table("weighting"), run.balance);
  run.causal = read_causal(top.table("causal"), physics);
  read_stages(top.tables("stage"), physics, run);
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
