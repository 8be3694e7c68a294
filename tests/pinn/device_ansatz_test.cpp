#include "pinn/device_ansatz.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

namespace residua {
namespace {

/// What kernels/cuda offers, by the kernels of the CPU.
struct HostKernels {
  static constexpr at::DeviceType device = at::kCPU;

  static std::size_t workspace_bytes(TermId, const MlpShape&, std::int64_t, bool) { return 64; }
  static std::size_t normal_equations_bytes(TermId, const MlpShape&, std::int64_t) { return 64; }
  static std::size_t jacobian_bytes(TermId, const MlpShape&, std::int64_t) { return 64; }
  static void evaluate(TermId term, const Network<double>& network, const Points<double>& points, double* rows,
                       cuda::Workspace) {
    residua::evaluate(term, network, points, rows);
  }
  static void fused(TermId term, const Network<double>& network, const Points<double>& points,
                    const FusedWeights<double>& by, const FusedResult<double>& result, cuda::Workspace) {
    residua::fused(term, network, points, by, result);
  }
  static void add_normal_equations(TermId term, const Network<double>& network, const Points<double>& points,
                                   const FusedWeights<double>& by, double* sums, cuda::Workspace) {
    const std::int64_t columns = network.shape.parameters() + 1;
    NormalEquations own(columns - 1);
    own.add(term, network, points, by);
    for (std::int64_t k = 0; k < columns; ++k)
      for (std::int64_t j = k; j < columns; ++j) sums[k * columns + j] += own.matrix()[k * own.stride() + j];
  }
  static void jacobian(TermId term, const Network<double>& network, const Points<double>& points,
                       const FusedWeights<double>&, cuda::PointRange, double* rows, cuda::Workspace) {
    const PhysicsInfo& physics = find_physics("leach_column");
    const std::int64_t columns = network.shape.parameters(),
                       count = physics.terms[std::size_t(term.term)].equations * points.n;
    std::vector<double> plain(std::size_t(count * columns)), residual(static_cast<std::size_t>(count));
    residua::jacobian(term, network, points, plain.data(), residual.data());
    for (std::int64_t k = 0; k < count; ++k) {
      std::copy_n(&plain[std::size_t(k * columns)], columns, rows + k * (columns + 1));
      rows[k * (columns + 1) + columns] = residual[std::size_t(k)];
    }
  }
  static void jacobian_product(TermId term, const Network<double>& network, const Points<double>& points,
                               const double* direction, double* product, cuda::Workspace) {
    residua::jacobian_product(term, network, points, direction, product);
  }
  static void jacobian_transposed_product(TermId term, const Network<double>& network, const Points<double>& points,
                                          const double* rows, double* product, cuda::Workspace) {
    residua::jacobian_transposed_product(term, network, points, rows, product);
  }
};

/// Two equations, a design input, and weights of all kinds.
struct OfALeachColumn : testing::Test {
  RunFile run = RunFile::parse(
      "physics = 'leach_column'\n[network]\nwidth = 7\ndepth = 2\n[envelope]\npeclet = [20, 60]\n", "run");
  Problem problem{run};
  std::unique_ptr<const Ansatz> host = make_ansatz(problem);
  DeviceAnsatz<HostKernels> device{problem};
  TermId term = find_term("leach_column", "interior");
  static constexpr std::int64_t n = 33;
  std::vector<double> weights = initial_weights(problem.shape(), 3);
  Samples samples = problem.sample(0, uniform_points(problem.sample_dims(0), n, 2), n);
  std::vector<double> equation{2, 0.5}, point = uniform_points(1, n, 4), target = uniform_points(2, n, 5);
  FusedWeights<double> by{equation.data(), point.data(), target.data()};

  const std::size_t parameters = weights.size(), rows = 2 * n;

  /// f(ansatz, answer) of both, which must agree in every bit.
  template <class F>
  void expect_same(std::size_t size, F&& f) {
    std::vector<double> expected(size), found(size, NAN);
    f(*host, expected.data());
    f(device, found.data());
    EXPECT_EQ(found, expected);
    EXPECT_NE(expected, std::vector<double>(size));
  }
};

TEST_F(OfALeachColumn, EvaluatesAsOnTheHost) {
  expect_same(rows, [&](const Ansatz& a, double* out) { a.evaluate(term, samples, weights.data(), out); });
}

TEST_F(OfALeachColumn, DifferentiatesAsOnTheHost) {
  expect_same(2 + parameters,
              [&](const Ansatz& a, double* out) { a.differentiate(term, samples, weights.data(), by, out, out + 2); });
  expect_same(2,
              [&](const Ansatz& a, double* out) { a.differentiate(term, samples, weights.data(), {}, out, nullptr); });
}

TEST_F(OfALeachColumn, HasTheJacobianOfTheHost) {
  expect_same(rows * (parameters + 1), [&](const Ansatz& a, double* out) {
    a.jacobian(term, samples, weights.data(), out, out + rows * parameters);
  });
  expect_same(rows, [&](const Ansatz& a, double* out) {
    a.jacobian_product(term, samples, weights.data(), weights.data(), out);
  });
  expect_same(parameters, [&](const Ansatz& a, double* out) {
    a.transposed_product(term, samples, weights.data(), target.data(), out);
  });
}

TEST_F(OfALeachColumn, SumsNormalEquationsForTheHostAndForItself) {
  NormalEquations expected{std::int64_t(parameters)}, found{std::int64_t(parameters)};
  at::Tensor sums = device.no_sums();
  for (int twice = 0; twice < 2; ++twice) {
    host->add_to(expected, term, samples, weights.data(), by);
    device.add_to(found, term, samples, weights.data(), by);
    device.add_on_device(sums, term, samples, weights.data(), by);
  }
  EXPECT_EQ(found.loss(), expected.loss());
  EXPECT_GT(found.loss(), 0);
  for (std::int64_t k = 0; k < expected.parameters(); ++k) {
    EXPECT_EQ(found.gradient(k), expected.gradient(k));
    EXPECT_EQ(sums[k][expected.parameters()].item<double>(), expected.gradient(k));
    for (std::int64_t j = k; j < expected.parameters(); ++j) {
      ASSERT_EQ(found.matrix()[k * found.stride() + j], expected.matrix()[k * expected.stride() + j]);
      ASSERT_EQ(sums[k][j].item<double>(), expected.matrix()[k * expected.stride() + j]);
    }
  }
}

}  // namespace
}  // namespace residua
