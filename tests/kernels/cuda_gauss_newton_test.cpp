// The bodies of the Gauss-Newton CUDA kernels, run on the host block by block, against the CPU's kernels and the slow
// reference.
#include <gtest/gtest.h>

#include "kernels/gauss_newton.hpp"
#include "tests/kernels/cuda_gauss_newton_twin.hpp"

namespace residua {
namespace {

using namespace testing_support;

template <class Ph>
struct CudaGaussNewtonTwin : testing::Test {};
TYPED_TEST_SUITE(CudaGaussNewtonTwin, AsTypes<Representatives>::Type, PhysicsName);

/// Rows of sqrt(W) (J r) as the CPU has them, [equations * n][parameters + 1].
template <class Ph, class Term>
std::vector<double> rows_of_cpu(const Problem<Ph>& q) {
  const Cast<double, Ph> cast(q);
  const std::size_t n = std::size_t(q.n), p = q.weights.size(), count = std::size_t(kEquationsOf<Ph, Term>) * n;
  std::vector<double> rows(count * p), residual(count), all;
  residua::jacobian(find_term(Ph::name, Term::name), cast.network, cast.points, rows.data(), residual.data());
  for (std::size_t row = 0; row < count; ++row) {
    const double root = std::sqrt(q.equation_weight[row / n] * q.point_weight[row % n]);
    for (std::size_t k = 0; k < p; ++k) all.push_back(root * rows[row * p + k]);
    all.push_back(root * (residual[row] - q.target[row]));
  }
  return all;
}

/// The upper triangle of a square; infinity in it for what was written below.
std::vector<double> upper(const std::vector<double>& square, std::size_t columns) {
  std::vector<double> all;
  for (std::size_t i = 0; i < columns; ++i)
    for (std::size_t j = 0; j < columns; ++j)
      if (j >= i)
        all.push_back(square[i * columns + j]);
      else if (!std::isnan(square[i * columns + j]))
        all.push_back(INFINITY);
  return all;
}

/// A^T A of rows, the upper triangle.
std::vector<double> upper_gram(const std::vector<double>& rows, std::size_t columns, std::size_t stride) {
  std::vector<double> all;
  for (std::size_t i = 0; i < columns; ++i)
    for (std::size_t j = i; j < columns; ++j) {
      double sum = 0;
      for (std::size_t row = 0; row < rows.size(); row += stride) sum += rows[row + i] * rows[row + j];
      all.push_back(sum);
    }
  return all;
}

TYPED_TEST(CudaGaussNewtonTwin, JacobianEqualsThatOfTheCpu) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    for (const std::int64_t n : {1, 33, 70})
      for (const int width : {1, 9, 33}) {
        const auto q = Problem<Ph>::template make<Term>(n, width, 3, n == 33 ? Activation::sin : Activation::tanh);
        EXPECT_LT(
            relative_difference(GaussNewtonTwin<Ph, Term>(q, {.max_blocks = 2}).jacobian(), rows_of_cpu<Ph, Term>(q)),
            1e-12)
            << Term::name << " n=" << n << " width=" << width;
      }
  });
}

TYPED_TEST(CudaGaussNewtonTwin, JacobianEqualsCentralDifferencesOfTheReference) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    for (const Activation activation : {Activation::silu, Activation::gelu}) {
      auto q = Problem<Ph>::template make<Term>(19, 5, 2, activation, 3);
      q.point_weight.assign(q.point_weight.size(), 1);
      q.equation_weight.assign(q.equation_weight.size(), 1);
      const auto rows = GaussNewtonTwin<Ph, Term>(q).jacobian();
      const auto jacobian = reference_jacobian<Ph, Term>(q), r = reference_residual<Ph, Term>(q, q.weights);
      const auto p = std::ptrdiff_t(q.weights.size());
      std::vector<double> expected;
      for (std::size_t row = 0; row < r.size(); ++row) {
        const auto first = jacobian.begin() + std::ptrdiff_t(row) * p;
        expected.insert(expected.end(), first, first + p);
        expected.push_back(r[row]);
      }
      EXPECT_LT(relative_difference(rows, expected, 1), 3e-8) << Term::name;
    }
  });
}

TYPED_TEST(CudaGaussNewtonTwin, JacobianOfARangeIsThatPartOfTheWhole) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  const auto q = Problem<Ph>::template make<Term>(90, 12, 2, Activation::tanh);
  GaussNewtonTwin<Ph, Term> twin(q);
  const auto whole = twin.jacobian(), part = twin.jacobian({17, 60});
  const std::size_t columns = q.weights.size() + 1;
  std::vector<double> expected;
  for (std::size_t e = 0; e < std::size_t(kEquationsOf<Ph, Term>); ++e)
    expected.insert(expected.end(), &whole[(e * 90 + 17) * columns], &whole[(e * 90 + 59) * columns] + columns);
  EXPECT_EQ(part, expected);
}

TYPED_TEST(CudaGaussNewtonTwin, NormalEquationsEqualThoseOfTheCpu) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(101, 11, 2, Activation::tanh, 5);
    const Cast<double, Ph> cast(q);
    NormalEquations normal(q.shape.parameters());
    normal.add(find_term(Ph::name, Term::name), cast.network, cast.points, cast.fused_weights);
    std::vector<double> expected;
    for (std::int64_t i = 0; i <= normal.parameters(); ++i)
      for (std::int64_t j = i; j <= normal.parameters(); ++j)
        expected.push_back(normal.matrix()[i * normal.stride() + j]);
    for (const std::int64_t chunk : {std::int64_t(32), std::int64_t(64), cuda::kChunkPoints}) {
      const auto found = GaussNewtonTwin<Ph, Term>(q, {.max_blocks = 2}).normal_equations(chunk);
      EXPECT_LT(relative_difference(upper(found, q.weights.size() + 1), expected), 1e-13)
          << Term::name << " chunk=" << chunk;
    }
  });
}

TYPED_TEST(CudaGaussNewtonTwin, ProductsEqualThoseOfTheCpu) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    for (const int width : {1, 9, 33}) {
      const auto q = Problem<Ph>::template make<Term>(70, width, 3, width == 9 ? Activation::gelu : Activation::tanh);
      const Cast<double, Ph> cast(q);
      const TermId term = find_term(Ph::name, Term::name);
      const auto v = some_values(q.weights.size(), 3), w = some_values(std::size_t(kEquationsOf<Ph, Term>) * 70, 5);
      std::vector<double> jv(w.size()), jtw(v.size());
      jacobian_product(term, cast.network, cast.points, v.data(), jv.data());
      jacobian_transposed_product(term, cast.network, cast.points, w.data(), jtw.data());
      GaussNewtonTwin<Ph, Term> twin(q, {.max_blocks = 2});
      EXPECT_LT(relative_difference(twin.product(v), jv), 1e-11) << Term::name << " width=" << width;
      EXPECT_LT(relative_difference(twin.transposed_product(w), jtw), 1e-11) << Term::name << " width=" << width;
    }
  });
}

TYPED_TEST(CudaGaussNewtonTwin, ProductEqualsCentralDifferencesOfTheReference) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(37, 6, 2, Activation::sin, 7);
    const auto v = some_values(q.weights.size(), 2);
    std::vector<double> expected(std::size_t(kEquationsOf<Ph, Term> * q.n));
    for (const auto& [steps, weight] : {std::pair{1, 45.}, {2, -9.}, {3, 1.}})
      for (const int sign : {1, -1}) {
        const double h = 2e-4;
        auto w = q.weights;
        for (std::size_t k = 0; k < w.size(); ++k) w[k] += sign * steps * h * v[k];
        const auto r = reference_rows<Ph, Term>(q, w);
        for (std::size_t row = 0; row < r.size(); ++row) expected[row] += sign * weight * r[row] / (60 * h);
      }
    EXPECT_LT(relative_difference(GaussNewtonTwin<Ph, Term>(q).product(v), expected, 1), 1e-7) << Term::name;
  });
}

/// All that the twin computes, one after the other.
template <class Ph, class Term, class Arithmetic = cuda::WholeDoubles>
std::vector<double> all_of(const Problem<Ph>& q, const TwinOptions& options) {
  GaussNewtonTwin<Ph, Term, Arithmetic> twin(q, options);
  std::vector<double> all = twin.jacobian();
  const auto append = [&](const std::vector<double>& more) { all.insert(all.end(), more.begin(), more.end()); };
  append(upper(twin.normal_equations(64), q.weights.size() + 1));
  append(twin.product(some_values(q.weights.size(), 3)));
  append(twin.transposed_product(some_values(std::size_t(kEquationsOf<Ph, Term> * q.n), 5)));
  return all;
}

TYPED_TEST(CudaGaussNewtonTwin, OrderOfThreadsAndPlaceOfPanelsDoNotMatter) {
  using Ph = TypeParam;
  for_each_kernel<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(70, 21, 2, Activation::silu);
    const auto expected = all_of<Ph, Term>(q, {});
    EXPECT_EQ((all_of<Ph, Term>(q, {.backward = true})), expected) << Term::name;
    EXPECT_EQ((all_of<Ph, Term>(q, {.shared_limit = 0})), expected) << Term::name;
  });
}

TYPED_TEST(CudaGaussNewtonTwin, TensorCoresDifferFromThreadsByRoundingOnly) {
  using Ph = TypeParam;
  using Term = std::tuple_element_t<0, typename Ph::Terms>;
  const auto q = Problem<Ph>::template make<Term>(45, 17, 3, Activation::tanh, 5);
  EXPECT_LT(relative_difference(all_of<Ph, Term>(q, {}), all_of<Ph, Term, cuda::PerThread>(q, {})), 1e-12);
}

TEST(CudaGaussNewton, OfNoPointsIsZero) {
  using Ph = physics::LeachColumn;
  const auto q = Problem<Ph>::make<Ph::Interior>(0, 8, 2, Activation::tanh);
  GaussNewtonTwin<Ph, Ph::Interior> twin(q);
  const std::size_t columns = q.weights.size() + 1;
  EXPECT_EQ(upper(twin.normal_equations(), columns), std::vector<double>(columns * (columns + 1) / 2));
  EXPECT_EQ(twin.transposed_product({}), std::vector<double>(q.weights.size()));
}

TEST(CudaGaussNewton, PlanKeepsItsPartsApartAndAligned) {
  const MlpShape shape{3, 37, 4, 2, Activation::tanh};
  constexpr auto propagation = kPlain<physics::Transport2d, physics::Transport2d::Interior>.propagation;
  const auto plan = cuda::NormalPlan::of(shape, propagation.count(), propagation.curved, 2, 10000, 0);
  EXPECT_EQ(plan.chunk, cuda::kChunkPoints);
  EXPECT_GE(plan.stride, shape.parameters() + 1);
  EXPECT_EQ(plan.stride % 16, 0);
  EXPECT_EQ(plan.rows_at % 256, 0u);
  EXPECT_GE(plan.rows_at, plan.tiles.bytes);
  EXPECT_GE(plan.bytes, plan.rows_at + std::size_t(2 * plan.chunk * plan.stride) * sizeof(double));
  EXPECT_GE(plan.tiles.tape, plan.tiles.slopes_at + 2 * 2 * 6 * 32);
  EXPECT_EQ(cuda::NormalPlan::of(shape, propagation.count(), propagation.curved, 2, 5, 0).chunk, 5);
}

TEST(CudaGaussNewton, SumsOfRowsAreTheirProductsForAnyCount) {
  using Twin = GaussNewtonTwin<physics::Heat, physics::Heat::Interior>;
  for (const std::size_t count : {0, 1, 31, 32, 33, 100})
    for (const std::size_t columns : {1, 63, 64, 65, 130}) {
      const std::size_t stride = columns + 3;
      const auto rows = some_values(count * stride, 7);
      std::vector<double> sums(columns * columns, NAN);
      for (std::size_t i = 0; i < columns; ++i) std::fill_n(&sums[i * columns + i], columns - i, 0.0);
      const cuda::GramArgs args{rows.data(), std::int64_t(count), std::int64_t(stride), std::int64_t(columns),
                                sums.data()};
      Twin::add_gram(args, false);
      EXPECT_LT(relative_difference(upper(sums, columns), upper_gram(rows, columns, stride), 1), 1e-14)
          << count << " " << columns;
      const auto once = upper(sums, columns);
      Twin::add_gram(args, true);
      auto twice = once;
      for (double& x : twice) x *= 2;
      EXPECT_LT(relative_difference(upper(sums, columns), twice, 1), 1e-14) << count << " " << columns;
    }
}

}  // namespace
}  // namespace residua
