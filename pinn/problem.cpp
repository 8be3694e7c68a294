#include "pinn/problem.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <cmath>

#include "kernels/core/error.hpp"
#include "kernels/parallel.hpp"

namespace residua {
namespace {

constexpr std::int64_t kBlock = 1024;            ///< points that are drawn at a time, so that they stay in the cache
constexpr std::int64_t kPointsOfAThread = 8192;  ///< below, it takes about as long to wake another one

/// work(share) for shares of n points, in as many threads.
template <class Work>
void for_shares(std::int64_t n, Work&& work) {
  const int threads = int(std::clamp<std::int64_t>(n / kPointsOfAThread, 1, default_threads()));
  in_parallel(threads, [&](int thread) { work(share_of(n, thread, threads)); });
}

/// For n points, all allocated at once: touching fresh memory takes longer than drawing what goes there.
Samples room(std::size_t coords, std::size_t design, std::int64_t n) {
  return {n, std::vector<double>(coords * std::size_t(n)), std::vector<double>(design * std::size_t(n))};
}

/// Places the points of a share. unit_row(dim) is where their coordinates in the unit cube start.
template <class UnitRow>
void place(const std::vector<Axis>& axes, const Share& share, const UnitRow& unit_row, Samples& samples) {
  double* row = samples.coords.data();
  for (const Axis& axis : axes) {
    if (row == samples.coords.data() + samples.coords.size()) row = samples.design.data();
    if (axis.dim < 0) {
      std::fill_n(row + share.first, share.count, axis.at(0));
    } else {
      const double* unit = unit_row(axis.dim);
      std::transform(unit, unit + share.count, row + share.first, [&](double u) { return axis.at(u); });
    }
    row += samples.n;
  }
}

}  // namespace

Problem::Problem(const RunFile& run) : physics_(&find_physics(run.physics)) {
  for (const Quantity& coord : physics_->coords) {
    const Range range = run.range(coord);
    if (!(range.lower < range.upper))
      throw Error(fmt::format("envelope.{}: expected a range [lower, upper] of the coordinate, found {} {}", coord.name,
                              range.lower, coord.unit));
    coord_ranges_.push_back(range);
  }
  for (const Quantity& param : physics_->params) {
    const Range range = run.range(param);
    const bool varied = range.lower < range.upper;
    design_row_.push_back(varied ? int(design_.size()) : -1);
    params_.push_back((varied ? param.value : range.lower) / param.scale);
    if (!varied) continue;
    design_.push_back(int(design_row_.size()) - 1);
    design_ranges_.push_back(range);
  }
  const int design = int(design_.size());
  if (physics_->features + design > kMaxInputs)
    throw Error(
        fmt::format("envelope: expected at most {} network inputs, found {}", kMaxInputs, physics_->features + design));
  shape_ = MlpShape{physics_->features + (run.branch ? 0 : design), run.width, run.depth, int(physics_->fields.size()),
                    run.activation};
  if (run.branch) {
    if (design == 0)
      throw Error("network.branch: expected design inputs for it to see, found an envelope that varies no parameter");
    if (const int last = shape_.trunk.outputs * (run.width + 1); last > kMaxWidth)
      throw Error(
          fmt::format("network.width: expected at most {} beside a branch, which answers the last layer, found {}",
                      kMaxWidth / shape_.trunk.outputs - 1, run.width));
    shape_.branch = NetworkShape::branch_of(shape_.trunk, design, run.branch->width, run.branch->depth);
  }
  for (const TermInfo& term : physics_->terms) {
    const auto found = run.terms.find(std::string(term.name));
    grading_.push_back(found == run.terms.end() ? 1 : found->second.grading);
  }
  normalise_inputs();
}

Problem Problem::within(const std::map<std::string, Range>& envelope) const {
  Problem part = *this;
  for (std::size_t p = 0; p < physics_->params.size(); ++p) {
    const Quantity& param = physics_->params[p];
    const auto found = envelope.find(std::string(param.name));
    if (found == envelope.end()) continue;
    if (design_row_[p] >= 0)
      part.design_ranges_[std::size_t(design_row_[p])] = found->second;
    else
      part.params_[p] = found->second.lower / param.scale;
  }
  return part;
}

std::vector<Region> Problem::region(int term) const {
  if (std::size_t(term) < physics_->terms.size()) return physics_->terms[std::size_t(term)].region;
  std::vector<Region> start(physics_->coords.size(), Region::inside);
  start[std::size_t(time_coord(*physics_))] = Region::lower;
  return start;
}

std::vector<Axis> Problem::axes(int term) const {
  const std::vector<Region> sides = region(term);
  const int time = std::size_t(term) < grading_.size() ? time_coord(*physics_) : -1;
  std::vector<Axis> axes;
  int dims = 0;
  for (std::size_t c = 0; c < sides.size(); ++c) {
    const Range& range = coord_ranges_[c];
    const double scale = physics_->coords[c].scale;
    if (sides[c] == Region::inside)
      axes.push_back({dims++, range.lower, range.upper, scale, int(c) == time ? grading_[std::size_t(term)] : 1});
    else
      axes.push_back({.lower = sides[c] == Region::lower ? range.lower : range.upper, .scale = scale});
  }
  for (std::size_t d = 0; d < design_.size(); ++d)
    axes.push_back(
        {dims++, design_ranges_[d].lower, design_ranges_[d].upper, physics_->params[std::size_t(design_[d])].scale});
  return axes;
}

int Problem::sample_dims(int term) const {
  int dims = 0;
  for (const Axis& axis : axes(term)) dims += axis.dim >= 0;
  return dims;
}

Samples Problem::sample(int term, Sobol& sequence, std::int64_t n) const {
  Samples samples = room(physics_->coords.size(), design_.size(), n);
  const std::vector<Axis> all = axes(term);
  for_shares(n, [&](const Share& share) {
    Sobol own = sequence;
    own.skip(std::uint64_t(share.first));
    std::vector<double> unit(own.dims() * std::size_t(std::min(kBlock, share.count)));
    for (std::int64_t done = 0; done < share.count; done += kBlock) {
      const Share block{share.first + done, std::min(kBlock, share.count - done)};
      own.fill(unit.data(), std::size_t(block.count));
      const auto unit_row = [&](int dim) { return unit.data() + dim * block.count; };
      place(all, block, unit_row, samples);
    }
  });
  sequence.skip(std::uint64_t(n));
  return samples;
}

Samples Problem::sample(int term, const std::vector<double>& unit, std::int64_t n) const {
  Samples samples = room(physics_->coords.size(), design_.size(), n);
  const std::vector<Axis> all = axes(term);
  for_shares(n, [&](const Share& share) {
    const auto unit_row = [&](int dim) { return unit.data() + dim * n + share.first; };
    place(all, share, unit_row, samples);
  });
  return samples;
}

Points<double> Problem::points(const Samples& samples) const {
  return {samples.n,      samples.coords.data(), samples.design.data(),
          params_.data(), design_row_.data(),    int(design_.size())};
}

Network<double> Problem::network(const double* weights) const {
  return {shape_.trunk, weights, center_.data(), scale_.data()};
}

std::string Problem::place_of(const Samples& samples, std::int64_t point) const {
  std::vector<std::string> at;
  const auto add = [&](const Quantity& q, const std::vector<double>& rows, std::size_t row) {
    const double value = rows[row * std::size_t(samples.n) + std::size_t(point)];
    at.push_back(fmt::format("{}={:.6g}", q.name, value * q.scale));
  };
  for (std::size_t c = 0; c < physics_->coords.size(); ++c) add(physics_->coords[c], samples.coords, c);
  for (std::size_t d = 0; d < design_.size(); ++d) add(physics_->params[std::size_t(design_[d])], samples.design, d);
  return fmt::format("{}", fmt::join(at, " "));
}

/// Every input of the network spans about [-1, 1] over the envelope, seen on a fixed set of interior points.
void Problem::normalise_inputs() {
  const std::int64_t n = 4096;
  Sobol sequence(std::size_t(sample_dims(0)), 0);
  const Samples samples = sample(0, sequence, n);
  std::vector<double> rows(std::size_t(shape_.inputs()) * std::size_t(n));
  physics_->evaluate_features(points(samples), rows.data());
  std::copy(samples.design.begin(), samples.design.end(), rows.begin() + physics_->features * n);
  for (int input = 0; input < shape_.inputs(); ++input) {
    const auto [low, high] = std::minmax_element(rows.begin() + input * n, rows.begin() + (input + 1) * n);
    center_.push_back((*low + *high) / 2);
    scale_.push_back(*high > *low ? 2 / (*high - *low) : 1);
  }
}

std::vector<double> uniform_points(int dims, std::int64_t n, std::uint64_t seed) {
  boost::random::mt19937_64 engine(seed);
  boost::random::uniform_01<double> uniform;
  std::vector<double> unit(std::size_t(dims) * std::size_t(n));
  for (double& u : unit) u = uniform(engine);
  return unit;
}

std::vector<double> initial_weights(const NetworkShape& shape, std::uint64_t seed) {
  // Boost's generators give the same numbers on every platform; the standard library's distributions do not.
  boost::random::mt19937_64 engine(seed);
  boost::random::normal_distribution<double> normal;
  std::vector<double> weights(std::size_t(shape.parameters()), 0.0);
  const auto draw = [&](double* w, int count, double size) {
    for (int i = 0; i < count; ++i) w[i] = size * normal(engine);
  };
  const auto glorot = [](int in, int out) { return std::sqrt(2.0 / (in + out)); };
  const auto layers = shape.layers();
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto& [offset, in, out, hidden] = layers[l];
    double* w = &weights[std::size_t(offset)];
    if (!shape.branch || l + 1 < layers.size()) {
      draw(w, in * out, glorot(in, out));
      continue;
    }
    // The last layer of the trunk: at first much the same for all cases.
    const double size = glorot(shape.trunk.width, shape.trunk.outputs);
    draw(w, in * out, size / std::sqrt(in));
    draw(w + std::ptrdiff_t(in) * out, shape.trunk.width * shape.trunk.outputs, size);
  }
  return weights;
}

}  // namespace residua
