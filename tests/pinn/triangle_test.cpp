#include "pinn/optimizers/triangle.hpp"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <cmath>
#include <map>
#include <mutex>
#include <numeric>
#include <random>

namespace residua {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// [A b] with columns of very different size, as those of a Jacobian are.
RowMajor random_rows(int rows, int unknowns) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  RowMajor made(rows, unknowns + 1);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c <= unknowns; ++c) made(r, c) = normal(random) * std::pow(10, c % 5 - 2);
  return made;
}

struct Size {
  int rows, unknowns, block;
};

class TriangleOf : public testing::TestWithParam<Size> {};

TEST_P(TriangleOf, SolvesWhatEigenSolves) {
  const auto [rows, unknowns, block] = GetParam();
  const RowMajor all = random_rows(rows, unknowns);
  Triangle triangle(unknowns, block);
  triangle.add(all.data(), rows / 3);
  triangle.add(all.data() + rows / 3 * (unknowns + 1), rows - rows / 3);
  triangle.finish();
  const auto a = all.leftCols(unknowns);
  EXPECT_NEAR(triangle.largest_square(), a.colwise().squaredNorm().maxCoeff(), 1e-12 * a.squaredNorm());
  for (const double damping : {1e-6, 1.0}) {
    Eigen::MatrixXd stacked(rows + unknowns, unknowns);
    stacked << a, std::sqrt(damping) * Eigen::MatrixXd::Identity(unknowns, unknowns);
    Eigen::VectorXd right(rows + unknowns);
    right << all.col(unknowns), Eigen::VectorXd::Zero(unknowns);
    const Eigen::VectorXd expected = stacked.householderQr().solve(right);
    triangle.damp(damping);
    const std::vector<double> found = triangle.solve();
    EXPECT_LT((Eigen::Map<const Eigen::VectorXd>(found.data(), unknowns) - expected).norm(), 1e-9 * expected.norm());
    EXPECT_NEAR(triangle.product_square(found), (a * expected).squaredNorm(), 1e-9 * (a * expected).squaredNorm());
    std::vector<double> again(static_cast<std::size_t>(unknowns));
    Eigen::Map<Eigen::VectorXd>(again.data(), unknowns) = a.transpose() * all.col(unknowns);
    triangle.solve_again(again);
    EXPECT_LT((Eigen::Map<const Eigen::VectorXd>(again.data(), unknowns) - expected).norm(), 1e-4 * expected.norm());
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, TriangleOf,
                         testing::Values(Size{.rows = 40, .unknowns = 10, .block = 100},
                                         Size{.rows = 700, .unknowns = 64, .block = 100},
                                         Size{.rows = 900, .unknowns = 129, .block = 1000},
                                         Size{.rows = 900, .unknowns = 200, .block = 70},
                                         Size{.rows = 1300, .unknowns = 600, .block = 700},  // by several threads
                                         Size{.rows = 70, .unknowns = 200, .block = 1000}),
                         [](const auto& given) {
                           return std::to_string(given.param.rows) + "By" + std::to_string(given.param.unknowns) +
                                  "InBlocksOf" + std::to_string(given.param.block);
                         });

TEST(Panels, AreEachUpdatedByAllBeforeThemInOrder) {
  constexpr int kPanels = 40;  // enough for eight threads
  for (const int threads : {1, 3, 8}) {
    std::mutex lock;
    std::map<int, std::vector<int>> done;  // by panel: what updated it, and itself when it was factorised
    const auto note = [&](int panel, int what) {
      const std::scoped_lock hold(lock);
      done[panel].push_back(what);
    };
    by_panels(
        kPanels, threads, [&](int panel) { note(panel, panel); },
        [&](int panel, int by) {
          note(panel, by);
          const std::scoped_lock hold(lock);
          EXPECT_EQ(done[by].size(), std::size_t(by) + 1) << "not factorised yet";
        });
    for (int panel = 0; panel < kPanels; ++panel) {
      std::vector<int> expected(std::size_t(panel) + 1);
      std::iota(expected.begin(), expected.end(), 0);
      EXPECT_EQ(done[panel], expected) << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace residua
