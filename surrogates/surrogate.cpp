#include "surrogates/surrogate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "surrogates/engine.hpp"
#include "surrogates/file.hpp"

namespace residua {

struct Surrogate::Impl {
  Card card;
  std::unique_ptr<const Engine<float>> single;  // one of the two
  std::unique_ptr<const Engine<double>> twice;

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
    return evaluate([&](const auto& engine) { return engine.batch(n, in.data(), out.data(), each.data()); });
  }
};

Surrogate::Surrogate(const std::filesystem::path& file, const LoadOptions& options) {
  Model model = load(file, options);
  auto impl = std::make_unique<Impl>();
  if (model.precision == Precision::float32)
    impl->single = std::make_unique<const Engine<float>>(model);
  else
    impl->twice = std::make_unique<const Engine<double>>(model);
  impl->card = std::move(model.card);
  impl_ = std::move(impl);
}

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
