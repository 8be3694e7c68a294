// A surrogate inside a control loop, with nothing but the installed Residua:
//
//   control_loop SURROGATE.h5 LOOP.csv
//
// Each step reads the plant, moves one input of the surrogate so that one output follows a set-point whose rate is
// limited, and goes on. The controller is one Newton step on the surrogate's exact derivative, corrected by what the
// plant showed last: a loop as small as it can be, to show how predict(), jacobian() and their status are used.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <residua/surrogate.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

using residua::Status;

struct Scenario {
  std::string_view physics;
  std::string_view moved, controlled;  // an input and an output of the surrogate
  std::string_view clock;              // the input that runs over its range during the loop; none if empty
  double depth;                        // where the output is controlled
  double from, to, rate;               // the set-point and its change per step
  double slowest, fastest;             // change of the moved input per step
};

constexpr Scenario kScenarios[] = {
    // The gas temperature that brings the hot face of a wall to its set-point: 400 K to 1000 K over half of the loop.
    {"kiln_wall", "gas_temperature", "temperature", "time", 0, 400, 1000, 1.2, -20, 20},
    // How far to pump (time counts pore volumes, which only grow) for the outlet of a column to reach its set-point.
    {"leach_column", "time", "flux", "", 1, 0.02, 0.95, 1e-3, 0, 0.02},
};

const Scenario& scenario_of(std::string_view physics) {
  for (const Scenario& scenario : kScenarios)
    if (scenario.physics == physics) return scenario;
  throw residua::Error("physics: expected kiln_wall or leach_column, found " + std::string(physics));
}

std::size_t find(std::span<const residua::Variable> variables, std::string_view name) {
  for (std::size_t i = 0; i < variables.size(); ++i)
    if (variables[i].name == name) return i;
  throw residua::Error("the surrogate has no input or output " + std::string(name));
}

/// Times calls, and counts how they went.
struct Meter {
  std::vector<double> microseconds;
  int count[int(Status::wrong_size) + 1] = {};

  template <class Call>
  Status operator()(Call&& call) {
    const auto start = std::chrono::steady_clock::now();
    const Status status = call();
    microseconds.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    ++count[int(status)];
    return status;
  }
  double percentile(double share) {
    std::sort(microseconds.begin(), microseconds.end());
    return microseconds[std::size_t(share * double(microseconds.size() - 1))];
  }
  void print(const char* name) {
    std::printf("%-10s %8zu %8.2f %8.2f %8d %8d %11d\n", name, microseconds.size(), percentile(0.5), percentile(0.99),
                count[int(Status::ok)], count[int(Status::near)] + count[int(Status::outside)],
                count[int(Status::not_finite)]);
  }
};

void run(const char* file, const char* csv_path) {
  constexpr int kSteps = 1000;
  const residua::Surrogate surrogate(file);
  const auto inputs = surrogate.inputs(), outputs = surrogate.outputs();
  const Scenario& scenario = scenario_of(surrogate.card().physics);
  const std::size_t moved = find(inputs, scenario.moved), controlled = find(outputs, scenario.controlled);
  const std::size_t depth = find(inputs, "depth");

  // All memory is taken before the loop starts.
  std::vector<double> in, out(outputs.size()), jacobian(inputs.size() * outputs.size());
  for (const residua::Variable& v : inputs) in.push_back((v.lower + v.upper) / 2);
  in[depth] = scenario.depth;
  in[moved] = inputs[moved].lower;
  Meter predict, derive;
  std::ofstream csv(csv_path);
  csv << "step," << (scenario.clock.empty() ? "" : "clock,") << "set_point,plant,predicted,moved,status\n";

  double set_point = scenario.from, bias = 0, sum = 0, worst = 0;
  int held = 0;
  for (int step = 1; step <= kSteps; ++step) {
    if (!scenario.clock.empty()) {
      const residua::Variable& clock = inputs[find(inputs, scenario.clock)];
      in[find(inputs, scenario.clock)] = clock.lower + (clock.upper - clock.lower) * step / kSteps;
    }
    set_point = std::clamp(scenario.to, set_point - scenario.rate, set_point + scenario.rate);

    // Where to move the input? One Newton step from where it is, within its rate and its envelope. Without a usable
    // answer the loop holds what it has, which is always safe here.
    std::uint64_t outside = 0;
    Status status = derive([&] { return surrogate.jacobian(in, out, jacobian, &outside); });
    const double slope = jacobian[controlled * inputs.size() + moved];
    if (status == Status::ok && slope != 0) {
      const double move = (set_point - bias - out[controlled]) / slope;
      in[moved] = std::clamp(in[moved] + std::clamp(move, scenario.slowest, scenario.fastest), inputs[moved].lower,
                             inputs[moved].upper);
    } else {
      ++held;
    }

    status = predict([&] { return surrogate.predict(in, out, &outside); });
    if (status != Status::ok) continue;  // nothing to learn from a prediction outside the envelope
    // The plant: the surrogate plus a slow disturbance that the controller does not know.
    const double range = outputs[controlled].upper - outputs[controlled].lower;
    const double plant = out[controlled] + 0.01 * range * std::sin(0.02 * step);
    bias = plant - out[controlled];

    const double error = std::abs(plant - set_point);
    sum += error;
    worst = std::max(worst, error);
    csv << step << ',';
    if (!scenario.clock.empty()) csv << in[find(inputs, scenario.clock)] << ',';
    csv << set_point << ',' << plant << ',' << out[controlled] << ',' << in[moved] << ',' << int(status) << '\n';
  }

  std::printf("call          calls   p50 us   p99 us       ok  outside  not finite\n");
  predict.print("predict");
  derive.print("jacobian");
  std::printf("%s by %s: mean distance from the set-point %.4g %s, largest %.4g, input held in %d of %d steps\n",
              outputs[controlled].name.c_str(), inputs[moved].name.c_str(), sum / kSteps,
              outputs[controlled].unit.c_str(), worst, held, kSteps);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s SURROGATE.h5 LOOP.csv\n", argv[0]);
    return 2;
  }
  try {
    run(argv[1], argv[2]);
  } catch (const residua::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
