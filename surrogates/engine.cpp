#include "surrogates/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/core/error.hpp"
#include "surrogates/share_out.hpp"
#include "surrogates/slope_check.hpp"

namespace residua {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class S>
Evaluation<S> evaluation_of(const std::string& physics) {
  const InModule in = module_of(physics);
  if constexpr (std::is_same_v<S, float>)
    return in.module.single(in.physics);
  else
    return in.module.twice(in.physics);
}

}  // namespace

template <class S>
Engine<S>::Engine(const Model& model)
    : by_(evaluation_of<S>(model.card.physics)),
      plans_(model, by_.passes),
      seams_(model.seams),
      members_(std::size_t(model.card.members)) {
  const PhysicsInfo& physics = find_physics(model.card.physics);
  inputs_ = input_ranges(model, physics);
  for (const Quantity& q : physics.outputs) outputs_.push_back(q.scale);
}

template <class S>
template <class Io>
Status Engine<S>::examine(Io value, std::size_t input, std::uint64_t& outside) const noexcept {
  const Status status = inputs_[input].status_of(value);
  if (status == Status::near || status == Status::outside) outside |= std::uint64_t{1} << input;
  return status;
}

template <class S>
Status Engine<S>::examine_all(const double* in, S* x, std::uint64_t& outside) const noexcept {
  Status status = Status::ok;
  outside = 0;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    status = std::max(status, examine(in[i], i, outside));
    x[i] = S(in[i] / inputs_[i].unit);
  }
  return status;
}

/// Outputs of one point to plant units; all NaN if an input was not finite, so that nobody takes them for an answer.
template <class S>
template <class Io>
Status Engine<S>::finish(const S* y, std::size_t stride, Io* out, std::size_t out_stride,
                         Status status) const noexcept {
  const bool usable = status != Status::not_finite;
  for (std::size_t e = 0; e < outputs_.size(); ++e) {
    const Io value = usable ? Io(double(y[e * stride]) * outputs_[e]) : Io(kNan);
    out[e * out_stride] = value;
    if (!std::isfinite(value)) status = Status::not_finite;
  }
  return status;
}

/// The mean over the members of the `size` values that evaluate(plan, to) writes.
template <class S>
template <std::size_t kSize, class Evaluate>
void Engine<S>::average(std::size_t window, std::size_t size, S* out, Evaluate&& evaluate) const noexcept {
  evaluate(plans_.at(0, window), out);
  if (members_ == 1) return;
  for (std::size_t member = 1; member < members_; ++member) {
    alignas(64) S own[kSize];
    evaluate(plans_.at(member, window), own);
    for (std::size_t k = 0; k < size; ++k) out[k] += own[k];
  }
  for (std::size_t k = 0; k < size; ++k) out[k] /= S(members_);
}

template <class S>
Status Engine<S>::point(const double* in, double* out, std::uint64_t& outside) const noexcept {
  S x[kMaxVariables], y[kMaxFields];
  const Status status = examine_all(in, x, outside);
  if (status != Status::not_finite)
    average<kMaxFields>(window_at(seams_, in[0]), outputs_.size(), y,
                        [&](const Plan<S>& plan, S* to) { by_.evaluator->point(plan, x, to); });
  return finish(y, 1, out, 1, status);
}

template <class S>
Status Engine<S>::spread(const double* in, double* out, double* spread, std::uint64_t& outside) const noexcept {
  const Status status = point(in, out, outside);
  double squares[kMaxFields] = {};
  for (std::size_t member = 0; member < members_ && status != Status::not_finite; ++member) {
    S x[kMaxVariables], y[kMaxFields];
    for (std::size_t i = 0; i < inputs_.size(); ++i) x[i] = S(in[i] / inputs_[i].unit);
    by_.evaluator->point(plans_.at(member, window_at(seams_, in[0])), x, y);
    for (std::size_t e = 0; e < outputs_.size(); ++e) {
      const double off = double(y[e]) * outputs_[e] - out[e];
      squares[e] += off * off;
    }
  }
  const bool known = members_ > 1 && status != Status::not_finite;
  for (std::size_t e = 0; e < outputs_.size(); ++e)
    spread[e] = known ? std::sqrt(squares[e] / double(members_ - 1)) : kNan;
  return status;
}

template <class S>
Status Engine<S>::jacobian(const double* in, double* out, double* jacobian, std::uint64_t& outside) const noexcept {
  constexpr std::size_t kSize = kMaxFields * (1 + kMaxVariables);
  S x[kMaxVariables], y[kSize], *dy = y + outputs_.size();
  Status status = examine_all(in, x, outside);
  if (status != Status::not_finite)
    average<kSize>(window_at(seams_, in[0]), outputs_.size() * (1 + inputs_.size()), y,
                   [&](const Plan<S>& plan, S* to) { by_.adjoint->jacobian(plan, x, to, to + outputs_.size()); });
  status = finish(y, 1, out, 1, status);
  for (std::size_t e = 0; e < outputs_.size(); ++e)
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const std::size_t at = e * inputs_.size() + i;
      jacobian[at] = status == Status::not_finite ? kNan : double(dy[at]) * (outputs_[e] / inputs_[i].unit);
      if (!std::isfinite(jacobian[at])) status = Status::not_finite;
    }
  return status;
}

/// Values per unit of an input to plant units; all NaN if something was not finite.
template <class S>
Status Engine<S>::per_input(const S* y, double* out, Status status) const noexcept {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    out[i] = status == Status::not_finite ? kNan : double(y[i]) / inputs_[i].unit;
    if (!std::isfinite(out[i])) status = Status::not_finite;
  }
  return status;
}

template <class S>
Status Engine<S>::vjp(const double* in, const double* weights, double* out, double* gradient,
                      std::uint64_t& outside) const noexcept {
  constexpr std::size_t kSize = kMaxFields + kMaxVariables;
  S x[kMaxVariables], w[kMaxFields], y[kSize], *dy = y + outputs_.size();
  Status status = examine_all(in, x, outside);
  for (std::size_t e = 0; e < outputs_.size(); ++e) w[e] = S(weights[e] * outputs_[e]);
  if (status != Status::not_finite)
    average<kSize>(window_at(seams_, in[0]), outputs_.size() + inputs_.size(), y,
                   [&](const Plan<S>& plan, S* to) { by_.adjoint->gradient(plan, x, w, to, to + outputs_.size()); });
  return per_input(dy, gradient, finish(y, 1, out, 1, status));
}

template <class S>
Status Engine<S>::hvp(const double* in, const double* weights, const double* direction, double* out, double* gradient,
                      double* product, std::uint64_t& outside) const noexcept {
  constexpr std::size_t kSize = kMaxFields + 2 * kMaxVariables;
  S x[kMaxVariables], dx[kMaxVariables], w[kMaxFields], y[kSize];
  S *dy = y + outputs_.size(), *ddy = dy + inputs_.size();
  Status status = examine_all(in, x, outside);
  for (std::size_t e = 0; e < outputs_.size(); ++e) w[e] = S(weights[e] * outputs_[e]);
  for (std::size_t i = 0; i < inputs_.size(); ++i) dx[i] = S(direction[i] / inputs_[i].unit);
  if (status != Status::not_finite)
    average<kSize>(window_at(seams_, in[0]), outputs_.size() + 2 * inputs_.size(), y, [&](const Plan<S>& plan, S* to) {
      S* slope = to + outputs_.size();
      by_.adjoint->curvature(plan, x, w, dx, to, slope, slope + inputs_.size());
    });
  return per_input(ddy, product, per_input(dy, gradient, finish(y, 1, out, 1, status)));
}

template <class S>
Status Engine<S>::hessian(const double* in, double* out, double* hessian, std::uint64_t& outside) const noexcept {
  Status worst = Status::ok;
  double gradient[kMaxVariables];
  for (std::size_t e = 0; e < outputs_.size(); ++e)
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      double weights[kMaxFields] = {}, direction[kMaxVariables] = {};
      weights[e] = direction[i] = 1;
      double* row = hessian + (e * inputs_.size() + i) * inputs_.size();
      worst = std::max(worst, hvp(in, weights, direction, out, gradient, row, outside));
    }
  return worst;
}

/// A block of points, each by the networks of its window.
template <class S>
void Engine<S>::block(const std::size_t* window, const S* x, S* y) const noexcept {
  constexpr std::size_t kSize = kMaxFields * kBlock;
  const auto evaluate = [&](const Plan<S>& plan, S* to) { by_.evaluator->block(plan, x, to); };
  average<kSize>(window[0], outputs_.size() * kBlock, y, evaluate);
  for (std::size_t w = 0; w <= seams_.size(); ++w) {
    if (w == window[0] || std::find(window, window + kBlock, w) == window + kBlock) continue;
    alignas(64) S own[kSize];
    average<kSize>(w, outputs_.size() * kBlock, own, evaluate);
    for (std::size_t k = 0; k < outputs_.size() * kBlock; ++k)
      if (window[k % kBlock] == w) y[k] = own[k];
  }
}

/// Input `input` of a block of points. They are all inside but for few blocks, and that takes no branch per point.
template <class S>
template <class Io>
void Engine<S>::examine_block(const Io* values, std::size_t input, Status* status,
                              std::uint64_t& outside) const noexcept {
  const Io lower = Io(inputs_[input].lower), upper = Io(inputs_[input].upper);
  bool inside = true;
  for (std::size_t b = 0; b < kBlock; ++b) inside &= values[b] >= lower && values[b] <= upper;  // a NaN is not
  for (std::size_t b = 0; b < kBlock && !inside; ++b)
    status[b] = std::max(status[b], examine(values[b], input, outside));
}

/// The points from `first` to `last` - 1, block by block.
template <class S>
template <class Io>
Status Engine<S>::share(std::size_t first, std::size_t last, Strided<const Io> in, Strided<Io> out,
                        Status* each) const noexcept {
  alignas(64) S x[kMaxVariables * kBlock], y[kMaxFields * kBlock];
  Status worst = Status::ok;
  for (; first < last; first += kBlock) {
    const std::size_t count = std::min<std::size_t>(kBlock, last - first);
    Status status[kBlock] = {};
    std::size_t window[kBlock] = {};
    std::uint64_t outside = 0;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      Io values[kBlock];
      for (std::size_t b = 0; b < kBlock; ++b)  // a short last block repeats its last point
        values[b] = *in.at(i, first + std::min(b, count - 1));
      examine_block(values, i, status, outside);
      for (std::size_t b = 0; b < kBlock; ++b) x[i * kBlock + b] = S(double(values[b]) / inputs_[i].unit);
      if (i == 0 && !seams_.empty())
        for (std::size_t b = 0; b < kBlock; ++b) window[b] = window_at(seams_, double(values[b]));
    }
    block(window, x, y);
    for (std::size_t b = 0; b < count; ++b) {
      status[b] = finish(y + b, kBlock, out.at(0, first + b), out.by_variable, status[b]);
      if (each) each[first + b] = status[b];
      worst = std::max(worst, status[b]);
    }
  }
  return worst;
}

template <class S>
template <class Io>
Status Engine<S>::batch(std::size_t n, Strided<const Io> in, Strided<Io> out, Status* each,
                        int threads) const noexcept {
  constexpr std::size_t kShare = 64 * kBlock;  // whole blocks, so that the answers do not depend on the threads
  std::atomic<Status> worst = Status::ok;
  share_out((n + kShare - 1) / kShare, threads, [&](std::size_t k) noexcept {
    const Status found = share(k * kShare, std::min(n, (k + 1) * kShare), in, out, each);
    Status before = worst.load();
    while (before < found && !worst.compare_exchange_weak(before, found)) {
    }
  });
  return worst;
}

template class Engine<float>;
template class Engine<double>;
template Status Engine<float>::batch(std::size_t, Strided<const float>, Strided<float>, Status*, int) const noexcept;
template Status Engine<float>::batch(std::size_t, Strided<const double>, Strided<double>, Status*, int) const noexcept;
template Status Engine<double>::batch(std::size_t, Strided<const float>, Strided<float>, Status*, int) const noexcept;
template Status Engine<double>::batch(std::size_t, Strided<const double>, Strided<double>, Status*, int) const noexcept;

namespace {

template <class S>
void self_test(const Model& model, const std::string& where) {
  const SelfTest& test = model.self_test;
  const std::size_t n = test.points, inputs = model.card.inputs.size(), outputs = model.card.outputs.size();
  const Engine<S> engine(model);
  const auto stride = std::ptrdiff_t(n);
  std::vector<double> batch(outputs * n), single(outputs * n), in(inputs), out(outputs);
  engine.template batch<double>(n, {test.inputs.data(), stride, 1}, {batch.data(), stride, 1}, nullptr, 1);
  for (std::size_t p = 0; p < n; ++p) {
    for (std::size_t i = 0; i < inputs; ++i) in[i] = test.inputs[i * n + p];
    std::uint64_t outside = 0;
    engine.point(in.data(), out.data(), outside);
    for (std::size_t e = 0; e < outputs; ++e) single[e * n + p] = out[e];
  }
  expect_as_recorded(model, single, where);
  expect_as_recorded(model, batch, where);
  expect_slopes(engine, model, where);
}

}  // namespace

void expect_as_recorded(const Model& model, std::span<const double> found, const std::string& where) {
  const double tolerance = model.precision == Precision::float32 ? 1e-4 : 1e-10;
  const std::size_t n = model.self_test.points;
  for (std::size_t e = 0; e < model.card.outputs.size(); ++e) {
    const std::span row = std::span(model.self_test.outputs).subspan(e * n, n);
    double size = 0;
    for (const double value : row) size = std::max(size, std::abs(value));
    for (std::size_t p = 0; p < n; ++p)
      if (!(std::abs(found[e * n + p] - row[p]) <= tolerance * size))  // also if it is not a number
        throw Error(fmt::format("{}: self-test: output {} at point {}: expected {:.9g} as recorded, found {:.9g}",
                                where, model.card.outputs[e].name, p, row[p], found[e * n + p]));
  }
}

void run_self_test(const Model& model, const std::string& where) {
  if (model.precision == Precision::float32)
    self_test<float>(model, where);
  else
    self_test<double>(model, where);
}

}  // namespace residua
