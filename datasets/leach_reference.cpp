#include "datasets/leach_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "datasets/interpolate.hpp"
#include "datasets/ode.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

class Column {
 public:
  Column(const exact::Mim& p, const LeachReferenceOptions& o)
      : p_(p), cells_(o.cells), width_(o.length / o.cells), length_(o.length) {}

  // State (c_0, m_0, c_1, m_1, ...), averages over the cells.
  void rate(double inflow, const double* y, double* rate) const {
    const double mobile = p_.mobile_fraction * p_.retardation, immobile = (1 - p_.mobile_fraction) * p_.retardation;
    double entering = inflow;  // third type: the whole flux is given
    for (int i = 0; i < cells_; ++i) {
      const double c = y[2 * i], m = y[2 * i + 1];
      const double leaving = i + 1 < cells_ ? flux(y, i) : outflow(y);
      const double exchange = p_.exchange * (c - m);
      rate[2 * i] = ((entering - leaving) / width_ - exchange - p_.decay * c) / mobile;
      rate[2 * i + 1] = immobile > 0 ? (exchange - p_.decay * m) / immobile : 0;
      entering = leaving;
    }
  }

  void sample(const double* y, double inflow, const std::vector<double>& depths, LeachField& field) const {
    std::vector<double> z(cells_ + 2), c(cells_ + 2), m(cells_ + 2);
    for (int i = 0; i < cells_; ++i) {
      z[i + 1] = (i + 0.5) * width_;
      c[i + 1] = centre(y, i);
      m[i + 1] = centre(y + 1, i);
    }
    // Ends: c from the boundary conditions, m by continuing its cubic.
    const auto extrapolate = [](double u0, double u1, double u2, double u3) {
      return (35 * (u0 - u1) + 21 * u2 - 5 * u3) / 16;
    };
    z.front() = 0;
    z.back() = length_;
    const double diffusion = 1 / (p_.peclet * width_);
    c.front() = (inflow + diffusion * (15 * c[1] / 4 - 5 * c[2] / 6 + 3 * c[3] / 20)) / (1 + diffusion * 46 / 15);
    c.back() = outflow(y);
    m.front() = extrapolate(m[1], m[2], m[3], m[4]);
    m.back() = extrapolate(m[cells_], m[cells_ - 1], m[cells_ - 2], m[cells_ - 3]);
    for (double depth : depths) {
      const Interpolated at = interpolate(z, c, depth);
      field.mobile.push_back(at.value);
      field.immobile.push_back(interpolate(z, m, depth).value);
      field.flux.push_back(depth == 0 ? inflow : depth == length_ ? at.value : at.value - at.slope / p_.peclet);
    }
  }

 private:
  // c - c_Z/Pe between cells i and i + 1, from the cubic through four averages: centred, and one-sided at the ends.
  double flux(const double* y, int i) const {
    const auto c = [&](int k) { return y[2 * k]; };
    double value = 0, slope = 0;
    if (i == 0) {
      value = (3 * c(0) + 13 * c(1) - 5 * c(2) + c(3)) / 12;
      slope = (-11 * c(0) + 9 * c(1) + 3 * c(2) - c(3)) / 12;
    } else if (i + 2 == cells_) {
      value = (3 * c(i + 1) + 13 * c(i) - 5 * c(i - 1) + c(i - 2)) / 12;
      slope = (11 * c(i + 1) - 9 * c(i) - 3 * c(i - 1) + c(i - 2)) / 12;
    } else {
      value = (7 * (c(i) + c(i + 1)) - c(i - 1) - c(i + 2)) / 12;
      slope = (15 * (c(i + 1) - c(i)) - c(i + 2) + c(i - 1)) / 12;
    }
    return value - slope / (p_.peclet * width_);
  }

  // c at the end, from the cubic of zero slope there through three averages.
  double outflow(const double* y) const {
    const double* last = y + 2 * (cells_ - 1);
    return (85 * last[0] - 23 * last[-2] + 4 * last[-4]) / 66;
  }

  // The value in the middle of cell i from the averages, one field with stride 2.
  double centre(const double* average, int i) const {
    const int k = 2 * std::clamp(i, 1, cells_ - 2);
    return average[2 * i] - (average[k + 2] - 2 * average[k] + average[k - 2]) / 24;
  }

  exact::Mim p_;
  int cells_;
  double width_, length_;
};

void check(const exact::Mim& p, const std::vector<double>& times, const std::vector<double>& depths,
           const LeachReferenceOptions& o) {
  if (!(p.peclet > 0 && p.retardation > 0 && p.mobile_fraction > 0 && p.exchange >= 0 && p.decay >= 0) ||
      !(p.mobile_fraction < 1 || (p.mobile_fraction == 1 && p.exchange == 0)))
    throw Error(
        fmt::format("leach reference: need Pe > 0, R > 0, 0 < beta < 1 (or beta = 1, omega = 0), omega >= 0, "
                    "Da >= 0; found Pe {}, R {}, beta {}, omega {}, Da {}",
                    p.peclet, p.retardation, p.mobile_fraction, p.exchange, p.decay));
  if (!(o.length > 0 && o.cells >= 4 && p.peclet * o.length < 2 * o.cells))
    throw Error(
        fmt::format("leach reference: need 4 cells or more and Pe length/cells < 2; found Pe {}, length {}, "
                    "{} cells",
                    p.peclet, o.length, o.cells));
  for (double depth : depths)
    if (!(depth >= 0 && depth <= o.length))
      throw Error(fmt::format("leach reference: depth {} outside 0..{}", depth, o.length));
  if (!std::is_sorted(times.begin(), times.end()) || (!times.empty() && !(times.front() >= 0)))
    throw Error("leach reference: times must start at 0 or later and not fall");
  if (!std::is_sorted(o.inlet.begin(), o.inlet.end(), [](auto& a, auto& b) { return a.time < b.time; }))
    throw Error("leach reference: the inlet's steps must be in order of time");
}

}  // namespace

LeachField leach_reference(const exact::Mim& p, const std::vector<double>& times, const std::vector<double>& depths,
                           const LeachReferenceOptions& options) {
  check(p, times, depths, options);
  const Column column(p, options);
  const OdeOptions accuracy{options.tolerance, options.tolerance / 100, Band{6, 6}};
  std::vector<double> state(2 * options.cells, options.initial);
  LeachField field;

  // One smooth piece per inflow concentration; an output at the instant of a change sees the new one.
  auto time = times.begin();
  double start = 0, inflow = 0;
  for (std::size_t piece = 0; piece <= options.inlet.size() && time != times.end(); ++piece) {
    const double end =
        piece < options.inlet.size() ? options.inlet[piece].time : std::numeric_limits<double>::infinity();
    if (end > start) {
      Ode ode([&](double, const double* y, double* rate) { column.rate(inflow, y, rate); }, start, state, accuracy);
      for (; time != times.end() && *time < end; ++time)
        column.sample(ode.advance(*time).data(), inflow, depths, field);
      if (time != times.end()) {
        const auto reached = ode.advance(end);
        state.assign(reached.begin(), reached.end());
      }
      start = end;
    }
    if (piece < options.inlet.size()) inflow = options.inlet[piece].concentration;
  }
  return field;
}

}  // namespace residua
