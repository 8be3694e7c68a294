// The Gauss-Newton CUDA kernels on a device, against their host twins.
#include <gtest/gtest.h>

#include "kernels/core/error.hpp"
#include "kernels/cuda/gauss_newton_cuda.hpp"
#include "tests/kernels/cuda_device.hpp"
#include "tests/kernels/cuda_gauss_newton_twin.hpp"

namespace residua {
namespace {

using namespace testing_support;

template <class Ph>
struct CudaGaussNewtonDevice : CudaDevice<Ph> {};
TYPED_TEST_SUITE(CudaGaussNewtonDevice, AsTypes<Representatives>::Type, PhysicsName);

/// The entry points for one problem, from the host and back to it.
template <class Ph, class Term>
class OnGpu {
 public:
  explicit OnGpu(const Problem<Ph>& q) : q_(q), cast_(q), on_(q, cast_), target_(cast_.target) {
    on_.fused_weights.target = target_.data();
  }

  std::vector<double> jacobian(cuda::PointRange range) {
    const std::int64_t count = range.last - range.first;
    DeviceArray<double> rows(std::size_t(E * count) * columns());
    const std::size_t bytes = cuda::jacobian_bytes(id, q_.shape, count);
    DeviceArray<unsigned char> workspace(bytes);
    cuda::jacobian(id, on_.network, on_.points, on_.fused_weights, range, rows.data(), {workspace.data(), bytes},
                   nullptr);
    return rows.host();
  }

  std::vector<double> normal_equations() {
    DeviceArray<double> sums(std::vector<double>(columns() * columns()));
    const std::size_t bytes = cuda::normal_equations_bytes(id, q_.shape, q_.n);
    DeviceArray<unsigned char> workspace(bytes);
    cuda::add_normal_equations(id, on_.network, on_.points, on_.fused_weights, sums.data(), {workspace.data(), bytes},
                               nullptr);
    return sums.host();
  }

  std::vector<double> product(const std::vector<double>& direction) {
    DeviceArray<double> v(direction), product(std::size_t(E * q_.n));
    const std::size_t bytes = cuda::jacobian_bytes(id, q_.shape, q_.n);
    DeviceArray<unsigned char> workspace(bytes);
    cuda::jacobian_product(id, on_.network, on_.points, v.data(), product.data(), {workspace.data(), bytes}, nullptr);
    return product.host();
  }

  std::vector<double> transposed_product(const std::vector<double>& rows) {
    DeviceArray<double> v(rows), product(q_.weights.size());
    const std::size_t bytes = cuda::jacobian_bytes(id, q_.shape, q_.n);
    DeviceArray<unsigned char> workspace(bytes);
    cuda::jacobian_transposed_product(id, on_.network, on_.points, v.data(), product.data(), {workspace.data(), bytes},
                                      nullptr);
    return product.host();
  }

  std::size_t columns() const { return q_.weights.size() + 1; }

 private:
  static constexpr int E = kEquationsOf<Ph, Term>;
  static constexpr TermId id = id_of<Ph, Term>();

  const Problem<Ph>& q_;
  Cast<double, Ph> cast_;
  OnDevice<double, Ph> on_;
  DeviceArray<double> target_;
};

/// The upper triangle of a square.
std::vector<double> upper(const std::vector<double>& square, std::size_t columns) {
  std::vector<double> all;
  for (std::size_t i = 0; i < columns; ++i)
    all.insert(all.end(), &square[i * columns + i], &square[i * columns] + columns);
  return all;
}

TYPED_TEST(CudaGaussNewtonDevice, EverythingEqualsItsHostTwin) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    for (const std::int64_t n : {0, 1, 45, 9001})  // the last one: several chunks
      for (const int width : {5, 17}) {
        const auto q = Problem<Ph>::template make<Term>(n, width, 3, Activation::tanh);
        OnGpu<Ph, Term> device(q);
        GaussNewtonTwin<Ph, Term> twin(q);
        const std::string where = std::string(Term::name) + " n=" + std::to_string(n) + " " + std::to_string(width);
        const cuda::PointRange range{n / 3, std::min(n, n / 3 + 70)};
        EXPECT_LT(relative_difference(device.jacobian(range), twin.jacobian(range), 1e-2), 1e-11) << where;
        EXPECT_LT(relative_difference(upper(device.normal_equations(), device.columns()),
                                      upper(twin.normal_equations(), device.columns()), 1e-2),
                  1e-11)
            << where;
        const auto v = some_values(q.weights.size(), 3), w = some_values(std::size_t(kEquationsOf<Ph, Term> * q.n), 5);
        EXPECT_LT(relative_difference(device.product(v), twin.product(v), 1e-2), 1e-11) << where;
        EXPECT_LT(relative_difference(device.transposed_product(w), twin.transposed_product(w), 1e-2), 1e-11) << where;
      }
  });
}

TYPED_TEST(CudaGaussNewtonDevice, PanelsThatAreWideLieInTheWorkspace) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  const auto q = Problem<Ph>::template make<Term>(40, 256, 2, Activation::tanh);
  OnGpu<Ph, Term> device(q);
  GaussNewtonTwin<Ph, Term> twin(q);
  EXPECT_LT(relative_difference(device.jacobian({0, 40}), twin.jacobian(), 1e-2), 1e-11);
  const auto v = some_values(q.weights.size(), 3);
  EXPECT_LT(relative_difference(device.product(v), twin.product(v), 1e-2), 1e-11);
}

TYPED_TEST(CudaGaussNewtonDevice, RepeatsBitForBit) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  const auto q = Problem<Ph>::template make<Term>(9001, 12, 2, Activation::silu);
  OnGpu<Ph, Term> device(q);
  EXPECT_EQ(device.normal_equations(), device.normal_equations());
  const auto w = some_values(std::size_t(kEquationsOf<Ph, Term> * q.n), 5);
  EXPECT_EQ(device.transposed_product(w), device.transposed_product(w));
}

using CudaGaussNewton = CudaDevice<physics::HeatRod>;

TEST_F(CudaGaussNewton, RefusesWhatDoesNotFit) {
  using Ph = physics::HeatRod;
  const auto q = Problem<Ph>::make<Ph::Interior>(100, 8, 2, Activation::tanh);
  const Cast<double, Ph> cast(q);
  OnDevice<double, Ph> on(q, cast);
  constexpr TermId id = id_of<Ph, Ph::Interior>();
  const auto jacobian = [&](cuda::PointRange range, cuda::Workspace workspace) {
    cuda::jacobian(id, on.network, on.points, {}, range, nullptr, workspace, nullptr);
  };
  EXPECT_THROW(cuda::add_normal_equations(id, on.network, on.points, {}, nullptr, {nullptr, 16}, nullptr), Error);
  EXPECT_THROW(cuda::jacobian_product(id, on.network, on.points, nullptr, nullptr, {nullptr, 16}, nullptr), Error);
  EXPECT_THROW(jacobian({0, 100}, {nullptr, 16}), Error);
  EXPECT_THROW(jacobian({90, 101}, {nullptr, std::size_t(1) << 40}), Error);
  EXPECT_THROW(jacobian({20, 10}, {nullptr, std::size_t(1) << 40}), Error);
  EXPECT_THROW(cuda::jacobian_bytes({99, 0}, q.shape, 10), Error);
}

}  // namespace
}  // namespace residua
