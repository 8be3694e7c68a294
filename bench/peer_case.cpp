// residua_peer_case: one fused pass of Residua as its peers in bench/peers/ run theirs. It writes the problem that they
// read, or answers commands on its standard input as they do (bench/peers/peer.py lists them), and one more:
// "peak".
#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "bench/fma_peak.hpp"
#include "bench/problem.hpp"
#include "bench/problem_file.hpp"
#include "kernels/core/error.hpp"
#include "kernels/fused.hpp"

namespace residua::bench {
namespace {

/// A line of this process' status, in bytes: VmRSS is its memory now, VmHWM the most since the last reset_peak_memory.
double status_bytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return 1024 * std::stod(line.substr(name.size() + 1));
  throw Error("/proc/self/status: expected a line " + name);
}

void reset_peak_memory() {
  malloc_trim(0);  // what earlier steps freed would otherwise hide what the passes take
  std::ofstream("/proc/self/clear_refs") << "5";
}

/// The pass of one problem, in one precision.
template <class S>
class Case {
 public:
  Case(const Problem& problem, int threads)
      : term_(problem.term),
        threads_(threads),
        cast_(problem),
        loss_(std::size_t(problem.physics->terms.front().equations)),
        gradient_(problem.weights.size()) {
    reset_peak_memory();
    memory_before_ = status_bytes("VmRSS");
  }

  /// Obeys one command, and returns the line to say.
  std::string obey(const std::string& command) {
    std::istringstream words(command);
    std::string verb, path;
    words >> verb;
    if (int passes; verb == "time" && words >> passes && passes > 0) return seconds_of(passes);
    if (verb == "answer" && words >> path) return answer(path);
    if (verb == "memory") return fmt::format("{:.0f}", status_bytes("VmHWM") - memory_before_);
    if (verb == "peak") return fmt::format("{}", fma_peak<S>(threads_));
    throw Error(fmt::format("unknown command '{}': expected answer FILE, time PASSES, memory or peak", command));
  }

 private:
  void pass() { fused<S>(term_, cast_.network, cast_.points, {}, {loss_.data(), gradient_.data(), nullptr}, threads_); }

  std::string seconds_of(int passes) {
    std::string seconds;
    for (int i = 0; i < passes; ++i) {
      const auto start = std::chrono::steady_clock::now();
      pass();
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      seconds += fmt::format("{}{}", i ? " " : "", elapsed.count());
    }
    return seconds;
  }

  std::string answer(const std::string& path) {
    pass();
    write_answer(loss_, {gradient_.begin(), gradient_.end()}, path);
    return "ok";
  }

  TermId term_;
  int threads_;
  Cast<S> cast_;
  std::vector<double> loss_;
  std::vector<S> gradient_;
  double memory_before_ = 0;
};

template <class S>
void serve(const Problem& problem, int threads) {
  Case<S> job(problem, threads);
  for (std::string command; std::getline(std::cin, command);) {
    std::cout << job.obey(command) << std::endl;
  }
}

}  // namespace
}  // namespace residua::bench

int main(int argc, char** argv) {
  using namespace residua::bench;
  CLI::App app("One fused pass, timed on command; the problem is random, and the same for the same options.");
  std::string physics, precision = "float32", write;
  std::int64_t points = 16384;
  int width = 64, depth = 4, threads = 2;
  bool design = false;
  app.add_option("--physics", physics, "a physics of the registry: the first of its terms")->required();
  app.add_option("--points", points)->capture_default_str();
  app.add_option("--width", width)->capture_default_str();
  app.add_option("--depth", depth, "hidden layers")->capture_default_str();
  app.add_flag("--design", design, "every parameter that has a range is an input of the network");
  app.add_option("--precision", precision)->check(CLI::IsMember({"float32", "float64"}))->capture_default_str();
  app.add_option("--threads", threads)->capture_default_str();
  app.add_option("--write-problem", write, "write the problem into this file, and do nothing else");
  CLI11_PARSE(app, argc, argv);
  try {
    const Problem problem = random_problem(physics, points, width, depth, design);
    if (!write.empty())
      write_problem(problem, write);
    else if (precision == "float32")
      serve<float>(problem, threads);
    else
      serve<double>(problem, threads);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "residua_peer_case: %s\n", error.what());
    return 1;
  }
}
