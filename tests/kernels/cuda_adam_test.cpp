// Adam without the host: what a GPU would do, by its host twin.
#include "tests/kernels/cuda_adam.hpp"

#include <gtest/gtest.h>

#include "tests/kernels/host_device.hpp"
#include "tests/kernels/problem.hpp"

namespace residua {
namespace {

using namespace testing_support;

struct AdamOnDevice : testing::TestWithParam<bool> {
  const cuda::AdamPlan plan = kiln_wall_plan(GetParam());
  cuda::AdamTraining<double, HostDevice> device{plan};
};

/// The points of a step, row by row, without a device.
std::vector<double> drawn(const cuda::AdamPlan& plan, std::size_t t, std::int64_t step) {
  const cuda::DrawnTerm& term = plan.terms[t];
  const auto shift = shifts(plan, step)[t];
  std::vector<double> rows;
  for (const Axis& axis : term.axes)
    for (std::int64_t i = 0; i < term.points; ++i) {
      double u = 0;
      if (axis.dim >= 0 && term.lattice.empty()) {
        const auto x = cuda::Philox::at(std::uint64_t(step * term.points + i),
                                        (std::uint64_t(t) << 32) | std::uint64_t(axis.dim / 2), plan.seed);
        u = axis.dim % 2 ? cuda::unit_interval(x.word[2], x.word[3]) : cuda::unit_interval(x.word[0], x.word[1]);
      } else if (axis.dim >= 0) {
        const double whole = term.lattice[std::size_t(axis.dim * term.points + i)] + shift[std::size_t(axis.dim)];
        u = whole - std::floor(whole);
      }
      rows.push_back(axis.at(u));
    }
  return rows;
}

/// The same steps by what the textbook says.
Trained by_the_book(const cuda::AdamPlan& plan, std::int64_t steps) {
  cuda::AdamState s = start(plan);
  Trained result;
  const std::size_t n = s.weights.size();
  for (std::int64_t step = 0; step < steps; ++step) {
    std::vector<double> sum(n), own(n);
    result.sums.clear();
    for (std::size_t t = 0; t < plan.terms.size(); ++t) {
      const cuda::DrawnTerm& term = plan.terms[t];
      const std::vector<double> rows = drawn(plan, t, step);
      double loss = 0;
      fused<double>(term.id, {plan.shape, s.weights.data(), plan.center.data(), plan.scale.data()},
                    {term.points, rows.data(), &rows[std::size_t(2 * term.points)], plan.params.data(),
                     plan.design_row.data(), 1},
                    {term.equation_weight.data()}, {&loss, own.data()});
      result.sums.push_back(loss);
      for (std::size_t k = 0; k < n; ++k) sum[k] += own[k];
    }
    const double t = double(step + 1), progress = double(step) / double(plan.steps);
    const double rate = 5e-4 + (5e-3 - 5e-4) * (1 + std::cos(std::acos(-1) * progress)) / 2;
    for (std::size_t k = 0; k < n; ++k) {
      s.mean[k] = 0.9 * s.mean[k] + 0.1 * sum[k];
      s.square[k] = 0.999 * s.square[k] + 0.001 * sum[k] * sum[k];
      const double mean = s.mean[k] / (1 - std::pow(0.9, t)), square = s.square[k] / (1 - std::pow(0.999, t));
      s.weights[k] -= rate * mean / (std::sqrt(square) + 1e-8);
    }
  }
  result.weights = s.weights;
  return result;
}

TEST_P(AdamOnDevice, DoesWhatTheTextbookSays) {
  const Trained found = trained(device, plan, {30}), expected = by_the_book(plan, 30);
  EXPECT_LT(relative_difference(found.weights, expected.weights), 1e-9);
  EXPECT_LT(relative_difference(found.sums, expected.sums), 1e-9);
}

TEST_P(AdamOnDevice, EndsInTheSameBitsHoweverTheStepsAreDivided) {
  const Trained whole = trained(device, plan, {31});
  EXPECT_EQ(trained(device, plan, {1, 10, 20}).weights, whole.weights);
  cuda::AdamTraining<double, HostDevice> other(plan);
  EXPECT_EQ(trained(other, plan, {31}).weights, whole.weights);
}

TEST_P(AdamOnDevice, InFloatsFollowsThatInDoubles) {
  cuda::AdamTraining<float, HostDevice> floats(plan);
  EXPECT_LT(relative_difference(trained(floats, plan, {30}).weights, trained(device, plan, {30}).weights), 1e-3);
}

TEST_P(AdamOnDevice, GuidedByResidualsEndsInTheSameBitsHoweverTheStepsAreDivided) {
  const cuda::AdamPlan guided = guided_plan(GetParam());
  cuda::AdamTraining<double, HostDevice> one(guided), other(guided);
  const Trained whole = trained(one, guided, {31});
  EXPECT_EQ(trained(other, guided, {1, 10, 20}).weights, whole.weights);
  EXPECT_EQ(trained(other, guided, {31}).weights, whole.weights);
  EXPECT_NE(trained(device, plan, {31}).weights, whole.weights);
}

INSTANTIATE_TEST_SUITE_P(Points, AdamOnDevice, testing::Bool(), [](const auto& given) -> std::string {
  return given.param ? "Independent" : "OfShiftedLattices";
});

}  // namespace
}  // namespace residua
