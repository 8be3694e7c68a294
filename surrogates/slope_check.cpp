#include "surrogates/slope_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

constexpr std::size_t kPoints = 5;
constexpr std::size_t kLeastCounted = 3;
constexpr std::array<double, 6> kSteps = {-1, -0.5, -0.25, 0.25, 0.5, 1};
using Values = std::array<double, kSteps.size()>;
constexpr double kShare = 0.01;     // of the sum of its parts, by which a derivative may be off
constexpr double kResolved = 0.05;  // of a difference, by which one of half the step may be off

/// A derivative and the sum of the sizes of what it is the sum of.
struct Slope {
  double value = 0, parts = 0;

  void add(double part) {
    value += part;
    parts += std::abs(part);
  }
};

Slope product(const double* gradient, const std::vector<double>& direction) {
  Slope slope;
  for (std::size_t i = 0; i < direction.size(); ++i) slope.add(gradient[i] * direction[i]);
  return slope;
}

/// Counts at how many points one derivative agrees with differences, where these agree among themselves.
class Vote {
 public:
  /// `values` at the steps, each of which may be off by `error`; h is the length of the longest.
  void count(const Slope& slope, const Values& values, double h, double error) {
    const double whole = (values[5] - values[0]) / (2 * h), half = (values[4] - values[1]) / h,
                 quarter = (values[3] - values[2]) / (h / 2);
    const double expected = (4 * quarter - half) / 3;  // without the part of the error that goes with h^2
    if (!std::isfinite(slope.parts) || !std::isfinite(expected)) return;
    const double apart = std::max(std::abs(whole - half), std::abs(half - quarter));
    // Differences are off by up to 4 error / h (a quarter), 2 error / h (half) and error / h.
    if (apart > kResolved * std::abs(expected) + 6 * error / h) return;
    ++counted_;
    if (std::abs(slope.value - expected) <= apart + 6 * error / h + kShare * slope.parts) return;
    ++wrong_;
    expected_ = expected;
    found_ = slope.value;
  }

  /// Throws Error if most points disagree.
  void expect(const std::string& where, const std::string& what) const {
    if (counted_ >= kLeastCounted && 2 * wrong_ > counted_)
      throw Error(fmt::format("{}: self-test: {}: expected {:.4g} along a direction by differences, found {:.4g}",
                              where, what, expected_, found_));
  }

 private:
  std::size_t counted_ = 0, wrong_ = 0;
  double expected_ = 0, found_ = 0;
};

template <class S>
class SlopeCheck {
 public:
  SlopeCheck(const Engine<S>& engine, const Model& model)
      : engine_(engine),
        model_(model),
        inputs_(model.card.inputs.size()),
        outputs_(model.card.outputs.size()),
        sizes_(outputs_),
        weights_(outputs_),
        votes_(outputs_) {
    const std::size_t n = model.self_test.points;
    for (std::size_t e = 0; e < outputs_; ++e) {
      for (std::size_t p = 0; p < n; ++p) sizes_[e] = std::max(sizes_[e], std::abs(model.self_test.outputs[e * n + p]));
      weights_[e] = sizes_[e] > 0 ? 1 / sizes_[e] : 0;
    }
  }

  void at_point(std::size_t p) {
    std::vector<double> in(inputs_), direction(inputs_), moved(inputs_), out(outputs_);
    for (std::size_t i = 0; i < inputs_; ++i) {
      const Variable& v = model_.card.inputs[i];
      in[i] = model_.self_test.inputs[i * model_.self_test.points + p];
      const double share = 0.4 + 0.5 * double((3 * i + 2 * p) % 7) / 6;  // no two inputs alike at every point
      direction[i] = (v.upper - v.lower) * ((i + p) % 2 ? -share : share);
    }
    std::vector<double> gradient(inputs_), curvature(inputs_), jacobian(inputs_ * outputs_);
    std::vector<Values> values(outputs_);
    Values slopes{};
    std::uint64_t outside = 0;
    double size = 0;  // of the slopes
    for (std::size_t s = 0; s < kSteps.size(); ++s) {
      for (std::size_t i = 0; i < inputs_; ++i) moved[i] = in[i] + kSteps[s] * kStep * direction[i];
      if (window_at(model_.seams, moved[0]) != window_at(model_.seams, in[0])) return;
      engine_.point(moved.data(), out.data(), outside);
      for (std::size_t e = 0; e < outputs_; ++e) values[e][s] = out[e];
      engine_.vjp(moved.data(), weights_.data(), out.data(), gradient.data(), outside);
      const Slope slope = product(gradient.data(), direction);
      slopes[s] = slope.value;
      size = std::max(size, slope.parts);
    }
    engine_.jacobian(in.data(), out.data(), jacobian.data(), outside);
    for (std::size_t e = 0; e < outputs_; ++e)
      votes_[e].count(product(&jacobian[e * inputs_], direction), values[e], kStep, kError * sizes_[e]);
    engine_.hvp(in.data(), weights_.data(), direction.data(), out.data(), gradient.data(), curvature.data(), outside);
    Values sums{};  // weights . outputs
    for (std::size_t e = 0; e < outputs_; ++e)
      for (std::size_t s = 0; s < kSteps.size(); ++s) sums[s] += weights_[e] * values[e][s];
    gradient_.count(product(gradient.data(), direction), sums, kStep, kError * double(outputs_));
    curvature_.count(product(curvature.data(), direction), slopes, kStep, kError * size);
  }

  void expect(const std::string& where) const {
    for (std::size_t e = 0; e < outputs_; ++e)
      votes_[e].expect(where, "derivatives of output " + model_.card.outputs[e].name);
    gradient_.expect(where, "gradient");
    curvature_.expect(where, "second derivatives");
  }

 private:
  // Small enough for the answer to be smooth within it, large enough for its rounding.
  static constexpr bool kSingle = std::is_same_v<S, float>;
  static constexpr double kStep = kSingle ? 0.02 : 2e-3, kError = kSingle ? 1e-4 : 1e-10;

  const Engine<S>& engine_;
  const Model& model_;
  std::size_t inputs_, outputs_;
  std::vector<double> sizes_, weights_;
  std::vector<Vote> votes_;
  Vote gradient_, curvature_;
};

}  // namespace

template <class S>
void expect_slopes(const Engine<S>& engine, const Model& model, const std::string& where) {
  SlopeCheck<S> check(engine, model);
  for (std::size_t p = 0; p < std::min(kPoints, model.self_test.points); ++p) check.at_point(p);
  check.expect(where);
}

template void expect_slopes(const Engine<float>&, const Model&, const std::string&);
template void expect_slopes(const Engine<double>&, const Model&, const std::string&);

}  // namespace residua
