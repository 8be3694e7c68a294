#include "surrogates/surrogate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "surrogates/engine.hpp"
#include "surrogates/familiarity.hpp"
#include "surrogates/file.hpp"
#include "surrogates/inference_module.hpp"

namespace residua {

struct Surrogate::Impl {
  Card card;
  std::unique_ptr<const Engine<float>> single;  // one of the two
  std::unique_ptr<const Engine<double>> twice;
  std::unique_ptr<const Plans<double>> widened;  // of a model in single precision, for the equations
  Equations equations;
  std::vector<double> seams, unit;
  Familiarity familiarity;

  Impl(Model&& model, const std::string& where) : seams(model.seams), familiarity(model.card, where) {
    const PhysicsInfo& physics = find_physics(model.card.physics);
    const InModule in = module_of(physics.name);
    equations = in.module.equations(in.physics);
    unit = input_units(model, physics);
    if (model.precision == Precision::float32) {
      single = std::make_unique<const Engine<float>>(model);
      widened = std::make_unique<const Plans<double>>(model);
    } else {
      twice = std::make_unique<const Engine<double>>(model);
    }
    card = std::move(model.card);
  }

  template <class Evaluate>
  Status evaluate(Evaluate&& with) const noexcept {
    return single ? with(*single) : with(*twice);
  }

  template <class Io>
  Status batch(std::size_t n, std::span<const Io> in, std::span<Io> out, std::span<Status> each) const noexcept {
    // Divisions, since n times a size might wrap.
    const auto holds = [n](std::size_t size, std::size_t rows) {
      return n == 0 ? size == 0 : size % n == 0 && size / n == rows;
    };
    if (!holds(in.size(), card.inputs.size()) || !holds(out.size(), card.outputs.size())) return Status::wrong_size;
    if (!each.empty() && each.size() != n) return Status::wrong_size;
    const auto stride = std::ptrdiff_t(n);
    return batch(n, Strided<const Io>{in.data(), stride, 1}, Strided<Io>{out.data(), stride, 1}, {each, 1});
  }

  template <class Io>
  Status batch(std::size_t n, Strided<const Io> in, Strided<Io> out, const BatchOptions& options) const noexcept {
    if (!options.each.empty() && options.each.size() != n) return Status::wrong_size;
    return evaluate([&](const auto& engine) { return engine.batch(n, in, out, options.each.data(), options.threads); });
  }
};

Surrogate::Surrogate(const std::filesystem::path& file, const LoadOptions& options)
    : impl_(std::make_unique<const Impl>(load(file, options), file.string())) {}

Surrogate::Surrogate(Surrogate&&) noexcept = default;
Surrogate& Surrogate::operator=(Surrogate&&) noexcept = default;
Surrogate::~Surrogate() = default;

const Card& Surrogate::card() const noexcept { return impl_->card; }
std::span<const Variable> Surrogate::inputs() const noexcept { return impl_->card.inputs; }
std::span<const Variable> Surrogate::outputs() const noexcept { return impl_->card.outputs; }

Status Surrogate::predict(std::span<const double> in, std::span<double> out, std::uint64_t* outside) const noexcept {
  if (in.size() != inputs().size() || out.size() != outputs().size()) return Status::wrong_size;
  std::uint64_t mask = 0;
  const Status status = impl_->evaluate([&](const auto& engine) { return engine.point(in.data(), out.data(), mask); });
  if (outside) *outside = mask;
  return status;
}

Status Surrogate::predict_with_spread(std::span<const double> in, std::span<double> out, std::span<double> spread,
                                      std::uint64_t* outside) const noexcept {
  if (in.size() != inputs().size() || out.size() != outputs().size() || spread.size() != out.size())
    return Status::wrong_size;
  std::uint64_t mask = 0;
  const Status status =
      impl_->evaluate([&](const auto& engine) { return engine.spread(in.data(), out.data(), spread.data(), mask); });
  if (outside) *outside = mask;
  return status;
}

double Surrogate::distance(std::span<const double> in) const noexcept {
  if (in.size() != inputs().size()) return std::numeric_limits<double>::quiet_NaN();
  double farthest = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Variable& v = inputs()[i];
    const double beyond = std::max(v.lower - in[i], in[i] - v.upper) / (v.upper - v.lower);
    if (!(beyond <= farthest)) farthest = beyond;  // also if it is not a number
    if (std::isnan(farthest)) break;
  }
  return farthest;
}

Status Surrogate::predict(std::size_t n, std::span<const double> in, std::span<double> out,
                          std::span<Status> each) const noexcept {
  return impl_->batch(n, in, out, each);
}

Status Surrogate::predict(std::size_t n, std::span<const float> in, std::span<float> out,
                          std::span<Status> each) const noexcept {
  return impl_->batch(n, in, out, each);
}

Status Surrogate::predict(std::size_t n, Strided<const double> in, Strided<double> out,
                          const BatchOptions& options) const noexcept {
  return impl_->batch(n, in, out, options);
}

Status Surrogate::predict(std::size_t n, Strided<const float> in, Strided<float> out,
                          const BatchOptions& options) const noexcept {
  return impl_->batch(n, in, out, options);
}

double Surrogate::unfamiliarity(std::span<const double> in) const noexcept {
  if (in.size() != inputs().size()) return std::numeric_limits<double>::quiet_NaN();
  return impl_->familiarity.unfamiliarity(in);
}

std::size_t Surrogate::equations() const noexcept { return std::size_t(impl_->equations.count); }

Status Surrogate::residual(std::span<const double> in, std::span<double> left) const noexcept {
  if (in.size() != inputs().size() || left.size() != equations()) return Status::wrong_size;
  double x[kMaxVariables], rows[kMaxFields];
  for (std::size_t i = 0; i < in.size(); ++i) x[i] = in[i] / impl_->unit[i];
  const double beyond = distance(in);
  const Status status = beyond == 0 ? Status::ok : beyond <= kNearRange ? Status::near : Status::outside;
  const Plans<double>& plans = impl_->widened ? *impl_->widened : impl_->twice->plans();
  const std::size_t window = window_at(impl_->seams, in[0]);
  std::fill(left.begin(), left.end(), 0);
  for (int member = 0; member < card().members; ++member) {
    impl_->equations.residual(plans.at(std::size_t(member), window), x, rows);
    for (std::size_t e = 0; e < left.size(); ++e)
      if (!(std::abs(rows[e]) < std::abs(left[e]))) left[e] = rows[e];  // also what is not a number
  }
  const bool finite = std::all_of(left.begin(), left.end(), [](double r) { return std::isfinite(r); });
  return finite ? status : Status::not_finite;
}

Status Surrogate::jacobian(std::span<const double> in, std::span<double> out, std::span<double> jacobian,
                           std::uint64_t* outside) const noexcept {
  if (in.size() != inputs().size() || out.size() != outputs().size() || jacobian.size() != in.size() * out.size())
    return Status::wrong_size;
  std::uint64_t mask = 0;
  const Status status = impl_->evaluate(
      [&](const auto& engine) { return engine.jacobian(in.data(), out.data(), jacobian.data(), mask); });
  if (outside) *outside = mask;
  return status;
}

Status Surrogate::vjp(std::span<const double> in, std::span<const double> weights, std::span<double> out,
                      std::span<double> gradient, std::uint64_t* outside) const noexcept {
  if (in.size() != inputs().size() || out.size() != outputs().size() || weights.size() != out.size() ||
      gradient.size() != in.size())
    return Status::wrong_size;
  std::uint64_t mask = 0;
  const Status status = impl_->evaluate(
      [&](const auto& engine) { return engine.vjp(in.data(), weights.data(), out.data(), gradient.data(), mask); });
  if (outside) *outside = mask;
  return status;
}

Status Surrogate::hvp(std::span<const double> in, std::span<const double> weights, std::span<const double> direction,
                      std::span<double> out, std::span<double> gradient, std::span<double> product,
                      std::uint64_t* outside) const noexcept {
  if (in.size() != inputs().size() || out.size() != outputs().size() || weights.size() != out.size() ||
      direction.size() != in.size() || gradient.size() != in.size() || product.size() != in.size())
    return Status::wrong_size;
  std::uint64_t mask = 0;
  const Status status = impl_->evaluate([&](const auto& engine) {
    return engine.hvp(in.data(), weights.data(), direction.data(), out.data(), gradient.data(), product.data(), mask);
  });
  if (outside) *outside = mask;
  return status;
}

Status Surrogate::hessian(std::span<const double> in, std::span<double> out, std::span<double> hessian,
                          std::uint64_t* outside) const noexcept {
  if (in.size() != inputs().size() || out.size() != outputs().size() ||
      hessian.size() != out.size() * in.size() * in.size())
    return Status::wrong_size;
  std::uint64_t mask = 0;
  const Status status =
      impl_->evaluate([&](const auto& engine) { return engine.hessian(in.data(), out.data(), hessian.data(), mask); });
  if (outside) *outside = mask;
  return status;
}

}  // namespace residua
