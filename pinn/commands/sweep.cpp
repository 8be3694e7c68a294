#include "pinn/sweep.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <string_view>
#include <thread>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "kernels/parallel.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/interrupt.hpp"
#include "pinn/plot.hpp"
#include "pinn/problem.hpp"
#include "pinn/process.hpp"
#include "pinn/run_folder.hpp"
#include "pinn/run_log.hpp"
#include "surrogates/surrogate.hpp"

namespace residua::commands {
namespace {

namespace fs = std::filesystem;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Options {
  fs::path run_file, out;
  std::vector<std::string> vary;
  int samples = 0, jobs = default_threads();
  std::uint64_t seed = 1;
};

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// How one run of the sweep ended.
struct Outcome {
  std::string status;  ///< "done", "failed" or "not run"
  std::string message;
  double loss = kNaN, default_error = kNaN, worst_error = kNaN, seconds = kNaN;

  /// What runs are compared by: the error over all cases, or the loss where the physics has no reference.
  double score() const { return std::isnan(worst_error) ? loss : worst_error; }
};

/// Trainings, several at once, each a process with a folder of its own: what one of them does cannot harm another.
class Sweep {
 public:
  Sweep(const Options& o, std::vector<SweepKey> keys, std::vector<SweepRun> runs)
      : o_(o), keys_(std::move(keys)), runs_(std::move(runs)) {}

  /// Writes the run files, and refuses what cannot be trained before anything is.
  void prepare() {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const std::string name = fmt::format("{} of the sweep", values_text(i));
      const Problem problem(RunFile::parse(runs_[i].text, name));
      const fs::path file = folder(i).run_file();
      if (fs::exists(file) && content(file) != runs_[i].text)
        throw Error(fmt::format(
            "{}: belongs to another sweep: expected the same run file and --vary, or another folder", file.string()));
    }
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      std::error_code failed;
      fs::create_directories(folder(i).path(), failed);
      if (failed) throw Error(fmt::format("{}: cannot be made: {}", folder(i).path().string(), failed.message()));
      if (!fs::exists(folder(i).run_file())) write_file(folder(i).run_file(), runs_[i].text);
    }
  }

  /// Trains what has no surrogate yet. Returns the signal that ended it early, or 0.
  int train() {
    const InterruptGuard guard;
    std::size_t next = 0;
    bool told = false;
    while (true) {
      while (InterruptGuard::signal() == 0 && next < runs_.size() && std::ssize(running_) < o_.jobs) begin(next++);
      if (running_.empty()) break;
      if (InterruptGuard::signal() != 0 && !told) {
        for (const auto& [id, run] : running_) kill(id, SIGINT);
        told = true;
      }
      if (const auto ended = ended_process())
        end(*ended);
      else
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return InterruptGuard::signal();
  }

  /// Returns how many have failed.
  int report() const {
    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < runs_.size(); ++i) outcomes.push_back(outcome_of(i));
    write_table(outcomes);
    print(outcomes);
    draw(outcomes);
    return int(std::ranges::count(outcomes, std::string("failed"), &Outcome::status));
  }

 private:
  RunFolder folder(std::size_t i) const { return RunFolder(o_.out / fmt::format("{:03}", i)); }
  fs::path output(std::size_t i) const { return folder(i).path() / "output.txt"; }

  std::string values_text(std::size_t i) const {
    std::vector<std::string> words;
    for (std::size_t k = 0; k < keys_.size(); ++k)
      words.push_back(fmt::format("{}={}", keys_[k].name, runs_[i].values[k]));
    return fmt::format("{}", fmt::join(words, " "));
  }

  void begin(std::size_t i) {
    if (fs::exists(folder(i).surrogate())) return;
    const int threads = std::max(1, default_threads() / o_.jobs);
    const pid_t id = start_process({this_program().string(), "train", folder(i).run_file().string(), "-o",
                                    folder(i).path().string(), "-q", "--resume"},
                                   {fmt::format("OMP_NUM_THREADS={}", threads)}, output(i));
    running_[id] = i;
    say(i, "begins");
  }

  void end(const EndedProcess& ended) {
    const auto run = running_.find(ended.id);
    if (run == running_.end()) return;
    const std::size_t i = run->second;
    running_.erase(run);
    if (ended.code == 0) return say(i, fmt::format("done: {:.2e}", outcome_of(i).score()));
    const bool stopped = InterruptGuard::signal() != 0;
    if (!stopped) failed_[i] = reason_of(i, ended);
    say(i, fmt::format("{} with status {}: {}", stopped ? "stopped" : "FAILED", ended.code, outcome_of(i).message));
  }

  std::string reason_of(std::size_t i, const EndedProcess& ended) const {
    if (ended.signal) return fmt::format("killed by signal {}", ended.signal);
    const std::string words = last_words(i);
    return words.empty() ? fmt::format("ended with status {}", ended.code) : words;
  }

  /// The last error that a run has told of, without commas; empty if there is none.
  std::string last_words(std::size_t i) const {
    constexpr std::string_view start = "residua: ";
    const std::string said = content(output(i));
    const std::size_t at = said.rfind(start);
    if (at == std::string::npos) return "";
    std::string words = said.substr(at + start.size());
    words.erase(std::min(words.find('\n'), words.size()));
    std::ranges::replace(words, ',', ';');
    return words;
  }

  void say(std::size_t i, const std::string& what) const {
    std::size_t done = 0;
    for (std::size_t k = 0; k < runs_.size(); ++k) done += fs::exists(folder(k).surrogate());
    fmt::print("[{} of {} done, {} at work] {:03} {}: {}\n", done, runs_.size(), running_.size(), i, values_text(i),
               what);
    std::fflush(stdout);
  }

  Outcome outcome_of(std::size_t i) const {
    Outcome outcome{"not run", ""};
    if (fs::exists(folder(i).surrogate())) {
      const Surrogate surrogate(folder(i).surrogate());
      const Provenance& p = surrogate.card().provenance;
      outcome.status = "done";
      outcome.seconds = p.training_seconds;
      if (!p.loss_history.empty()) outcome.loss = p.loss_history.back().loss;
      for (const OutputError& e : surrogate.card().validation.outputs) {
        outcome.default_error = std::fmax(outcome.default_error, e.default_case);
        outcome.worst_error = std::fmax(outcome.worst_error, e.worst);
      }
      return outcome;
    }
    const auto failed = failed_.find(i);
    outcome.message = failed == failed_.end() ? last_words(i) : failed->second;  // now, or when the sweep ran before
    if (!outcome.message.empty()) outcome.status = "failed";
    return outcome;
  }

  void write_table(const std::vector<Outcome>& outcomes) const {
    std::string text = "run,status";
    for (const SweepKey& key : keys_) text += "," + key.name;
    text += ",loss,default_error,worst_error,seconds,message\n";
    const auto cell = [](double x) { return std::isnan(x) ? std::string() : fmt::format("{:.6g}", x); };
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const Outcome& out = outcomes[i];
      text += fmt::format("{:03},{}", i, out.status);
      for (std::string value : runs_[i].values) {
        std::ranges::replace(value, ',', ' ');
        text += "," + value;
      }
      text += fmt::format(",{},{},{},{},{}\n", cell(out.loss), cell(out.default_error), cell(out.worst_error),
                          cell(out.seconds), out.message);
    }
    write_file(o_.out / "results.csv", text);
  }

  /// Best first.
  static std::vector<std::size_t> ranked(const std::vector<Outcome>& outcomes) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      if (outcomes[i].status == "done") order.push_back(i);
    std::ranges::sort(order, {}, [&](std::size_t i) { return outcomes[i].score(); });
    return order;
  }

  void print(const std::vector<Outcome>& outcomes) const {
    const auto order = ranked(outcomes);
    fmt::print("\n{:>4} {:>11} {:>11} {:>10} {:>9}  {}\n", "run", "worst error", "default", "loss", "seconds",
               "values");
    for (const std::size_t i : order)
      fmt::print("{:>4} {:>11.2e} {:>11.2e} {:>10.2e} {:>9.1f}  {}\n", fmt::format("{:03}", i), outcomes[i].worst_error,
                 outcomes[i].default_error, outcomes[i].loss, outcomes[i].seconds, values_text(i));
    for (std::size_t i = 0; i < runs_.size(); ++i)
      if (outcomes[i].status != "done")
        fmt::print("{:>4} {}  {}  {}\n", fmt::format("{:03}", i), outcomes[i].status, values_text(i),
                   outcomes[i].message);
    fmt::print("\n{} of {} done; table: {}\n", order.size(), runs_.size(), (o_.out / "results.csv").string());
  }

  /// A panel for each key: the score against its values, or their positions in the list where they are no numbers.
  void draw(const std::vector<Outcome>& outcomes) const {
    const auto order = ranked(outcomes);
    if (order.empty()) return;
    const bool judged = !std::isnan(outcomes[order[0]].worst_error);
    std::vector<std::string> panels;
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      std::vector<double> x, y;
      for (const std::size_t i : order) {
        const auto& values = keys_[k].values;
        char* end = nullptr;
        const double number = std::strtod(runs_[i].values[k].c_str(), &end);
        x.push_back(*end == '\0' ? number : double(std::ranges::find(values, runs_[i].values[k]) - values.begin() + 1));
        y.push_back(outcomes[i].score());
      }
      LineChart chart(k == 0 ? "What each key does" : "", keys_[k].name,
                      judged ? "largest relative L2 error of a case" : "loss");
      chart.set_logarithmic(keys_[k].logarithmic, true);
      chart.add("", x, y, LineChart::Style::points, 0);
      panels.push_back(chart.script());
    }
    save_panels(panels, std::min<int>(2, int(panels.size())), o_.out / "results.png");
    fmt::print("picture: {}\n", (o_.out / "results.png").string());
  }

  Options o_;
  std::vector<SweepKey> keys_;
  std::vector<SweepRun> runs_;
  std::map<pid_t, std::size_t> running_;
  std::map<std::size_t, std::string> failed_;  ///< runs, and why
};

void sweep_command(Options o) {
  const RunFile base = RunFile::read(o.run_file);
  std::vector<SweepKey> keys;
  for (const std::string& words : o.vary) keys.push_back(parse_sweep_key(words));
  auto runs = o.samples > 0 ? samples_of(base.text, keys, o.samples, o.seed) : grid_of(base.text, keys);
  if (o.out.empty()) o.out = fs::path("sweeps") / o.run_file.stem();
  Sweep sweep(o, std::move(keys), std::move(runs));
  sweep.prepare();
  const RunLog log(o.out / "log.txt");
  const int signal = sweep.train();
  const int failed = sweep.report();
  if (signal) {
    fmt::print("stopped; the same command goes on from here\n");
    throw Ended{128 + signal};
  }
  if (failed > 0) throw Ended{1};
}

}  // namespace

void add_sweep(CLI::App& app) {
  auto* command = app.add_subcommand(
      "sweep", "train over a grid or samples of keys of a run file, several at once (exit status 1 if one fails)");
  auto o = std::make_shared<Options>();
  command->add_option("run_file", o->run_file, "TOML: the run that is varied")->required();
  command
      ->add_option("--vary", o->vary,
                   "key=value,value,... or key=lower:upper[:log], as network.width=16,32 or "
                   "stage.1.learning_rate=1e-4:1e-2:log; may be given several times")
      ->required()
      ->expected(-1);
  command->add_option("--samples", o->samples, "so many samples instead of every combination")
      ->check(CLI::Range(1, 100000));
  command->add_option("--seed", o->seed, "of the samples")->capture_default_str();
  command->add_option("-j,--jobs", o->jobs, "trainings at a time; they share the threads")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("-o,--out", o->out,
                      "folder of the sweep: 000, 001, ..., results.csv, results.png (default: sweeps/<name of the run "
                      "file>); the same command goes on with what is not done there");
  command->callback([o] { sweep_command(*o); });
}

}  // namespace residua::commands
