#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "kernels/core/error.hpp"
#include "surrogates/card.hpp"
#include "surrogates/trust.hpp"

namespace residua {

/// How an evaluation went, the worse the greater.
enum class Status : std::uint8_t {
  ok,
  outside,     ///< evaluated, but an input lies outside the operating envelope
  not_finite,  ///< an input or an output is not a finite number; the outputs are not to be used
  wrong_size   ///< a span does not have the size that the card asks for; nothing was written
};

/// A trained surrogate in plant units: loaded once, evaluated many times, shared freely between threads.
/// The evaluations never throw, allocate, lock or wait, and need less than 256 KiB of stack.
/// They run in the precision of the file (float or double), whatever the precision of the call.
class [[gnu::visibility("default")]] Surrogate {
 public:
  /// Reads and checks the whole file. Throws Error with one line that says what is wrong: not signed as the options
  /// ask, not a surrogate, damaged, written by a newer version, inconsistent, or one whose self-test fails on this
  /// machine.
  explicit Surrogate(const std::filesystem::path& file, const LoadOptions& options = {});
  Surrogate(Surrogate &&) noexcept;
  Surrogate& operator=(Surrogate&&) noexcept;
  ~Surrogate();

  const Card& card() const noexcept;
  /// The coordinates of the physics, then the design inputs: the order of `in` below.
  std::span<const Variable> inputs() const noexcept;
  /// The order of `out` below.
  std::span<const Variable> outputs() const noexcept;

  /// One point: in[input] to out[output]. Bit i of `outside`, if given, tells whether input i is outside its range.
  Status predict(std::span<const double> in, std::span<double> out, std::uint64_t* outside = nullptr) const noexcept;

  /// The same, and how far the members of an ensemble are apart: the standard deviation of their answers, for each
  /// output. NaN if there is but one member (card().members), whose answer says nothing of its error. An ensemble shows
  /// errors that differ between trainings; what all members get wrong alike it cannot show.
  Status predict_with_spread(std::span<const double> in, std::span<double> out, std::span<double> spread,
                             std::uint64_t* outside = nullptr) const noexcept;

  /// How far a point lies outside the operating envelope: the largest distance of an input from its range, in lengths
  /// of that range. 0 inside, 0.05 a twentieth of a range outside; NaN if an input is not a number or the size is
  /// wrong. Errors grow with it, at a rate that nobody has measured: the card's errors hold inside only.
  double distance(std::span<const double> in) const noexcept;

  /// n points as rows: in[input][n] to out[output][n]. Returns the worst status; `each`, if not empty, gets that of
  /// each point (n entries). May differ from the one-point call in the last digits.
  Status predict(std::size_t n, std::span<const double> in, std::span<double> out, std::span<Status> each = {})
      const noexcept;
  Status predict(std::size_t n, std::span<const float> in, std::span<float> out, std::span<Status> each = {})
      const noexcept;

  /// One point and the exact derivatives there: jacobian[output][input] = d out[output] / d in[input].
  Status jacobian(std::span<const double> in, std::span<double> out, std::span<double> jacobian,
                  std::uint64_t* outside = nullptr) const noexcept;

  /// A vector-Jacobian product, exactly and without the Jacobian: gradient[input] = sum over the outputs of
  /// weights[output] * d out[output] / d in[input]. The gradient of an objective, say, whose slopes in the outputs are
  /// the weights; it costs about as much as two to three predictions, however many inputs there are.
  Status vjp(std::span<const double> in, std::span<const double> weights, std::span<double> out,
             std::span<double> gradient, std::uint64_t* outside = nullptr) const noexcept;

  /// A Hessian-vector product, exactly and without the Hessian: the same gradient, and product[input] = its derivative
  /// along `direction` [input], which is in the units of the inputs.
  Status hvp(std::span<const double> in, std::span<const double> weights, std::span<const double> direction,
             std::span<double> out, std::span<double> gradient, std::span<double> product,
             std::uint64_t* outside = nullptr) const noexcept;

  /// All second derivatives: hessian[output][i][k] = d2 out[output] / (d in[i] d in[k]), symmetric to rounding. One
  /// Hessian-vector product for each output and input.
  Status hessian(std::span<const double> in, std::span<double> out, std::span<double> hessian,
                 std::uint64_t* outside = nullptr) const noexcept;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace residua
