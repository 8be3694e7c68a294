#include "pinn/sampling/residual_adaptive.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/cuda/drawn_term.hpp"

namespace residua {

Samples ResidualAdaptive::draw(std::int64_t n, std::uint64_t seed, const Samples& at_hand,
                               const SquaredResiduals& squares) const {
  const Samples pool = pool_->draw(cuda::kPool * n, seed, at_hand, squares);
  // The choice has a seed of its own: chances must not go with places.
  return part(pool, choose_adaptively(squares(pool), n, sharpness_, ~seed));
}

std::vector<std::int64_t> choose_adaptively(const std::vector<double>& squares, std::int64_t n, double sharpness,
                                            std::uint64_t seed) {
  const std::size_t count = squares.size();
  std::vector<double> chance(count);
  for (std::size_t i = 0; i < count; ++i) chance[i] = std::pow(squares[i], sharpness / 2);
  const double mean = std::accumulate(chance.begin(), chance.end(), 0.0) / double(count);
  const std::vector<double> unit = uniform_points(1, std::int64_t(count), seed);
  std::vector<double> key(count);
  for (std::size_t i = 0; i < count; ++i)
    key[i] = -std::log1p(-unit[i]) / (mean > 0 && std::isfinite(mean) ? chance[i] / mean + 1 : 1);
  std::vector<std::int64_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::nth_element(order.begin(), order.begin() + n, order.end(), [&](std::int64_t a, std::int64_t b) {
    return key[std::size_t(a)] != key[std::size_t(b)] ? key[std::size_t(a)] < key[std::size_t(b)] : a < b;
  });
  order.resize(std::size_t(n));
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace residua
