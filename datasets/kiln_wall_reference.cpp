#include "datasets/kiln_wall_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "datasets/exact/kiln.hpp"
#include "datasets/interpolate.hpp"
#include "datasets/ode.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

double fourth(double t) { return t * t * t * t; }

// A face between a half cell of brick and an environment of convection and grey radiation.
struct Face {
  double film, emissivity, environment;

  double heat_from_environment(double t) const {
    return film * (environment - t) + emissivity * exact::kStefanBoltzmann * (fourth(environment) - fourth(t));
  }
};

class Wall {
 public:
  Wall(const KilnWall& p, const KilnWallOptions& o)
      : p_(p),
        inner_{p.film_coefficient, p.inner_emissivity, p.gas_temperature},
        outer_{p.outer_film, p.outer_emissivity, p.ambient_temperature},
        cells_(o.cells),
        centre_(o.cells),
        volume_(o.cells),
        resistance_(o.cells + 1) {
    const auto radius = [&](double i) {  // of face i
      const double xi = i / cells_;
      const double x = o.grading > 0 ? std::expm1(o.grading * xi) / std::expm1(o.grading) : xi;
      return p.inner_radius + p.thickness * x;
    };
    for (int i = 0; i < cells_; ++i) {
      centre_[i] = (radius(i) + radius(i + 1)) / 2;
      volume_[i] = (radius(i + 1) - radius(i)) * centre_[i];
    }
    // ln(r2/r1) between neighbouring centres, faces at the ends.
    const double outer_radius = p.inner_radius + p.thickness;
    resistance_.front() = std::log(centre_.front() / p.inner_radius);
    for (int i = 1; i < cells_; ++i) resistance_[i] = std::log(centre_[i] / centre_[i - 1]);
    resistance_.back() = std::log(outer_radius / centre_.back());
  }

  bool has_shell() const { return p_.shell_capacity > 0; }
  std::size_t size() const { return cells_ + (has_shell() ? 1 : 0); }

  // State: cells from inside, then the shell.
  void rate(const double* t, double* rate) const {
    const double outer_radius = p_.inner_radius + p_.thickness;
    // Heat flow outwards per radian and metre.
    double entering = conducted(inner_surface(t), t[0], 0);
    for (int i = 0; i < cells_; ++i) {
      double leaving = 0;
      if (i + 1 < cells_)
        leaving = conducted(t[i], t[i + 1], i + 1);
      else
        leaving = conducted(t[i], outer_surface(t), cells_);
      rate[i] = (entering - leaving) / (p_.heat_capacity * volume_[i]);
      entering = leaving;
    }
    if (has_shell())
      rate[cells_] = (entering / outer_radius + outer_.heat_from_environment(t[cells_])) / p_.shell_capacity;
  }

  void sample(const double* t, const std::vector<double>& positions, std::vector<double>& values) const {
    std::vector<double> x(cells_ + 2), y(cells_ + 2);
    for (int i = 0; i < cells_; ++i) {
      x[i + 1] = (centre_[i] - p_.inner_radius) / p_.thickness;
      y[i + 1] = t[i];
    }
    x.front() = 0;
    x.back() = 1;
    y.front() = inner_surface(t);
    y.back() = outer_surface(t);
    for (double position : positions) values.push_back(interpolate(x, y, position).value);
  }

 private:
  double potential(double t) const { return p_.conductivity * t * (1 + p_.conductivity_slope * t / 2); }
  double conducted(double from, double to, int face) const {
    return (potential(from) - potential(to)) / resistance_[face];
  }

  double inner_surface(const double* t) const { return surface(inner_, p_.inner_radius, t[0], 0); }
  double outer_surface(const double* t) const {
    return has_shell() ? t[cells_] : surface(outer_, p_.inner_radius + p_.thickness, t[cells_ - 1], cells_);
  }

  // Where the heat taken from the environment equals that conducted to the cell; monotone, so Newton converges.
  double surface(const Face& face, double radius, double cell, int index) const {
    double t = cell;
    for (int i = 0; i < 50; ++i) {
      const double excess = radius * face.heat_from_environment(t) - conducted(t, cell, index);
      const double slope = -radius * (face.film + 4 * face.emissivity * exact::kStefanBoltzmann * t * t * t) -
                           p_.conductivity * (1 + p_.conductivity_slope * t) / resistance_[index];
      const double step = excess / slope;
      t -= step;
      if (std::abs(step) <= 1e-13 * std::abs(t)) return t;
    }
    throw Error(fmt::format("kiln wall: no surface temperature found beside a cell of {} K", cell));
  }

  KilnWall p_;
  Face inner_, outer_;
  int cells_;
  std::vector<double> centre_, volume_, resistance_;
};

}  // namespace

std::vector<double> kiln_wall_reference(const KilnWall& p, const std::vector<double>& times,
                                        const std::vector<double>& positions, const KilnWallOptions& options) {
  if (!(p.thickness > 0 && p.conductivity > 0 && p.heat_capacity > 0 && p.inner_radius > 0 && p.shell_capacity >= 0 &&
        p.film_coefficient >= 0 && p.outer_film >= 0 && p.inner_emissivity >= 0 && p.outer_emissivity >= 0))
    throw Error(
        fmt::format("kiln wall: need thickness, conductivity, heat capacity, radius > 0 and no negative film, "
                    "emissivity or shell; found {}, {}, {}, {}",
                    p.thickness, p.conductivity, p.heat_capacity, p.inner_radius));
  if (options.cells < 4) throw Error(fmt::format("kiln wall: need 4 cells or more, found {}", options.cells));
  for (double x : positions)
    if (!(x >= 0 && x <= 1)) throw Error(fmt::format("kiln wall: position {} outside 0..1", x));
  if (!std::is_sorted(times.begin(), times.end()) || (!times.empty() && !(times.front() >= 0)))
    throw Error("kiln wall: times must start at 0 or later and not fall");

  const Wall wall(p, options);
  Ode ode([&](double, const double* y, double* rate) { wall.rate(y, rate); }, 0,
          std::vector<double>(wall.size(), p.initial_temperature),
          {options.tolerance, options.tolerance * 100, Band{1, 1}});
  std::vector<double> values;
  for (double t : times) wall.sample(ode.advance(t).data(), positions, values);
  return values;
}

}  // namespace residua
