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

/// How far outside the operating envelope, in lengths of an input's range, Status::near goes.
inline constexpr double kNearRange = 0.01;

/// How an evaluation went, the worse the greater.
enum class Status : std::uint8_t {
  ok,
  near,        ///< evaluated, but an input lies outside the operating envelope, by at most kNearRange
  outside,     ///< evaluated, but an input lies farther outside than that
  not_finite,  ///< an input or an output is not a finite number; the outputs are not to be used
  wrong_size   ///< a span does not have the size that the card asks for; nothing was written
};

constexpr const char* name_of(Status status) {
  constexpr const char* kNames[] = {"ok", "near", "outside", "not_finite", "wrong_size"};
  return kNames[int(status)];
}

/// Rows of values anywhere in memory: that of variable v at point p is data[v * by_variable + p * by_point].
template <class T>
struct Strided {
  T* data;
  std::ptrdiff_t by_variable, by_point;
  T* at(std::size_t variable, std::size_t point) const noexcept {
    return data + std::ptrdiff_t(variable) * by_variable + std::ptrdiff_t(point) * by_point;
  }
};

struct BatchOptions {
  std::span<Status> each;  ///< gets the status of each point; empty, or one entry a point
  /// How many threads share the points. More than one are started and joined by the call, which then does allocate and
  /// wait: some 50 us, so for thousands of points. The answers are the same.
  int threads = 1;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes"  // nonblocking, which only clang 20 and later know, and check

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
  Status predict(std::span<const double> in, std::span<double> out, std::uint64_t* outside = nullptr) const noexcept
      [[clang::nonblocking]];

  /// The same, and how far the members of an ensemble are apart: the standard deviation of their answers, for each
  /// output. NaN if there is but one member (card().members), whose answer says nothing of its error. An ensemble shows
  /// errors that differ between trainings; what all members get wrong alike it cannot show.
  Status predict_with_spread(std::span<const double> in, std::span<double> out, std::span<double> spread,
                             std::uint64_t* outside = nullptr) const noexcept [[clang::nonblocking]];

  /// How far a point lies outside the operating envelope: the largest distance of an input from its range, in lengths
  /// of that range. 0 inside, 0.05 a twentieth of a range outside; NaN if an input is not a number or the size is
  /// wrong. Errors grow with it, at a rate that nobody has measured: the card's errors hold inside only.
  double distance(std::span<const double> in) const noexcept [[clang::nonblocking]];

  /// n points as rows: in[input][n] to out[output][n]. Returns the worst status; `each`, if not empty, gets that of
  /// each point (n entries). May differ from the one-point call in the last digits.
  Status predict(std::size_t n, std::span<const double> in, std::span<double> out, std::span<Status> each = {})
      const noexcept [[clang::nonblocking]];
  Status predict(std::size_t n, std::span<const float> in, std::span<float> out, std::span<Status> each = {})
      const noexcept [[clang::nonblocking]];

  /// The same for points that lie elsewhere than in full rows: point by point, {data, 1, inputs}, say, or within larger
  /// records. The memory must be there: only the size of `each` can be checked.
  Status predict(std::size_t n, Strided<const double> in, Strided<double> out, const BatchOptions& options = {})
      const noexcept;
  Status predict(std::size_t n, Strided<const float> in, Strided<float> out, const BatchOptions& options = {})
      const noexcept;

  /// How unlike the experience on the card a point is, all its inputs together: its Mahalanobis distance, in units of
  /// that within which 99 % of the experience lies. Up to 1 is as usual; a point can be inside the envelope and far
  /// from anything the plant has done. NaN if the card has no experience, an input is not a number or the size is
  /// wrong.
  double unfamiliarity(std::span<const double> in) const noexcept [[clang::nonblocking]];

  /// How many equations the physics has inside its domain.
  std::size_t equations() const noexcept [[clang::nonblocking]];

  /// A check of the answer that needs no reference: what is left of each equation [equations()] when the answer is put
  /// into it; dimensionless, as in training. 0 would be exact. Of an ensemble, the largest of the members'. Evaluated
  /// in double precision and apart from the fast path, which takes some ten predictions. What is usual, points of the
  /// envelope tell; what stands out against them is not to be trusted.
  Status residual(std::span<const double> in, std::span<double> left) const noexcept [[clang::nonblocking]];

  /// One point and the exact derivatives there: jacobian[output][input] = d out[output] / d in[input].
  Status jacobian(std::span<const double> in, std::span<double> out, std::span<double> jacobian,
                  std::uint64_t* outside = nullptr) const noexcept [[clang::nonblocking]];

  /// A vector-Jacobian product, exactly and without the Jacobian: gradient[input] = sum over the outputs of
  /// weights[output] * d out[output] / d in[input]. The gradient of an objective, say, whose slopes in the outputs are
  /// the weights; it costs about as much as two to three predictions, however many inputs there are.
  Status vjp(std::span<const double> in, std::span<const double> weights, std::span<double> out,
             std::span<double> gradient, std::uint64_t* outside = nullptr) const noexcept [[clang::nonblocking]];

  /// A Hessian-vector product, exactly and without the Hessian: the same gradient, and product[input] = its derivative
  /// along `direction` [input], which is in the units of the inputs.
  Status hvp(std::span<const double> in, std::span<const double> weights, std::span<const double> direction,
             std::span<double> out, std::span<double> gradient, std::span<double> product,
             std::uint64_t* outside = nullptr) const noexcept [[clang::nonblocking]];

  /// All second derivatives: hessian[output][i][k] = d2 out[output] / (d in[i] d in[k]), symmetric to rounding. One
  /// Hessian-vector product for each output and input.
  Status hessian(std::span<const double> in, std::span<double> out, std::span<double> hessian,
                 std::uint64_t* outside = nullptr) const noexcept [[clang::nonblocking]];

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

#pragma GCC diagnostic pop

}  // namespace residua
