// The CUDA kernels on a device, against their host twins.
#include <gtest/gtest.h>

#include "kernels/core/error.hpp"
#include "kernels/cuda/check.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/graph_device.hpp"
#include "kernels/cuda/residual_cuda.hpp"
#include "kernels/cuda/residual_point.hpp"
#include "tests/kernels/cuda_adam.hpp"
#include "tests/kernels/cuda_device.hpp"
#include "tests/kernels/cuda_twin.hpp"
#include "tests/kernels/host_device.hpp"

namespace residua {
namespace {

using namespace testing_support;

template <class S, class Ph, class Term>
Outcome<S> run_on_device(const Problem<Ph>& q, bool gradient = true,
                         cuda::Multiply multiply = cuda::Multiply::threads) {
  const Cast<S, Ph> cast(q);
  OnDevice<S, Ph> on(q, cast);
  constexpr std::size_t E = kEquationsOf<Ph, Term>;
  constexpr TermId id = id_of<Ph, Term>();
  DeviceArray<double> loss(E);
  DeviceArray<S> grad(gradient ? q.weights.size() : 0), residual(E * std::size_t(q.n));
  const std::size_t bytes = cuda::workspace_bytes<S>(id, q.shape, q.n, gradient, multiply);
  DeviceArray<unsigned char> workspace(bytes);
  cuda::fused<S>(id, on.network, on.points, on.fused_weights,
                 {loss.data(), gradient ? grad.data() : nullptr, residual.data()}, {workspace.data(), bytes}, nullptr,
                 multiply);
  cuda::check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  return {loss.host(), grad.host(), residual.host()};
}

TYPED_TEST_SUITE(CudaDevice, AsTypes<Representatives>::Type, PhysicsName);

template <class Arithmetic>
constexpr cuda::Multiply kMultiply = std::is_same_v<Arithmetic, cuda::PerThread>    ? cuda::Multiply::threads
                                     : std::is_same_v<Arithmetic, cuda::WarpGroups> ? cuda::Multiply::warp_groups
                                                                                    : cuda::Multiply::tensor_cores;

template <class S, class Ph, class Term, class Arithmetic = cuda::PerThread>
void expect_equal_to_twin(const Problem<Ph>& q, double tolerance) {
  const auto twin = run_twin<S, Ph, Term, Arithmetic>(q),
             device = run_on_device<S, Ph, Term>(q, true, kMultiply<Arithmetic>);
  const std::string where =
      std::string(Term::name) + " n=" + std::to_string(q.n) + " width=" + std::to_string(q.shape.width);
  EXPECT_LT(relative_difference(device.residual, twin.residual, std::sqrt(double(twin.residual.size()))), tolerance)
      << where;
  EXPECT_LT(relative_difference(device.loss, twin.loss, 1e-2), tolerance) << where;
  EXPECT_LT(relative_difference(device.gradient, twin.gradient, 1e-2), tolerance) << where;
}

TYPED_TEST(CudaDevice, FusedPassEqualsItsHostTwin) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    for (const std::int64_t n : {0, 1, 17, 100, 9001})  // the last one: several tiles in a block
      for (const int width : {5, 33, 64}) {
        const auto q = Problem<Ph>::template make<Term>(n, width, 3, n == 17 ? Activation::sin : Activation::tanh);
        expect_equal_to_twin<double, Ph, Term>(q, 1e-11);
        expect_equal_to_twin<float, Ph, Term>(q, 1e-3);
        expect_equal_to_twin<double, Ph, Term, cuda::WholeDoubles>(q, 1e-11);
        expect_equal_to_twin<float, Ph, Term, cuda::SplitTf32>(q, 1e-3);
        if (cuda::has_warp_groups()) expect_equal_to_twin<float, Ph, Term, cuda::WarpGroups>(q, 1e-3);
      }
  });
}

TYPED_TEST(CudaDevice, WidestNetworkKeepsItsPanelsInTheWorkspace) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  const auto q = Problem<Ph>::template make<Term>(40, kMaxWidth, 2, Activation::tanh);
  expect_equal_to_twin<double, Ph, Term>(q, 1e-11);
  if (cuda::has_warp_groups()) expect_equal_to_twin<float, Ph, Term, cuda::WarpGroups>(q, 1e-3);
}

TYPED_TEST(CudaDevice, RepeatsBitForBit) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(9001, 32, 2, Activation::silu);
    const auto a = run_on_device<float, Ph, Term>(q), b = run_on_device<float, Ph, Term>(q);
    EXPECT_EQ(a.gradient, b.gradient);
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_EQ(a.residual, b.residual);
  });
}

TYPED_TEST(CudaDevice, RowsWithoutGradientEqualThoseOfTheFusedPass) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(100, 32, 2, Activation::tanh);
    const auto fused = run_on_device<double, Ph, Term>(q), alone = run_on_device<double, Ph, Term>(q, false);
    EXPECT_LT(relative_difference(alone.residual, fused.residual, 10), 1e-13);
    EXPECT_LT(relative_difference(alone.loss, fused.loss), 1e-13);
  });
}

TYPED_TEST(CudaDevice, ResidualAndItsProductEqualTheirHostTwins) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    using Body = cuda::ResidualPoint<Ph, Term, double>;
    const auto q = Problem<Ph>::template make<Term>(1000, 4, 1, Activation::tanh);
    const Cast<double, Ph> cast(q);
    OnDevice<double, Ph> on(q, cast);
    const auto n = std::size_t(q.n);
    std::vector<double> jet(Body::At::kJetRows * n), rows(Body::At::kEquations * n), jet_bar(jet.size());
    std::mt19937 rng(5);
    for (double& x : jet) x = std::uniform_real_distribution<double>(0.4, 1.2)(rng);
    std::vector<double> rows_bar(rows.size(), 0.7);
    for (std::int64_t i = 0; i < q.n; ++i) {
      Body::forward({cast.points, jet.data(), rows.data()}, i);
      Body::backward({cast.points, jet.data(), nullptr, rows_bar.data(), jet_bar.data()}, i);
    }
    constexpr TermId id = id_of<Ph, Term>();
    DeviceArray<double> d_jet(jet), d_rows(rows.size()), d_rows_bar(rows_bar), d_jet_bar(jet.size());
    cuda::residual<double>(id, on.points, d_jet.data(), d_rows.data(), nullptr);
    cuda::residual_vjp<double>(id, on.points, d_jet.data(), d_rows_bar.data(), d_jet_bar.data(), nullptr);
    EXPECT_LT(relative_difference(d_rows.host(), rows), 1e-13) << Term::name;
    EXPECT_LT(relative_difference(d_jet_bar.host(), jet_bar), 1e-13) << Term::name;
  });
}

struct Cuda : testing::Test {
  void SetUp() override {
    if (!cuda::available()) GTEST_SKIP() << "no CUDA device answers";
  }
};

TEST_F(Cuda, AdamTrainsAsItsHostTwin) {
  for (const cuda::AdamPlan& plan :
       {kiln_wall_plan(false), kiln_wall_plan(true), guided_plan(false), guided_plan(true)}) {
    cuda::AdamTraining<double, cuda::RegistryDevice> device(plan);
    cuda::AdamTraining<double, HostDevice> twin(plan);
    const Trained found = trained(device, plan, {30, 1, 7}), expected = trained(twin, plan, {30, 1, 7});
    EXPECT_LT(relative_difference(found.weights, expected.weights), 1e-9) << plan.resample;
    EXPECT_LT(relative_difference(found.sums, expected.sums), 1e-9) << plan.resample;
    EXPECT_EQ(trained(device, plan, {30, 1, 7}).weights, found.weights)
        << plan.resample;  // and again, in the same bits
  }
}

TEST_F(Cuda, RefusesAWorkspaceThatIsTooSmall) {
  using Ph = physics::HeatRod;
  const auto q = Problem<Ph>::make<Ph::Interior>(100, 8, 2, Activation::tanh);
  const Cast<double, Ph> cast(q);
  OnDevice<double, Ph> on(q, cast);
  constexpr TermId id = id_of<Ph, Ph::Interior>();
  EXPECT_THROW(cuda::evaluate<double>(id, on.network, on.points, nullptr, {nullptr, 16}, nullptr), Error);
  auto other = on.network;
  other.shape.outputs = 2;
  EXPECT_THROW(cuda::evaluate<double>(id, other, on.points, nullptr, {nullptr, 0}, nullptr), Error);
  EXPECT_THROW(cuda::evaluate<double>({99, 0}, on.network, on.points, nullptr, {nullptr, 0}, nullptr), Error);
}

TEST(CudaWithoutADevice, SaysSo) {
  if (cuda::available()) GTEST_SKIP() << "there is a device";
  using Ph = physics::HeatRod;
  try {
    cuda::workspace_bytes<float>(id_of<Ph, Ph::Interior>(), {2, 8, 2, 1, Activation::tanh}, 10, true);
    FAIL() << "expected an Error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("cuda"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace residua
