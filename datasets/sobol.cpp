#include "datasets/sobol.hpp"

#include <fmt/format.h>

#include <random>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

constexpr std::size_t kMaxDims = 64;

std::size_t checked(std::size_t dims) {
  if (dims == 0 || dims > kMaxDims)
    throw Error(fmt::format("sobol: need 1 to {} dimensions, found {}", kMaxDims, dims));
  return dims;
}

// The upper 53 bits as a number in [0, 1): exact, unlike std::uniform_real_distribution the same in every library.
double unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

}  // namespace

Sobol::Sobol(std::size_t dims) : engine_(checked(dims)), shift_(dims) {}

Sobol Sobol::unshifted(std::size_t dims) { return Sobol(dims); }

Sobol::Sobol(std::size_t dims, std::uint64_t seed) : Sobol(dims) {
  std::mt19937_64 generator(seed);
  for (double& shift : shift_) shift = unit(generator());
}

void Sobol::fill(double* rows, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t d = 0; d < dims(); ++d) {
      const double x = unit(engine_()) + shift_[d];
      rows[d * n + i] = x < 1 ? x : x - 1;
    }
}

// The engine goes there by the bits of the index, so that it takes about as long as a few points whatever n.
void Sobol::skip(std::uint64_t n) { engine_.discard(n * dims()); }

}  // namespace residua
