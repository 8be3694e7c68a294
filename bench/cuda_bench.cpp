// residua_cuda_bench: the fused pass on a GPU. `report` times it by CUDA events in every way that it can be computed,
// and prints JSON; `serve` is one way of it as a contestant that obeys the commands of bench/peers/peer.py.
#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "bench/device_pass.hpp"
#include "bench/problem_file.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/head.hpp"

namespace residua::bench {
namespace {

using cuda::check;

constexpr int kNoDevice = 3;  ///< exit status

struct Event {
  cudaEvent_t event;
  Event() { check(cudaEventCreate(&event), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event); }
  Event(const Event&) = delete;
};

/// Seconds that the device takes for what queue(count) queues.
template <class Queue>
double seconds_of(int count, Queue&& queue) {
  const Event begin, end;
  check(cudaEventRecord(begin.event, nullptr), "cudaEventRecord");
  queue(count);
  check(cudaEventRecord(end.event, nullptr), "cudaEventRecord");
  check(cudaEventSynchronize(end.event), "cudaEventSynchronize");
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, begin.event, end.event), "cudaEventElapsedTime");
  return 1e-3 * double(milliseconds);
}

struct Timing {
  double median = 0, fastest = 0;  ///< seconds of one
  int samples = 0;
};

/// Times what queue(count) queues `count` times in a row, within about `budget` seconds, after as much again of warming
/// up. A sample is long enough for the clock.
template <class Queue>
Timing time(double budget, Queue&& queue) {
  constexpr double kSample = 2e-3;
  double one = seconds_of(1, queue);
  for (double spent = one; spent < budget;) spent += one = seconds_of(1, queue);
  const int count = std::max(1, int(kSample / one));
  const int samples = std::clamp(int(budget / (count * one)), 5, 200);
  std::vector<double> seconds;
  for (int k = 0; k < samples; ++k) seconds.push_back(seconds_of(count, queue) / count);
  std::sort(seconds.begin(), seconds.end());
  return {seconds[seconds.size() / 2], seconds.front(), samples};
}

/// Relative, in the Euclidean norm.
double difference(const std::vector<double>& found, const std::vector<double>& expected) {
  double sum = 0, size = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    sum += std::pow(found[k] - expected[k], 2);
    size += expected[k] * expected[k];
  }
  return std::sqrt(sum / size);
}

// --- report ----------------------------------------------------------------------------------------------------------

struct Options {
  std::string physics = "transport_2d";
  std::vector<int> widths{64, 128, 256};
  int depth = 5;
  std::int64_t points = std::int64_t(1) << 20, step_points = 8192;
  double seconds = 0.3;
};

/// Channels that the kernels carry for the first term of a physics.
int channels_of(std::string_view physics) {
  int channels = 0;
  [&]<class... Ph>(std::tuple<Ph...>*) {
    ((Ph::name == physics
          ? void(channels = kCollapse<Ph, std::tuple_element_t<0, typename Ph::Terms>>.propagation.count())
          : void()),
     ...);
  }(static_cast<Timed*>(nullptr));
  return channels;
}

/// All that there are on this device.
std::vector<Way> ways() {
  std::vector<Way> all{{"float", "threads"}, {"float", "tensor"}, {"double", "threads"}, {"double", "tensor"}};
  if (cuda::has_warp_groups()) all.push_back({"float", "groups"});
  return all;
}

std::string describe_device() {
  int device = 0, driver = 0, runtime = 0;
  cudaDeviceProp properties{};
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  return fmt::format(R"({{"name": "{}", "compute_capability": "{}.{}", "multiprocessors": {}, "memory_bytes": {}, )"
                     R"("driver": {}, "runtime": {}}})",
                     properties.name, properties.major, properties.minor, properties.multiProcessorCount,
                     properties.totalGlobalMem, driver, runtime);
}

/// One way of computing one problem: right or not, how far from double precision, how fast.
std::string report_case(const Options& options, int width, const Way& way) {
  const Problem many = random_problem(options.physics, options.points, width, options.depth, false);
  const auto pass = make_pass(many, way);
  std::string text =
      fmt::format(R"({{"physics": "{}", "channels": {}, "width": {}, "depth": {}, "points": {}, "scalar": "{}", )"
                  R"("multiplies": "{}", "workspace_bytes": {})",
                  options.physics, channels_of(options.physics), width, options.depth, many.n, way.scalar,
                  way.multiplies, pass->memory());
  if (const std::string wrong = pass->mistake(); !wrong.empty())
    return text + fmt::format(R"(, "wrong": "{}"}})", wrong);

  pass->queue();
  const Answer found = pass->answer();
  const auto exact = make_pass(many, Way{"double", "threads"});
  exact->queue();
  const Answer expected = exact->answer();
  const Timing passes = time(options.seconds, [&](int count) {
    for (int k = 0; k < count; ++k) pass->queue();
  });

  const Problem few = random_problem(options.physics, options.step_points, width, options.depth, false);
  const auto trained = make_pass(few, way);
  const Timing steps = time(options.seconds, [&](int count) { trained->queue_steps(count); });
  return text + fmt::format(R"(, "milliseconds": {:.6g}, "fastest_milliseconds": {:.6g}, "samples": {}, )"
                            R"("mpoints_per_second": {:.6g}, "gradient_error": {:.3e}, "loss_error": {:.3e}, )"
                            R"("step_points": {}, "step_microseconds": {:.6g}}})",
                            1e3 * passes.median, 1e3 * passes.fastest, passes.samples,
                            1e-6 * double(many.n) / passes.median, difference(found.gradient, expected.gradient),
                            difference(found.loss, expected.loss), few.n, 1e6 * steps.median);
}

void report(const Options& options) {
  std::vector<std::string> cases;
  for (const int width : options.widths)
    for (const Way& way : ways()) cases.push_back(report_case(options, width, way));
  fmt::print("{{\"device\": {},\n \"cases\": [\n  {}]}}\n", describe_device(), fmt::join(cases, ",\n  "));
}

// --- serve -----------------------------------------------------------------------------------------------------------

std::string seconds_of_passes(AnyPass& pass, int count) {
  std::vector<double> seconds;
  for (int k = 0; k < count; ++k) {
    const auto start = std::chrono::steady_clock::now();
    pass.queue();
    check(cudaStreamSynchronize(nullptr), "cudaStreamSynchronize");
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return fmt::format("{}", fmt::join(seconds, " "));
}

/// Obeys one command, and returns the line to say.
std::string obey(AnyPass& pass, const std::string& command) {
  std::istringstream words(command);
  std::string verb, path;
  words >> verb;
  if (int count; verb == "time" && words >> count && count > 0) return seconds_of_passes(pass, count);
  if (verb == "memory") return fmt::format("{}", pass.memory());
  if (verb == "answer" && words >> path) {
    pass.queue();
    const Answer answer = pass.answer();
    write_answer(answer.loss, answer.gradient, path);
    return "ok";
  }
  throw Error(fmt::format("unknown command '{}': expected answer FILE, time PASSES or memory", command));
}

void serve(const Problem& problem, const Way& way) {
  const auto pass = make_pass(problem, way);
  for (std::string command; std::getline(std::cin, command);) std::cout << obey(*pass, command) << std::endl;
}

/// The exit status, after saying so, if there is no device.
int refuse_without_device() {
  if (cuda::available()) return 0;
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  fmt::print(
      stderr, "residua_cuda_bench: expected a GPU that runs code for sm_90 or later, found {}\n",
      status == cudaSuccess ? fmt::format("{} devices, none of which does", devices) : cudaGetErrorString(status));
  return kNoDevice;
}

struct Single {
  std::string physics = "transport_2d", write;
  int width = 64, depth = 5;
  std::int64_t points = 65536;
  Way way;
};

int run(const CLI::App& reporting, const Options& options, const Single& single) {
  const auto problem = [&] { return random_problem(single.physics, single.points, single.width, single.depth, false); };
  if (!reporting && !single.write.empty()) {
    write_problem(problem(), single.write);
    return 0;
  }
  if (const int status = refuse_without_device()) return status;
  if (reporting)
    report(options);
  else
    serve(problem(), single.way);
  return 0;
}

}  // namespace
}  // namespace residua::bench

int main(int argc, char** argv) {
  using namespace residua::bench;
  CLI::App app("The fused pass (loss and gradient) on a GPU. Exit status 3: there is no GPU that runs it.");
  app.require_subcommand(1);
  const CLI::IsMember physics({"heat", "transport_2d"});

  Options options;
  auto* reporting =
      app.add_subcommand("report", "times float and double, threads, tensor cores and warp groups; prints JSON");
  reporting->add_option("--physics", options.physics)->check(physics)->capture_default_str();
  reporting->add_option("--widths", options.widths)->delimiter(',')->capture_default_str();
  reporting->add_option("--depth", options.depth, "hidden layers")->capture_default_str();
  reporting->add_option("--points", options.points, "of a pass")->capture_default_str();
  reporting->add_option("--step-points", options.step_points, "of a step of training")->capture_default_str();
  reporting->add_option("--seconds", options.seconds, "of timing for each case")->capture_default_str();

  Single single;
  auto* serving = app.add_subcommand("serve", "one pass, timed on command (bench/peers/peer.py lists the commands)");
  serving->add_option("--physics", single.physics)->check(physics)->capture_default_str();
  serving->add_option("--width", single.width)->capture_default_str();
  serving->add_option("--depth", single.depth, "hidden layers")->capture_default_str();
  serving->add_option("--points", single.points)->capture_default_str();
  serving->add_option("--scalar", single.way.scalar)->check(CLI::IsMember({"float", "double"}))->capture_default_str();
  serving->add_option("--multiplies", single.way.multiplies)
      ->check(CLI::IsMember({"threads", "tensor", "groups"}))
      ->capture_default_str();
  serving->add_option("--write-problem", single.write, "write the problem into this file, and do nothing else");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(*reporting, options, single);
  } catch (const std::exception& error) {
    fmt::print(stderr, "residua_cuda_bench: {}\n", error.what());
    return 1;
  }
}
