#pragma once
#include <cstdint>
#include <vector>

#include "surrogates/inference_module.hpp"
#include "surrogates/input_range.hpp"
#include "surrogates/model.hpp"
#include "surrogates/plans.hpp"
#include "surrogates/surrogate.hpp"

namespace residua {

/// Evaluates a model, in plant units, in the precision S. Immutable once made.
template <class S>
class Engine {
 public:
  /// The model must pass check().
  explicit Engine(const Model& model);
  Engine(Engine&&) = delete;

  const Plans<S>& plans() const noexcept { return plans_; }

  // As in Surrogate; sizes are right.
  Status point(const double* in, double* out, std::uint64_t& outside) const noexcept;
  Status spread(const double* in, double* out, double* spread, std::uint64_t& outside) const noexcept;
  Status jacobian(const double* in, double* out, double* jacobian, std::uint64_t& outside) const noexcept;
  Status vjp(const double* in, const double* weights, double* out, double* gradient,
             std::uint64_t& outside) const noexcept;
  Status hvp(const double* in, const double* weights, const double* direction, double* out, double* gradient,
             double* product, std::uint64_t& outside) const noexcept;
  Status hessian(const double* in, double* out, double* hessian, std::uint64_t& outside) const noexcept;
  template <class Io>
  Status batch(std::size_t n, Strided<const Io> in, Strided<Io> out, Status* each, int threads) const noexcept;

 private:
  template <class Io>
  Status examine(Io value, std::size_t input, std::uint64_t& outside) const noexcept;
  Status examine_all(const double* in, S* x, std::uint64_t& outside) const noexcept;
  template <class Io>
  void examine_block(const Io* values, std::size_t input, Status* status, std::uint64_t& outside) const noexcept;
  template <std::size_t kSize, class Evaluate>
  void average(std::size_t window, std::size_t size, S* out, Evaluate&& evaluate) const noexcept;
  template <class Io>
  Status share(std::size_t first, std::size_t last, Strided<const Io> in, Strided<Io> out, Status* each) const noexcept;
  void block(const std::size_t* window, const S* x, S* y) const noexcept;
  template <class Io>
  Status finish(const S* y, std::size_t stride, Io* out, std::size_t out_stride, Status status) const noexcept;
  Status per_input(const S* y, double* out, Status status) const noexcept;

  Evaluation<S> by_;
  std::vector<InputRange> inputs_;
  std::vector<double> outputs_;  ///< plant units over the dimensionless ones
  Plans<S> plans_;
  std::vector<double> seams_;
  std::size_t members_;
};

/// What the self-test of a checked model has given, [outputs][points]. Throws Error if an output differs from the
/// recorded one by more than 1e-4 (float32) or 1e-10 (float64) of the largest recorded value of that output.
[[gnu::visibility("default")]] void expect_as_recorded(const Model& model, std::span<const double> found,
                                                       const std::string& where);

/// Runs the self-test of a checked model: one point at a time, in a batch, and its derivatives. Throws Error as
/// expect_as_recorded() and expect_slopes() do.
void run_self_test(const Model& model, const std::string& where);

}  // namespace residua
