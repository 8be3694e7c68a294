// residua_overhead: what it costs a training to be looked at. Trains the same run in turn with progress, log and
// metrics and without any of them, and prints the seconds of each pair. Progress goes to stderr: make that a terminal.
//
//   residua_overhead FOLDER PAIRS
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <filesystem>

#include "pinn/run_folder.hpp"
#include "pinn/run_log.hpp"
#include "pinn/trainer.hpp"

namespace residua {
namespace {

// Small and cheap steps, of which there are many in a second: the harder case.
constexpr const char* kRun = R"(
physics = "burgers"
checkpoint_every = 1000000
[network]
width = 20
depth = 3
[terms.interior]
points = 1000
[[stage]]
optimizer = "adam"
steps = 4000
)";

double seconds_without(const RunFile& run, const Problem& problem) {
  TrainOptions options;
  options.progress = Progress(Progress::Mode::quiet);
  return train(run, problem, options).seconds;
}

double seconds_with(const RunFile& run, const Problem& problem, const std::filesystem::path& path) {
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  RunLog log(RunFolder(path).log());
  TrainOptions options;
  options.folder = path;
  options.log = [&](const std::string& text) { log.add(text); };
  return train(run, problem, options).seconds;
}

}  // namespace
}  // namespace residua

int main(int argc, char** argv) {
  using namespace residua;
  try {
    if (argc != 3) throw std::invalid_argument("expected FOLDER PAIRS");
    const RunFile run = RunFile::parse(kRun, "residua_overhead");
    const Problem problem(run);
    for (int pairs = std::atoi(argv[2]); pairs > 0; --pairs) {
      const double without = seconds_without(run, problem);
      fmt::print("{:.6f} {:.6f}\n", without, seconds_with(run, problem, argv[1]));
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "residua_overhead: {}\n", error.what());
    return 1;
  }
}
