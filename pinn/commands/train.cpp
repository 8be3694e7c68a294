#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "pinn/commands/card.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/export.hpp"

namespace residua::commands {
namespace {

struct Options {
  std::filesystem::path run_file, out;
  bool resume = false, quiet = false, dry_run = false;
  std::int64_t stop_after = -1;
  std::string device = "cpu";
};

void print_problem(const RunFile& run, const Problem& problem) {
  const MlpShape& shape = problem.shape().trunk;
  fmt::print("physics     {}\nnetwork     {} inputs, {} x {} {}, {} outputs: {} weights\n", run.physics, shape.inputs,
             shape.depth, shape.width, name_of(shape.activation), shape.outputs, problem.parameters());
  if (run.branch)
    fmt::print("branch      {} inputs, {} x {} tanh; points in {} cases\n", problem.design().size(), run.branch->depth,
               run.branch->width, run.branch->cases);
  fmt::print("envelope\n");
  const PhysicsInfo& physics = problem.physics();
  for (std::size_t c = 0; c < physics.coords.size(); ++c) {
    const Range r = problem.coord_range(int(c));
    fmt::print("  {:<22} {} to {} {}\n", physics.coords[c].name, r.lower, r.upper, physics.coords[c].unit);
  }
  for (std::size_t p = 0; p < physics.params.size(); ++p) {
    const Quantity& q = physics.params[p];
    if (const int row = problem.design_row()[p]; row >= 0)
      fmt::print("  {:<22} {} to {} {}\n", q.name, problem.design_range(row).lower, problem.design_range(row).upper,
                 q.unit);
    else
      fmt::print("  {:<22} {:.6g} {} (fixed)\n", q.name, problem.params()[p] * q.scale, q.unit);
  }
  fmt::print("training    ");
  if (run.members > 1) fmt::print("{} members, each ", run.members);
  if (run.march.windows > 1) fmt::print("{} windows of time, each ", run.march.windows);
  for (const Stage& stage : run.stages) fmt::print("{} {} steps, ", name_of(stage.method), stage.steps);
  fmt::print("seed {}\n", run.seed);
}

void train_command(const Options& o) {
  const RunFile run = RunFile::read(o.run_file);
  const Problem problem(run);
  if (!o.quiet) print_problem(run, problem);
  if (o.dry_run) return;

  const std::filesystem::path folder = o.out.empty() ? std::filesystem::path("runs") / o.run_file.stem() : o.out;
  if (!o.resume) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) throw Error(fmt::format("{}: cannot be made: {}", folder.string(), failed.message()));
    write_file(folder / "run.toml", run.text);
  }

  const TrainResult trained =
      train(run, problem,
            {folder, o.resume, Progress(o.quiet ? Progress::Mode::quiet : Progress::Mode::automatic), o.stop_after,
             o.device == "cuda"});
  fmt::print("\n{} after {} steps and {:.1f} s: loss {:.3e}\n", trained.stop_reason, trained.steps, trained.seconds,
             trained.loss);
  for (const TermLoss& loss : trained.losses)
    fmt::print("  {:<16} equation {}  root mean square residual {:.2e}\n", loss.term, loss.equation,
               std::sqrt(loss.mean_square));
  if (o.stop_after >= 0 && !trained.finished) return;

  const std::filesystem::path file = folder / "surrogate.h5";
  const Surrogate surrogate = export_surrogate(run, problem, trained, file);
  fmt::print("\n");
  print_errors(surrogate.card());
  print_balance(surrogate);
  fmt::print("\nsaved {}\n", file.string());
}

}  // namespace

void add_train(CLI::App& app) {
  auto* command = app.add_subcommand("train", "train a surrogate as a run file says, validate it and save it");
  auto o = std::make_shared<Options>();
  command->add_option("run_file", o->run_file, "TOML: physics, network, envelope, terms, optimizers (see configs/)")
      ->required();
  command->add_option("-o,--out", o->out,
                      "folder of the run: checkpoint, surrogate.h5 (default: runs/<name of the run file>)");
  command->add_flag("--resume", o->resume, "continue from the folder's checkpoint");
  command->add_flag("--dry-run", o->dry_run, "print what would be trained, and stop");
  command->add_flag("-q,--quiet", o->quiet, "no progress");
  command->add_option("--device", o->device, "where the kernels run")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command->add_option("--stop-after", o->stop_after, "stop after this many steps, leaving a checkpoint");
  command->callback([o] { train_command(*o); });
}

}  // namespace residua::commands
