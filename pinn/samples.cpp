#include "pinn/samples.hpp"

namespace residua {
namespace {

/// Of rows [rows][n], the columns `chosen`.
std::vector<double> columns(const std::vector<double>& rows, std::int64_t n, const std::vector<std::int64_t>& chosen) {
  std::vector<double> picked;
  picked.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); row += std::size_t(n))
    for (const std::int64_t i : chosen) picked.push_back(rows[row + std::size_t(i)]);
  return picked;
}

/// Rows [rows][n] of both, side by side.
std::vector<double> side_by_side(const std::vector<double>& a, std::int64_t na, const std::vector<double>& b,
                                 std::int64_t nb) {
  std::vector<double> rows;
  rows.reserve(a.size() + b.size());
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size(); i += std::size_t(na), j += std::size_t(nb)) {
    rows.insert(rows.end(), a.begin() + std::ptrdiff_t(i), a.begin() + std::ptrdiff_t(i) + na);
    rows.insert(rows.end(), b.begin() + std::ptrdiff_t(j), b.begin() + std::ptrdiff_t(j) + nb);
  }
  return rows;
}

}  // namespace

std::vector<double> columns(const double* rows, std::int64_t count, std::int64_t n, const Share& share) {
  std::vector<double> some;
  some.reserve(std::size_t(count * share.count));
  for (std::int64_t row = 0; row < count; ++row)
    some.insert(some.end(), rows + row * n + share.first, rows + row * n + share.first + share.count);
  return some;
}

Samples part(const Samples& samples, const Share& share) {
  const auto some = [&](const std::vector<double>& rows) {
    const std::int64_t count = samples.n == 0 ? 0 : std::int64_t(rows.size()) / samples.n;
    return columns(rows.data(), count, samples.n, share);
  };
  return {share.count, some(samples.coords), some(samples.design)};
}

Samples part(const Samples& samples, const std::vector<std::int64_t>& chosen) {
  return {std::int64_t(chosen.size()), columns(samples.coords, samples.n, chosen),
          columns(samples.design, samples.n, chosen)};
}

Samples joined(const Samples& a, const Samples& b) {
  return {a.n + b.n, side_by_side(a.coords, a.n, b.coords, b.n), side_by_side(a.design, a.n, b.design, b.n)};
}

}  // namespace residua
