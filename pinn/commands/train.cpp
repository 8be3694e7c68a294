#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>
#include <memory>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "pinn/commands/card.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/commands/own_physics.hpp"
#include "pinn/description.hpp"
#include "pinn/export.hpp"
#include "pinn/interrupt.hpp"
#include "pinn/process.hpp"
#include "pinn/process_group.hpp"
#include "pinn/run_folder.hpp"
#include "pinn/run_log.hpp"
#include "pinn/together.hpp"

namespace residua::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path run_file, out;
  bool resume = false, restart = false, changed = false, quiet = false, dry_run = false;
  std::int64_t stop_after = -1;
  std::string device = "cpu";
  int processes = 1;
};

void print_result(const TrainResult& trained) {
  fmt::print("\n{} after {} steps and {:.1f} s: loss {:.3e}\n", trained.stop_reason, trained.steps, trained.seconds,
             trained.loss);
  for (const TermLoss& loss : trained.losses)
    fmt::print("  {:<16} equation {}  root mean square residual {:.2e}\n", loss.term, loss.equation,
               std::sqrt(loss.mean_square));
}

/// What the folder must hold for the command to make sense: nothing that somebody may want goes without --restart.
void require_fit(const RunFolder& folder, bool resume, bool restart) {
  const auto refuse = [](const fs::path& found, const std::string& why) {
    throw Error(fmt::format("{}: {}", found.string(), why));
  };
  const bool last = fs::exists(folder.checkpoint()), previous = fs::exists(folder.previous_checkpoint());
  if (restart || (resume && last)) return;
  if (resume && previous)
    refuse(folder.checkpoint(),
           fmt::format("no checkpoint there, but the one before it is {0}: rename that to {1} to "
                       "go on from there, or give --restart to begin again",
                       folder.previous_checkpoint().filename().string(), folder.checkpoint().filename().string()));
  if (fs::exists(folder.surrogate()))
    refuse(folder.surrogate(),
           "is the result of a training that has ended: expected --restart to train again in its place, or another "
           "folder");
  if (resume && !fs::exists(folder.run_file()))
    refuse(folder.checkpoint(), "no checkpoint there: expected a file that an earlier run left");
  if (!resume && (last || previous))
    refuse(folder.path(),
           "holds a training that has not ended: expected --resume to go on with it, or --restart to begin again");
}

void make(const RunFolder& folder) {
  std::error_code failed;
  fs::create_directories(folder.path(), failed);
  if (failed) throw Error(fmt::format("{}: cannot be made: {}", folder.path().string(), failed.message()));
}

/// Takes out of the folder what was half written when a crash came; nobody else is at work there.
void clear_up(const RunFolder& folder) {
  std::vector<fs::path> halves;
  for (const auto& entry : fs::directory_iterator(folder.path()))
    if (entry.path().extension() == ".part") halves.push_back(entry.path());
  std::error_code failed;
  for (const fs::path& half : halves) fs::remove(half, failed);
}

/// Makes the folder this run's, and then takes out of it what an older one has left: until the run file is there,
/// nothing of that is lost. The last checkpoint goes last, since without it --resume would begin anew.
void begin(const RunFolder& folder, const RunFile& run) {
  write_file(folder.run_file(), run.text);
  if (const UserPhysics* own = header_of(run.physics)) write_file(folder.physics(), own->text());
  std::error_code failed;
  for (const fs::path& old : {folder.surrogate(), folder.previous_checkpoint(), folder.checkpoint()})
    fs::remove(old, failed);
}

TrainOptions train_options(const RunFolder& folder, const RunFile& run, const Options& o, bool resume,
                           Processes* processes) {
  TrainOptions options{folder.path(), resume, Progress(o.quiet ? Progress::Mode::quiet : Progress::Mode::automatic),
                       o.stop_after, o.device == "cuda"};
  options.changed = o.changed;
  options.interrupted = [] { return InterruptGuard::signal() != 0; };
  options.processes = processes;
  options.own = header_of(run.physics);
  return options;
}

/// Trains within the folder; its log hears of everything. Returns the signal that ended it early, or 0.
int train_in(const RunFolder& folder, const RunFile& run, const Problem& problem, const Options& o, bool resume,
             Processes* processes, RunLog& log) {
  const InterruptGuard guard;
  TrainOptions options = train_options(folder, run, o, resume, processes);
  options.log = [&](const std::string& text) { log.add(text); };
  options.begins = [&] { begin(folder, run); };
  const TrainResult trained = train(run, problem, options);
  log.add(fmt::format("{} after {} steps and {:.1f} s: loss {:.6e}", trained.stop_reason, trained.steps,
                      trained.seconds, trained.loss));
  print_result(trained);
  if (o.changed) write_file(folder.run_file(), run.text);
  if (!trained.finished) {
    const UserPhysics* own = header_of(run.physics);
    fmt::print("\ncheckpoint saved; go on with: residua train {} -o {} --resume{}\n", o.run_file.string(),
               folder.path().string(), own ? fmt::format(" --physics {}", own->header().string()) : "");
    return InterruptGuard::signal();
  }
  const Surrogate surrogate = export_surrogate(run, problem, trained, folder.surrogate());
  log.add(fmt::format("saved surrogate.h5, digest {}", surrogate.card().digest));
  fmt::print("\n");
  print_errors(surrogate.card());
  print_balance(surrogate, validation_cases(problem, run.validation_cases, run.seed));
  fmt::print("\nsaved {}\n", folder.surrogate().string());
  return 0;
}

/// LibTorch's large tensors come and go at every step: in huge pages the system clears them several times faster.
void use_huge_pages() { ::setenv("THP_MEM_ALLOC_ENABLE", "1", 0); }

/// The words that train in one of several processes like this one.
std::vector<std::string> command_of(const Options& o) {
  std::vector<std::string> words{this_program(), "train", o.run_file, "--device", o.device};
  if (!o.out.empty()) words.insert(words.end(), {"--out", o.out});
  if (o.stop_after >= 0) words.insert(words.end(), {"--stop-after", std::to_string(o.stop_after)});
  const std::pair<bool, const char*> flags[] = {
      {o.resume, "--resume"}, {o.changed, "--changed"}, {o.restart, "--restart"}, {o.quiet, "--quiet"}};
  for (const auto& [given, flag] : flags)
    if (given) words.emplace_back(flag);
  return words;
}

/// One of several processes that were started together, and the others.
struct Crew {
  std::optional<ProcessPlace> place;
  std::unique_ptr<Processes> processes;  ///< null: alone
};

Crew meet(bool cuda) {
  Crew crew{place_from([](const char* name) -> const char* { return std::getenv(name); }), nullptr};
  if (!crew.place) return crew;
  // A GPU for each of the processes on a machine, unless somebody has dealt them out already.
  ::setenv("CUDA_VISIBLE_DEVICES", std::to_string(crew.place->local_rank).c_str(), 0);
  crew.processes = join(*crew.place, cuda);
  return crew;
}

void train_command(const Options& o) {
  use_huge_pages();
  const RunFile run = RunFile::read(o.run_file);
  const Problem problem(run);
  const RunFolder folder(o.out.empty() ? fs::path("runs") / o.run_file.stem() : o.out);
  const std::string description = describe(run, problem);
  if (o.dry_run) return fmt::print("{}", description);
  require_fit(folder, o.resume, o.restart);
  // A crash may come before the first checkpoint: then there is nothing to lose, and the run begins again.
  const bool resume = o.resume && fs::exists(folder.checkpoint());
  if (o.processes > 1) {
    if (const int status = run_together(command_of(o), o.processes)) throw Ended{status};
    return;
  }

  const Crew crew = meet(o.device == "cuda");
  if (crew.processes && crew.processes->rank() > 0) {
    const InterruptGuard guard;
    train(run, problem, train_options(folder, run, o, resume, crew.processes.get()));
    return;
  }
  if (!o.quiet) fmt::print("{}", description);
  make(folder);
  RunLog log(folder.log());
  clear_up(folder);
  log.add(fmt::format("{} {}\n{}{}", resume ? "resumed" : "begun", o.run_file.string(), describe_environment(),
                      description));
  int signal = 0;
  try {
    signal = train_in(folder, run, problem, o, resume, crew.processes.get(), log);
  } catch (const std::exception& e) {
    log.add(fmt::format("failed: {}", e.what()));
    throw;
  }
  if (signal) throw Ended{128 + signal};
}

}  // namespace

void add_train(CLI::App& app) {
  auto* command = app.add_subcommand("train", "train a surrogate as a run file says, validate it and save it");
  auto o = std::make_shared<Options>();
  command->add_option("run_file", o->run_file, "TOML: physics, network, envelope, terms, optimizers (see configs/)")
      ->required();
  command->add_option(
      "-o,--out", o->out,
      "folder of the run: log, metrics, checkpoint, surrogate.h5 (default: runs/<name of the run file>)");
  auto* resume = command->add_flag("--resume", o->resume, "continue from the folder's checkpoint, bit for bit");
  command->add_flag("--changed", o->changed, "resume with other settings of stages, terms or weighting in the run file")
      ->needs(resume);
  command
      ->add_flag("--restart", o->restart, "begin again in a folder that holds a training, ended or not, in its place")
      ->excludes(resume);
  command->add_flag("--dry-run", o->dry_run, "print what would be trained, and stop");
  command->add_flag("-q,--quiet", o->quiet, "no progress");
  command->add_option("--device", o->device, "where the kernels run")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command->add_option("--processes", o->processes, "train in so many processes on this machine, which share the points")
      ->check(CLI::Range(1, 1024));
  command->add_option("--stop-after", o->stop_after, "stop after this many steps, leaving a checkpoint");
  command->callback([o] { train_command(*o); });
}

}  // namespace residua::commands
