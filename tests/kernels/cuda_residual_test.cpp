// The bodies of the CUDA kernels for a residual without its network, run on the host.
#include <gtest/gtest.h>

#include "kernels/cuda/residual_point.hpp"
#include "tests/kernels/problem.hpp"

namespace residua {
namespace {

using namespace testing_support;

template <class Ph>
struct CudaResidualTwin : testing::Test {};
TYPED_TEST_SUITE(CudaResidualTwin, AsTypes<Registry>::Type, PhysicsName);

/// Jets of a smooth function at the points of a problem: field f is 0.6 + 0.1 f + 0.1 sin(x0 + (f + 1) x1), roughly
/// physical.
template <class Ph, Channels C>
std::vector<double> jets(const Problem<Ph>& q) {
  std::vector<double> jet(std::size_t(Ph::kFields * C.count * q.n));
  for (std::int64_t i = 0; i < q.n; ++i)
    for (int f = 0; f < Ph::kFields; ++f) {
      Taylor<double, C> phase(0);
      for (int c = 0; c < Ph::kCoords; ++c)
        phase = phase + Taylor<double, C>::coordinate(q.coords[std::size_t(c * q.n + i)], c) * (1. + c * f);
      const Taylor<double, C> field = sin(phase) * 0.1 + (0.6 + 0.1 * f);
      for (int k = 0; k < C.count; ++k) jet[std::size_t((f * C.count + k) * q.n + i)] = field.e[k];
    }
  return jet;
}

TYPED_TEST(CudaResidualTwin, RowsEqualTheTermOnAJetAndTheProductItsDifferences) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    using Body = cuda::ResidualPoint<Ph, Term, double>;
    constexpr Channels C = kChannelsOf<Ph, Term>;
    constexpr int K = C.count, E = kEquationsOf<Ph, Term>;
    const auto q = Problem<Ph>::template make<Term>(9, 4, 1, Activation::tanh);
    const Cast<double, Ph> cast(q);
    auto jet = jets<Ph, C>(q);
    const auto n = std::size_t(q.n);

    const auto rows_of = [&] {
      std::vector<double> rows(E * n);
      for (std::int64_t i = 0; i < q.n; ++i) Body::forward({cast.points, jet.data(), rows.data()}, i);
      return rows;
    };
    const auto rows = rows_of();
    for (std::int64_t i = 0; i < q.n; ++i) {
      Jet<double, Ph::kFields, Ph::kCoords, C> u;
      double p[Ph::kParams];
      for (int c = 0; c < Ph::kCoords; ++c) u.x[c] = q.coords[std::size_t(c * q.n + i)];
      for (std::size_t k = 0; k < Ph::kParams; ++k)
        p[k] = q.design_row[k] < 0 ? q.params[k] : q.design[std::size_t(q.design_row[k] * q.n + i)];
      for (int f = 0; f < Ph::kFields; ++f)
        for (int k = 0; k < K; ++k) u.field[f].e[k] = jet[std::size_t((f * K + k) * q.n + i)];
      const auto expected = Term::residual(p, u);
      for (int e = 0; e < E; ++e) EXPECT_EQ(rows[std::size_t(e * q.n + i)], expected[e]) << Term::name;
    }

    std::vector<double> rows_bar(E * n), jet_bar(jet.size());
    for (std::size_t k = 0; k < rows_bar.size(); ++k) rows_bar[k] = 0.3 + 0.1 * double(k % 7);
    for (std::int64_t i = 0; i < q.n; ++i)
      Body::backward({cast.points, jet.data(), nullptr, rows_bar.data(), jet_bar.data()}, i);
    const double h = 1e-4;
    std::vector<double> expected(jet.size());
    for (std::size_t k = 0; k < jet.size(); ++k) {
      const double center = jet[k];
      for (const auto& [step, weight] : {std::pair{h, 8.}, {-h, -8.}, {2 * h, -1.}, {-2 * h, 1.}}) {
        jet[k] = center + step;
        const auto moved = rows_of();
        for (std::size_t r = 0; r < moved.size(); ++r) expected[k] += weight * rows_bar[r] * moved[r] / (12 * h);
      }
      jet[k] = center;
    }
    EXPECT_LT(relative_difference(jet_bar, expected), 1e-8) << Term::name;
  });
}

}  // namespace
}  // namespace residua
