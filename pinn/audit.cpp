#include "pinn/audit.hpp"

#include <cmath>
#include <functional>

#include "kernels/catalog.hpp"
#include "kernels/registry.hpp"

namespace residua {
namespace {

constexpr int kSteps = 200;                       ///< of Simpson's rule, even
constexpr double kStefanBoltzmann = 5.670374e-8;  ///< W/m2K4 (CODATA 2018)

/// Integral over a length of one from values on equal steps.
double simpson(const std::vector<double>& f) {
  double sum = f.front() + f.back();
  for (std::size_t i = 1; i + 1 < f.size(); ++i) sum += f[i] * (i % 2 ? 4 : 2);
  return sum / (3 * double(f.size() - 1));
}

/// One case of a surrogate over time (unless the physics is steady) and one position.
template <class Ph>
class Case {
 public:
  static constexpr bool kSteady = Ph::kCoords == 1;

  Case(const Surrogate& surrogate, const std::vector<double>& params) : surrogate_(surrogate), params_(params) {
    const auto inputs = surrogate.inputs();
    for (std::size_t i = Ph::kCoords; i < inputs.size(); ++i)
      for (int p = 0; p < Ph::kParams; ++p)
        if (Ph::params[p].name == inputs[i].name) design_.push_back(params[std::size_t(p)]);
  }

  double operator[](int param) const { return params_[std::size_t(param)]; }
  const Variable& time() const { return surrogate_.inputs()[0]; }
  const Variable& place() const { return surrogate_.inputs()[Ph::kCoords - 1]; }

  /// An output at pairs of times and positions; the steady ones need no times.
  std::vector<double> output(int output, const std::vector<double>& times, const std::vector<double>& places) const {
    const std::size_t n = places.size();
    std::vector<double> in = kSteady ? std::vector<double>{} : times, out(surrogate_.outputs().size() * n);
    in.insert(in.end(), places.begin(), places.end());
    for (const double value : design_) in.insert(in.end(), n, value);
    surrogate_.predict(n, in, out);
    return {out.begin() + std::ptrdiff_t(std::size_t(output) * n),
            out.begin() + std::ptrdiff_t(std::size_t(output + 1) * n)};
  }

  double at(int output, double time, double place) const { return this->output(output, {time}, {place}).front(); }

  /// Integral over the positions, at one time, of weight(position, output).
  double over_places(int output, double time, const std::function<double(double, double)>& weight) const {
    std::vector<double> places;
    for (int i = 0; i <= kSteps; ++i) places.push_back(place().lower + (place().upper - place().lower) * i / kSteps);
    std::vector<double> f = this->output(output, std::vector<double>(places.size(), time), places);
    for (std::size_t i = 0; i < f.size(); ++i) f[i] = weight(places[i], f[i]);
    return (place().upper - place().lower) * simpson(f);
  }

  /// Integral over the time of flow(time), in steps that are finer early on, where fields start like roots of the time.
  double over_times(const std::function<double(double)>& flow) const {
    const double span = time().upper - time().lower;
    std::vector<double> f;
    for (int i = 0; i <= kSteps; ++i) {
      const double s = double(i) / kSteps;
      f.push_back(flow(time().lower + span * s * s) * 2 * s);
    }
    return span * simpson(f);
  }

 private:
  const Surrogate& surrogate_;
  const std::vector<double>& params_;
  std::vector<double> design_;
};

bool covers(const Variable& v, double lower, double upper) { return v.lower <= lower && v.upper >= upper; }

double share(double missing, double entering) { return std::abs(missing) / std::abs(entering); }

/// Heat flows in W, and the heat that the bed holds in W times residence times.
template <class Ph>
std::optional<Audit> kiln_axis(const Surrogate& surrogate, const std::vector<double>& params) {
  const Case<Ph> kiln(surrogate, params);
  if (!covers(kiln.place(), 0, 1)) return std::nullopt;
  const auto mean = [&](int field, double time, double from) {
    return kiln.over_places(field, time, [&](double, double value) { return value - from; });
  };
  const auto given = [&](double time) { return kiln[Ph::Cg] * (kiln[Ph::GL] - kiln.at(Ph::G, time, 0)); };
  const auto taken = [&](double time) {
    const double enthalpy = kiln.at(Ph::S, time, 1) - kiln[Ph::S0] + kiln[Ph::H] * kiln.at(Ph::X, time, 1);
    return kiln[Ph::Cs] * enthalpy + kiln[Ph::Ua] * kiln[Ph::L] * mean(Ph::W, time, kiln[Ph::Ta]);
  };
  constexpr std::string_view what = "heat", of = "what the gas gives";
  if constexpr (Case<Ph>::kSteady) {
    return Audit{what, of, share(given(0) - taken(0), given(0))};
  } else {
    const auto held = [&](double time) {
      return kiln[Ph::Cs] * (mean(Ph::S, time, kiln[Ph::S0]) + kiln[Ph::H] * mean(Ph::X, time, 0));
    };
    const double entering = kiln.over_times(given), kept = held(kiln.time().upper) - held(kiln.time().lower);
    return Audit{what, of, share(entering - kiln.over_times(taken) - kept, entering)};
  }
}

/// Heat in J over the area of the hot face. The flow at both faces is per area of its own.
std::optional<Audit> kiln_wall(const Surrogate& surrogate, const std::vector<double>& params) {
  using Ph = physics::KilnWall;
  const Case<Ph> wall(surrogate, params);
  if (!covers(wall.place(), 0, 1)) return std::nullopt;
  const double wider = wall[Ph::d] / wall[Ph::Ri], shell_area = 1 + wider;
  const auto passes = [](double film, double emissivity, double from, double to) {
    return film * (from - to) + emissivity * kStefanBoltzmann * (std::pow(from, 4) - std::pow(to, 4));
  };
  const double entering = 3600 * wall.over_times([&](double time) {
    return passes(wall[Ph::h], wall[Ph::eps], wall[Ph::Tg], wall.at(Ph::T, time, 0));
  });
  const double leaving = 3600 * shell_area * wall.over_times([&](double time) {
    return passes(wall[Ph::ho], wall[Ph::epso], wall.at(Ph::T, time, 1), wall[Ph::Ta]);
  });
  const auto held = [&](double time) {
    const double brick = wall.over_places(Ph::T, time, [&](double x, double T) { return T * (1 + wider * x); });
    return wall[Ph::C] * wall[Ph::d] * brick + shell_area * wall[Ph::Csh] * wall.at(Ph::T, time, 1);
  };
  const double kept = held(wall.time().upper) - held(wall.time().lower);
  return Audit{"heat", "what the gas gives", share(entering - leaving - kept, entering)};
}

/// Solute in inlet concentrations times pore volumes.
std::optional<Audit> leach_column(const Surrogate& surrogate, const std::vector<double>& params) {
  using Ph = physics::LeachColumn;
  constexpr int flux = Ph::kFields;  // the output behind the fields
  const Case<Ph> column(surrogate, params);
  if (!covers(column.place(), 0, 1)) return std::nullopt;
  const auto identity = [](double, double value) { return value; };
  const auto content = [&](double time, double mobile, double immobile) {
    return mobile * column.over_places(Ph::c, time, identity) + immobile * column.over_places(Ph::m, time, identity);
  };
  const auto held = [&](double time) {
    return content(time, column[Ph::beta] * column[Ph::R], (1 - column[Ph::beta]) * column[Ph::R]);
  };
  const double entering = column.over_times([&](double time) { return column.at(flux, time, 0); });
  const double leaving = column.over_times([&](double time) {
    return column.at(flux, time, column.place().upper) + content(time, column[Ph::Da], column[Ph::Da]);
  });
  const double kept = held(column.time().upper) - held(column.time().lower);
  return Audit{"solute", "what enters", share(entering - leaving - kept, entering)};
}

}  // namespace

std::optional<Audit> audit(const Surrogate& surrogate, const std::vector<double>& params) {
  const std::string& physics = surrogate.card().physics;
  if (physics == physics::KilnAxialSteady::name) return kiln_axis<physics::KilnAxialSteady>(surrogate, params);
  if (physics == physics::KilnAxial::name) return kiln_axis<physics::KilnAxial>(surrogate, params);
  if (physics == physics::KilnWall::name) return kiln_wall(surrogate, params);
  if (physics == physics::LeachColumn::name) return leach_column(surrogate, params);
  return std::nullopt;
}

std::optional<Audit> audit(const Surrogate& surrogate) {
  std::vector<double> params;
  for (const Quantity& q : find_physics(surrogate.card().physics).params) {
    double value = q.value;
    for (const FixedParameter& fixed : surrogate.card().fixed)
      if (fixed.name == q.name) value = fixed.value;
    for (const Variable& input : surrogate.inputs())
      if (input.name == q.name && !covers(input, value, value)) value = (input.lower + input.upper) / 2;
    params.push_back(value);
  }
  return audit(surrogate, params);
}

}  // namespace residua
