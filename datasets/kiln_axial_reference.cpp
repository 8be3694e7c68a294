#include "datasets/kiln_axial_reference.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <Eigen/SparseLU>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "datasets/dae.hpp"
#include "datasets/exact/kiln.hpp"
#include "datasets/interpolate.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

constexpr double kGasConstant = 8.314462618;  // [J/mol K]

// Heat passed from one body to another per metre, and its slopes.
struct Transfer {
  double conductance, radiation;

  double heat(double from, double to) const {
    return conductance * (from - to) + radiation * exact::kStefanBoltzmann * (fourth(from) - fourth(to));
  }
  double slope(double t) const { return conductance + 4 * radiation * exact::kStefanBoltzmann * t * t * t; }
  static double fourth(double t) { return t * t * t * t; }
};

// The sources at one place. `strength` scales radiation and reaction, for continuation.
class Sources {
 public:
  explicit Sources(const KilnAxial& p, double strength = 1)
      : p_(p),
        gas_bed_{p.gas_bed, strength * p.gas_bed_radiation},
        gas_wall_{p.gas_wall, strength * p.gas_wall_radiation},
        wall_bed_{p.wall_bed, strength * p.wall_bed_radiation},
        frequency_(strength * std::pow(10, p.log10_frequency) * p.residence_time) {}

  double wall_excess(double gas, double bed, double wall) const {
    return gas_wall_.heat(gas, wall) - wall_bed_.heat(wall, bed) - p_.loss * (wall - p_.ambient);
  }
  double wall_slope(double wall) const { return gas_wall_.slope(wall) + wall_bed_.slope(wall) + p_.loss; }

  // The wall temperature is the root of a falling function: Newton from the hottest body cannot leave the right side.
  double wall(double gas, double bed) const {
    if (wall_slope(p_.ambient) == 0) return p_.ambient;  // touches nothing
    double wall = std::max({gas, bed, p_.ambient});
    for (int i = 0; i < 100; ++i) {
      const double step = wall_excess(gas, bed, wall) / wall_slope(wall);
      wall += step;
      if (std::abs(step) <= 1e-14 * std::abs(wall)) return wall;
    }
    return wall;  // within roundoff of the root
  }

  double cooling(double gas, double bed, double wall) const {  // -(Tg_t g - Tg_z)
    return p_.length / p_.gas_flow * (gas_bed_.heat(gas, bed) + gas_wall_.heat(gas, wall));
  }
  double warming(double gas, double bed, double wall, double conversion) const {
    return p_.length / p_.bed_flow * (gas_bed_.heat(gas, bed) + wall_bed_.heat(wall, bed)) -
           p_.reaction_heating * reaction(bed, conversion);
  }
  double reaction(double bed, double conversion) const { return frequency(bed) * (1 - conversion); }

  // y = (Tg, Ts, X): dy/dz of the steady state and its Jacobian, the wall eliminated.
  Eigen::Vector3d derivative(const Eigen::Vector3d& y) const {
    const double w = wall(y[0], y[1]);
    return {cooling(y[0], y[1], w), warming(y[0], y[1], w, y[2]), reaction(y[1], y[2])};
  }
  Eigen::Matrix3d jacobian(const Eigen::Vector3d& y) const {
    const double w = wall(y[0], y[1]);
    const double stiffness = wall_slope(w);
    const double wall_gas = stiffness > 0 ? gas_wall_.slope(y[0]) / stiffness : 0;
    const double wall_bed = stiffness > 0 ? wall_bed_.slope(y[1]) / stiffness : 0;
    const double gas = p_.length / p_.gas_flow, bed = p_.length / p_.bed_flow;
    const double rate_bed = reaction(y[1], y[2]) * p_.activation_energy / (kGasConstant * y[1] * y[1]);
    const double rate_conversion = -frequency(y[1]);
    Eigen::Matrix3d j;
    j(0, 0) = gas * (gas_bed_.slope(y[0]) + gas_wall_.slope(y[0]) - gas_wall_.slope(w) * wall_gas);
    j(0, 1) = gas * (-gas_bed_.slope(y[1]) - gas_wall_.slope(w) * wall_bed);
    j(0, 2) = 0;
    j(1, 0) = bed * (gas_bed_.slope(y[0]) + wall_bed_.slope(w) * wall_gas);
    j(1, 1) = bed * (-gas_bed_.slope(y[1]) - wall_bed_.slope(y[1]) + wall_bed_.slope(w) * wall_bed) -
              p_.reaction_heating * rate_bed;
    j(1, 2) = -p_.reaction_heating * rate_conversion;
    j(2, 0) = 0;
    j(2, 1) = rate_bed;
    j(2, 2) = rate_conversion;
    return j;
  }

 private:
  double frequency(double bed) const {
    constexpr double kColdest = 1;  // keeps an iterate that strays below zero from overflowing
    return frequency_ * std::exp(-p_.activation_energy / (kGasConstant * std::max(bed, kColdest)));
  }

  KilnAxial p_;
  Transfer gas_bed_, gas_wall_, wall_bed_;
  double frequency_;
};

void check(const KilnAxial& p, const std::vector<double>& positions, int intervals) {
  if (!(p.length > 0 && p.gas_flow > 0 && p.bed_flow > 0 && p.gas_bed >= 0 && p.gas_wall >= 0 && p.wall_bed >= 0 &&
        p.loss >= 0 && p.gas_bed_radiation >= 0 && p.gas_wall_radiation >= 0 && p.wall_bed_radiation >= 0 &&
        p.residence_time > 0 && p.gas_capacity >= 0))
    throw Error("kiln: length, gas_flow, bed_flow, residence_time must be > 0, conductances and gas_capacity >= 0");
  if (intervals < 8 || intervals % 2 != 0)
    throw Error(fmt::format("kiln: need an even number of intervals, 8 or more, found {}", intervals));
  for (double z : positions)
    if (!(z >= 0 && z <= 1)) throw Error(fmt::format("kiln: position {} outside 0..1", z));
}

double simpson(const std::vector<double>& values) {
  const std::size_t intervals = values.size() - 1;
  double sum = values.front() + values.back();
  for (std::size_t i = 1; i < intervals; ++i) sum += values[i] * (i % 2 == 1 ? 4 : 2);
  return sum / (3.0 * intervals);
}

// Values at the nodes z = i/intervals.
struct Nodes {
  explicit Nodes(int intervals)
      : z(intervals + 1),
        gas(z.size()),
        bed(z.size()),
        wall(z.size()),
        conversion(z.size()),
        gas_rate(z.size()),
        bed_rate(z.size()),
        conversion_rate(z.size()) {
    for (int i = 0; i <= intervals; ++i) z[i] = static_cast<double>(i) / intervals;
  }
  std::vector<double> z, gas, bed, wall, conversion;
  std::vector<double> gas_rate, bed_rate, conversion_rate;  // d/dt, zero if steady
};

void append(const KilnAxial& p, const Nodes& n, const std::vector<double>& positions, KilnProfiles& out) {
  for (double z : positions) {
    out.gas.push_back(interpolate(n.z, n.gas, z).value);
    out.bed.push_back(interpolate(n.z, n.bed, z).value);
    out.wall.push_back(interpolate(n.z, n.wall, z).value);
    out.conversion.push_back(interpolate(n.z, n.conversion, z).value);
  }
  std::vector<double> loss(n.z.size()), storage(n.z.size());
  for (std::size_t i = 0; i < n.z.size(); ++i) {
    loss[i] = p.length * p.loss * (n.wall[i] - p.ambient);
    storage[i] = p.gas_capacity * p.gas_flow * n.gas_rate[i] +
                 p.bed_flow * (n.bed_rate[i] + p.reaction_heating * n.conversion_rate[i]);
  }
  const double in = p.gas_flow * (n.gas.back() - n.gas.front()) +
                    p.bed_flow * (n.bed.front() - n.bed.back() - p.reaction_heating * n.conversion.back());
  const double scale = p.gas_flow * std::max(std::abs(p.gas_inlet - p.bed_inlet), 1.0);
  out.imbalance.push_back((simpson(storage) - in + simpson(loss)) / scale);
}

// The collocation equations of the steady state: unknowns y_i = (Tg, Ts, X) at the nodes.
class Collocation {
 public:
  Collocation(const KilnAxial& p, int intervals) : p_(p), intervals_(intervals) {}

  Eigen::VectorXd residual(const Sources& f, const Eigen::VectorXd& y) const {
    Eigen::VectorXd r(y.size());
    r[0] = y[1] - p_.bed_inlet;
    r[1] = y[2];
    const double h = 1.0 / intervals_;
    for (int i = 0; i < intervals_; ++i) {
      const Eigen::Vector3d a = y.segment<3>(3 * i), b = y.segment<3>(3 * i + 3);
      const Eigen::Vector3d fa = f.derivative(a), fb = f.derivative(b);
      const Eigen::Vector3d fm = f.derivative((a + b) / 2 + h / 8 * (fa - fb));
      r.segment<3>(3 * i + 2) = b - a - h / 6 * (fa + 4 * fm + fb);
    }
    r[r.size() - 1] = y[y.size() - 3] - p_.gas_inlet;
    return r;
  }

  Eigen::SparseMatrix<double> jacobian(const Sources& f, const Eigen::VectorXd& y) const {
    using Eigen::Matrix3d;
    std::vector<Eigen::Triplet<double>> entries{{0, 1, 1}, {1, 2, 1}};
    const int last = static_cast<int>(y.size()) - 1;
    entries.emplace_back(last, last - 2, 1);
    const double h = 1.0 / intervals_;
    for (int i = 0; i < intervals_; ++i) {
      const Eigen::Vector3d a = y.segment<3>(3 * i), b = y.segment<3>(3 * i + 3);
      const Matrix3d ja = f.jacobian(a), jb = f.jacobian(b);
      const Matrix3d jm = f.jacobian((a + b) / 2 + h / 8 * (f.derivative(a) - f.derivative(b)));
      const Matrix3d one = Matrix3d::Identity();
      const Matrix3d left = -one - h / 6 * (ja + 4 * jm * (one / 2 + h / 8 * ja));
      const Matrix3d right = one - h / 6 * (jb + 4 * jm * (one / 2 - h / 8 * jb));
      for (int row = 0; row < 3; ++row)
        for (int column = 0; column < 3; ++column) {
          entries.emplace_back(3 * i + 2 + row, 3 * i + column, left(row, column));
          entries.emplace_back(3 * i + 2 + row, 3 * i + 3 + column, right(row, column));
        }
    }
    Eigen::SparseMatrix<double> matrix(y.size(), y.size());
    matrix.setFromTriplets(entries.begin(), entries.end());
    return matrix;
  }

  // Newton's method, halving steps until the residual falls. False if it stalls; y then is the last iterate.
  bool solve(const Sources& f, Eigen::VectorXd& y) const {
    Eigen::SparseLU<Eigen::SparseMatrix<double>> lu;
    Eigen::VectorXd r = residual(f, y);
    for (int iteration = 0; iteration < 60; ++iteration) {
      lu.compute(jacobian(f, y));
      if (lu.info() != Eigen::Success) return false;
      const Eigen::VectorXd step = lu.solve(r);
      // Temperatures set the scale: 1e-10 of 1000 K, with X far more exact than it needs to be.
      if (!step.allFinite()) return false;
      double damping = 1;
      for (;; damping /= 2) {
        if (damping < 1e-4) return step.cwiseAbs().maxCoeff() < 1e-6;
        const Eigen::VectorXd trial = y - damping * step;
        const Eigen::VectorXd trial_residual = residual(f, trial);
        const bool falls = trial_residual.norm() <= (1 - 0.1 * damping) * r.norm();
        if (trial_residual.allFinite() && (falls || trial_residual.norm() < 1e-9)) {
          y = trial;
          r = trial_residual;
          break;
        }
      }
      if (damping == 1 && step.cwiseAbs().maxCoeff() < 1e-7) return true;
    }
    return false;
  }

 private:
  KilnAxial p_;
  int intervals_;
};

// Third-order upwind-biased difference for a flow to +z (values given upstream to downstream), nodes 1..n.
// Centred beside the inlet and one-sided at the outlet, where the four points are not to be had.
template <class At>
double upwind_difference(const At& u, int i, int last, double h) {
  if (i == last) return (3 * u(i) - 4 * u(i - 1) + u(i - 2)) / (2 * h);
  if (i == 1) return (u(2) - u(0)) / (2 * h);
  return (2 * u(i + 1) + 3 * u(i) - 6 * u(i - 1) + u(i - 2)) / (6 * h);
}

}  // namespace

KilnProfiles kiln_axial_steady(const KilnAxial& p, const std::vector<double>& positions, int intervals) {
  check(p, positions, intervals);
  const Collocation equations(p, intervals);
  Eigen::VectorXd y(3 * (intervals + 1));
  for (int i = 0; i <= intervals; ++i) y.segment<3>(3 * i) << (p.gas_inlet + p.bed_inlet) / 2, p.bed_inlet, 0;

  // Continuation: without radiation and reaction the equations are linear.
  if (!equations.solve(Sources(p, 0), y)) throw Error("kiln: no steady state found, not even of the linear exchanger");
  for (double reached = 0, step = 1; reached < 1;) {
    Eigen::VectorXd trial = y;
    const double strength = std::min(1.0, reached + step);
    if (equations.solve(Sources(p, strength), trial)) {
      y = trial;
      reached = strength;
      step *= 2;
    } else if ((step /= 4) < 1e-5) {
      throw Error(
          fmt::format("kiln: Newton's method stalls with radiation and reaction at {:.3g} of their strength", reached));
    }
  }

  Nodes nodes(intervals);
  const Sources f(p);
  for (int i = 0; i <= intervals; ++i) {
    nodes.gas[i] = y[3 * i];
    nodes.bed[i] = y[3 * i + 1];
    nodes.conversion[i] = y[3 * i + 2];
    nodes.wall[i] = f.wall(nodes.gas[i], nodes.bed[i]);
  }
  KilnProfiles out;
  append(p, nodes, positions, out);
  return out;
}

KilnProfiles kiln_axial_dynamic(const KilnAxial& p, const std::vector<double>& times,
                                const std::vector<double>& positions, const KilnDynamicOptions& options) {
  const int last = options.intervals;
  check(p, positions, last);
  if (!std::is_sorted(times.begin(), times.end()) || (!times.empty() && !(times.front() >= 0)))
    throw Error("kiln: times must start at 0 or later and not fall");

  enum { gas, bed, conversion, wall, kFields };
  const Sources f(p);
  const double h = 1.0 / last;
  const auto residual = [&](double, const double* y, const double* dy, double* r) {
    for (int i = 0; i <= last; ++i) {
      const double* u = y + kFields * i;
      const double* du = dy + kFields * i;
      double* ri = r + kFields * i;
      const auto along = [&](int field) {
        return upwind_difference([&](int j) { return y[kFields * j + field]; }, i, last, h);
      };
      const auto against = [&](int field) {  // nodes counted from the gas inlet
        return upwind_difference([&](int j) { return y[kFields * (last - j) + field]; }, last - i, last, h);
      };
      ri[gas] = i == last ? u[gas] - p.gas_inlet
                          : p.gas_capacity * du[gas] + against(gas) + f.cooling(u[gas], u[bed], u[wall]);
      ri[bed] =
          i == 0 ? u[bed] - p.bed_inlet : du[bed] + along(bed) - f.warming(u[gas], u[bed], u[wall], u[conversion]);
      ri[conversion] = i == 0 ? u[conversion] : du[conversion] + along(conversion) - f.reaction(u[bed], u[conversion]);
      // In kelvin, like the other rows.
      const double slope = f.wall_slope(u[wall]);
      ri[wall] = slope > 0 ? -f.wall_excess(u[gas], u[bed], u[wall]) / slope : u[wall] - p.ambient;
    }
  };

  std::vector<double> state(kFields * (last + 1));
  std::vector<bool> differential(state.size(), false);
  for (int i = 0; i <= last; ++i) {
    double* u = state.data() + kFields * i;
    u[gas] = i == last || p.gas_capacity == 0 ? p.gas_inlet : options.initial_gas;
    u[bed] = i == 0 ? p.bed_inlet : options.initial_bed;
    u[conversion] = 0;
    u[wall] = f.wall(u[gas], u[bed]);
    differential[kFields * i + gas] = i != last && p.gas_capacity > 0;
    differential[kFields * i + bed] = i != 0;
    differential[kFields * i + conversion] = i != 0;
  }
  // Stencils reach two nodes, the wall's row three columns further.
  constexpr int kReach = 2 * kFields;
  Dae dae(residual, 0, std::move(state), differential, 1e-4,
          {options.tolerance, options.tolerance, Band{kReach, kReach}});

  KilnProfiles out;
  Nodes nodes(last);
  for (double t : times) {
    const auto y = dae.advance(t);
    const auto dy = dae.rate();
    for (int i = 0; i <= last; ++i) {
      nodes.gas[i] = y[kFields * i + gas];
      nodes.bed[i] = y[kFields * i + bed];
      nodes.conversion[i] = y[kFields * i + conversion];
      nodes.wall[i] = y[kFields * i + wall];
      nodes.gas_rate[i] = dy[kFields * i + gas];
      nodes.bed_rate[i] = dy[kFields * i + bed];
      nodes.conversion_rate[i] = dy[kFields * i + conversion];
    }
    append(p, nodes, positions, out);
  }
  return out;
}

}  // namespace residua
