// residua_overhead: what it costs a training to be looked at. Trains a run file in turn without progress, log and
// metrics and with all of them, and prints the seconds of each pair. Progress goes to stderr: make that a terminal.
//
//   residua_overhead RUN_FILE FOLDER PAIRS
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <filesystem>

#include "pinn/run_folder.hpp"
#include "pinn/run_log.hpp"
#include "pinn/trainer.hpp"

namespace residua {
namespace {

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
    if (argc != 4) throw std::invalid_argument("expected RUN_FILE FOLDER PAIRS");
    const RunFile run = RunFile::read(argv[1]);
    const Problem problem(run);
    for (int pair = 0; pair < std::atoi(argv[3]); ++pair) {
      // Each kind comes first in turn: a machine may slow down within a pair.
      double seconds[2];
      for (const int kind : {pair % 2, 1 - pair % 2})
        seconds[kind] = kind == 0 ? seconds_without(run, problem) : seconds_with(run, problem, argv[2]);
      fmt::print("{:.6f} {:.6f}\n", seconds[0], seconds[1]);
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "residua_overhead: {}\n", error.what());
    return 1;
  }
}
