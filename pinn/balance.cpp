#include "pinn/balance.hpp"

#include <cmath>
#include <vector>

#include "kernels/registry.hpp"

namespace residua {
namespace {

/// Trapezoidal rule on equal steps over a length of one.
double mean(const std::vector<double>& f) {
  double sum = (f.front() + f.back()) / 2;
  for (std::size_t i = 1; i + 1 < f.size(); ++i) sum += f[i];
  return sum / double(f.size() - 1);
}

/// Fields of a kiln surrogate along the axis at one time, and its parameters.
template <class Ph>
class KilnFields {
 public:
  explicit KilnFields(const Surrogate& surrogate) : surrogate_(surrogate), params_(Ph::kParams) {
    for (int p = 0; p < Ph::kParams; ++p) params_[std::size_t(p)] = Ph::params[p].value;
    for (const FixedParameter& f : surrogate.card().fixed) set(f.name, f.value);
    const auto inputs = surrogate.inputs();
    for (std::size_t i = Ph::kCoords; i < inputs.size(); ++i) {
      design_.push_back((inputs[i].lower + inputs[i].upper) / 2);
      set(inputs[i].name, design_.back());
    }
  }

  double operator[](int param) const { return params_[std::size_t(param)]; }

  /// Fields [fields][points] at `time` (ignored by the steady kiln), on equal steps from the feed end.
  std::vector<std::vector<double>> at(double time, std::size_t points) const {
    std::vector<double> in, out(Ph::kFields * points);
    if (Ph::kCoords == 2) in.assign(points, time);
    for (std::size_t i = 0; i < points; ++i) in.push_back(double(i) / double(points - 1));
    for (const double value : design_) in.insert(in.end(), points, value);
    surrogate_.predict(points, in, out);
    std::vector<std::vector<double>> fields;
    for (int f = 0; f < Ph::kFields; ++f)
      fields.emplace_back(out.begin() + std::ptrdiff_t(f * int(points)),
                          out.begin() + std::ptrdiff_t((f + 1) * int(points)));
    return fields;
  }

 private:
  void set(const std::string& name, double value) {
    for (int p = 0; p < Ph::kParams; ++p)
      if (Ph::params[p].name == name) params_[std::size_t(p)] = value;
  }
  const Surrogate& surrogate_;
  std::vector<double> params_, design_;
};

/// Heat flows at one time in W, and the heat that the bed holds in W times residence times.
struct Flows {
  double given, leaving, lost, held;
};

template <class Ph>
Flows flows(const KilnFields<Ph>& kiln, double time) {
  constexpr std::size_t points = 401;
  const auto f = kiln.at(time, points);
  std::vector<double> enthalpy(points), loss(points);
  for (std::size_t i = 0; i < points; ++i) {
    enthalpy[i] = f[Ph::S][i] - kiln[Ph::S0] + kiln[Ph::H] * f[Ph::X][i];
    loss[i] = f[Ph::W][i] - kiln[Ph::Ta];
  }
  return {kiln[Ph::Cg] * (kiln[Ph::GL] - f[Ph::G].front()), kiln[Ph::Cs] * enthalpy.back(),
          kiln[Ph::Ua] * kiln[Ph::L] * mean(loss), kiln[Ph::Cs] * mean(enthalpy)};
}

double steady_closure(const Surrogate& surrogate) {
  const Flows f = flows(KilnFields<physics::KilnAxialSteady>(surrogate), 0);
  return std::abs(f.given - f.leaving - f.lost) / std::abs(f.given);
}

double dynamic_closure(const Surrogate& surrogate) {
  const KilnFields<physics::KilnAxial> kiln(surrogate);
  const Variable& time = surrogate.inputs()[physics::KilnAxial::t];
  constexpr int steps = 400;
  std::vector<double> given, taken;
  Flows last{};
  for (int i = 0; i <= steps; ++i) {
    last = flows(kiln, time.lower + (time.upper - time.lower) * i / steps);
    given.push_back(last.given);
    taken.push_back(last.leaving + last.lost);
  }
  const double span = time.upper - time.lower, total = mean(given) * span;
  return std::abs(total - mean(taken) * span - last.held) / std::abs(total);  // the bed starts cold and holds nothing
}

}  // namespace

std::optional<double> enthalpy_closure(const Surrogate& surrogate) {
  if (surrogate.card().physics == physics::KilnAxialSteady::name) return steady_closure(surrogate);
  if (surrogate.card().physics == physics::KilnAxial::name) return dynamic_closure(surrogate);
  return std::nullopt;
}

}  // namespace residua
