#pragma once
#include <boost/random/sobol.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace residua {

/// A randomised quasi-random sequence in [0, 1)^dims: Sobol's (Boost.Random, Joe and Kuo's direction numbers), every
/// coordinate shifted modulo 1 by an amount drawn from the seed (Cranley and Patterson 1976). Each shift keeps the even
/// filling; different seeds give independent estimates. The same dims and seed give the same points everywhere.
class Sobol {
 public:
  /// 1 <= dims <= 64, or Error.
  Sobol(std::size_t dims, std::uint64_t seed);
  /// The sequence itself, not shifted.
  static Sobol unshifted(std::size_t dims);

  /// The next n points, rows[d * n + i] = coordinate d of point i.
  void fill(double* rows, std::size_t n);

  /// Leaves out the next n points.
  void skip(std::uint64_t n);

  std::size_t dims() const { return shift_.size(); }
  const std::vector<double>& shift() const { return shift_; }

 private:
  explicit Sobol(std::size_t dims);

  boost::random::sobol engine_;
  std::vector<double> shift_;
};

}  // namespace residua
