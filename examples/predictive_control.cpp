// Model predictive control on a step surrogate, with nothing but the installed Residua:
//
//   predictive_control SURROGATE.h5 RUN.csv
//
// Heats a kiln's wall along a ramp that its brick can stand. Every ten minutes the controller looks two hours ahead and
// moves the gas temperature down the gradient of a cost over the whole horizon, which Stepper gives exactly: a rollout,
// and the same backwards. The plant here is the surrogate itself, with a film coefficient that the controller does not
// know.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <residua/stepper.hpp>
#include <vector>

namespace {

constexpr std::size_t kHorizon = 12, kStates = 2, kControls = 2;  // brick and shell; gas temperature and film
constexpr double kStep = 600;                                     // s
constexpr double kFilm = 30, kPlantFilm = 24;                     // W/m2K: as the controller believes, and as it is

/// The ramp for the brick: 100 K an hour from 500 K, to 1100 K.
double target(double seconds) { return std::min(500 + seconds / 36, 1100.0); }

class Controller {
 public:
  explicit Controller(const residua::Stepper& model) : model_(model), controls_(kHorizon * kControls, kFilm) {
    for (std::size_t k = 0; k < kHorizon; ++k) controls_[k * kControls] = 900;
  }

  /// The gas temperature for the next step. `offset` is what the plant's brick lies above the model's.
  double decide(double now, const std::vector<double>& state, double offset) {
    for (std::size_t k = 0; k + 1 < kHorizon; ++k) controls_[k * kControls] = controls_[(k + 1) * kControls];
    double rate = 40, cost = differentiate(now, state, offset);
    for (int tries = 0; tries < 60 && rate > 1e-3; ++tries) {
      const std::vector<double> before = controls_, slope = gradient_;
      for (std::size_t k = 0; k < kHorizon; ++k)
        controls_[k * kControls] = std::clamp(before[k * kControls] - rate * slope[k * kControls], 600.0, 1600.0);
      const double tried = differentiate(now, state, offset);
      if (tried < cost) {
        cost = tried;
        rate *= 1.5;
      } else {
        controls_ = before;
        gradient_ = slope;
        rate /= 3;
      }
    }
    return controls_[0];
  }

 private:
  /// Squares of the distance to the ramp and of the changes of the gas temperature, and their gradient in the controls.
  double differentiate(double now, const std::vector<double>& state, double offset) {
    if (model_.rollout(kStep, state, controls_, states_, by_state_, by_control_) == residua::Status::not_finite)
      return HUGE_VAL;
    double cost = 0;
    for (std::size_t k = 0; k < kHorizon; ++k) {
      const double off = states_[k * kStates] + offset - target(now + kStep * double(k + 1));
      cost += off * off;
      states_[k * kStates] = 2 * off;
      states_[k * kStates + 1] = 0;
    }
    std::vector<double> start(kStates);
    (void)model_.pull_back(by_state_, by_control_, states_, gradient_, start);
    constexpr double kWeight = 0.01;
    for (std::size_t k = 1; k < kHorizon; ++k) {
      const double change = controls_[k * kControls] - controls_[(k - 1) * kControls];
      cost += kWeight * change * change;
      gradient_[k * kControls] += 2 * kWeight * change;
      gradient_[(k - 1) * kControls] -= 2 * kWeight * change;
    }
    return cost;
  }

  const residua::Stepper& model_;
  std::vector<double> controls_, gradient_ = std::vector<double>(kHorizon * kControls);
  std::vector<double> states_ = std::vector<double>(kHorizon * kStates),
                      by_state_ = std::vector<double>(kHorizon * kStates * kStates),
                      by_control_ = std::vector<double>(kHorizon * kStates * kControls);
};

void run(const char* file, const char* table) {
  const residua::Surrogate surrogate(file);
  const residua::Stepper model(surrogate);
  if (surrogate.card().physics != "kiln_wall_step")
    throw residua::Error("physics: expected kiln_wall_step, found " + surrogate.card().physics);
  Controller controller(model);
  std::ofstream out(table);
  out << "seconds,target,brick,shell,gas,outside\n";
  std::vector<double> state = {500, 350}, expected(kStates), next(kStates);
  double offset = 0, worst = 0;
  int outside = 0;
  for (double now = 0; now < 10 * 3600; now += kStep) {
    const double gas = controller.decide(now, state, offset);
    (void)model.step(kStep, state, std::vector{gas, kFilm}, expected);
    const auto status = model.step(kStep, state, std::vector{gas, kPlantFilm}, next);
    offset = next[0] - expected[0];
    outside += status != residua::Status::ok;
    state = next;
    worst = std::max(worst, std::abs(state[0] - target(now + kStep)));
    out << now + kStep << ',' << target(now + kStep) << ',' << state[0] << ',' << state[1] << ',' << gas << ','
        << (status != residua::Status::ok) << '\n';
  }
  if (!out.flush()) throw residua::Error(std::string(table) + ": cannot be written");
  std::printf("60 steps of 10 min: brick at most %.1f K off the ramp, %d steps outside the envelope\n", worst, outside);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s SURROGATE.h5 RUN.csv\n", argv[0]);
    return 2;
  }
  try {
    run(argv[1], argv[2]);
  } catch (const residua::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
