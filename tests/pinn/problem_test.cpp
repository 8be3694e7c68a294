#include "pinn/problem.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "tests/pinn/thrown.hpp"

namespace residua {
namespace {

Problem problem_of(const std::string& text) { return Problem(RunFile::parse(text, "test")); }

const std::string kLeach =
    "physics = 'leach_column'\n[envelope]\ntime = [0.5, 6]\ndepth = [0.25, 1]\npeclet = [30, 90]\nretardation = "
    "2\nexchange = [0.3, 3]\n"
    "mobile_fraction = 0.6\n";

TEST(Problem, VariesWhatHasARangeAndFixesWhatHasAValue) {
  const Problem problem = problem_of(kLeach);
  EXPECT_EQ(problem.design(), (std::vector<int>{0, 3}));  // peclet, exchange
  EXPECT_EQ(problem.design_row(), (std::vector<int>{0, -1, -1, 1, -1}));
  EXPECT_EQ(problem.params()[1], 2);
  EXPECT_EQ(problem.params()[2], 0.6);
  EXPECT_EQ(problem.params()[4], 0);  // decay: as the physics says
  EXPECT_EQ(problem.shape().trunk.inputs, problem.physics().features + 2);
  EXPECT_EQ(problem.shape().trunk.outputs, 2);
}

TEST(Problem, HoldsParametersWithoutDimension) {
  const Problem problem = problem_of("physics = 'kiln_wall'\n[envelope]\ngas_temperature = 1200\n");
  EXPECT_DOUBLE_EQ(problem.params()[0], 1.2);
}

TEST(Problem, SaysWhereAPointLiesInPlantUnits) {
  const Problem problem = problem_of(
      "physics = 'kiln_wall'\n[envelope]\nfilm_coefficient = 30\nthickness = 0.2\nconductivity = 1.2\n"
      "initial_temperature = 400\n");
  const Samples samples{2, {0.1, 0.5, 0.25, 0.75}, {1.1, 1.2}};
  EXPECT_EQ(problem.place_of(samples, 1), "time=5 depth=0.75 gas_temperature=1200");
}

TEST(Problem, SamplesTheInteriorOfTheEnvelope) {
  const Problem problem = problem_of(kLeach);
  ASSERT_EQ(problem.sample_dims(0), 4);
  Sobol sequence(4, 1);
  const std::int64_t n = 1000;
  const Samples samples = problem.sample(0, sequence, n);
  ASSERT_EQ(samples.coords.size(), 2000u);
  ASSERT_EQ(samples.design.size(), 2000u);
  const auto fills = [&](const double* row, double lower, double upper) {
    const auto [low, high] = std::minmax_element(row, row + n);
    EXPECT_GE(*low, lower);
    EXPECT_LE(*high, upper);
    EXPECT_LT(*low, lower + 0.01 * (upper - lower));
    EXPECT_GT(*high, upper - 0.01 * (upper - lower));
    EXPECT_NEAR(std::accumulate(row, row + n, 0.) / double(n), (lower + upper) / 2, 0.01 * (upper - lower));
  };
  fills(&samples.coords[0], 0.5, 6);
  fills(&samples.coords[1000], 0.25, 1);
  fills(&samples.design[0], 30, 90);
  fills(&samples.design[1000], 0.3, 3);
}

TEST(Problem, SamplesGradedTimesMoreDenselyEarlyOn) {
  const Problem even = problem_of(kLeach), graded = problem_of(kLeach + "[terms.interior]\ngrading = 3\n");
  Sobol sequence(4, 1), same(4, 1);
  const Samples a = even.sample(0, sequence, 200), b = graded.sample(0, same, 200);
  for (std::size_t i = 0; i < 200; ++i) {
    const double unit = (a.coords[i] - 0.5) / 5.5;  // time
    EXPECT_NEAR(b.coords[i], 0.5 + 5.5 * unit * unit * unit, 1e-12);
    EXPECT_EQ(b.coords[200 + i], a.coords[200 + i]);  // depth
  }
  EXPECT_EQ(b.design, a.design);
}

TEST(Problem, SamplesABoundaryTermOnItsBoundary) {
  const Problem leach = problem_of(kLeach);
  ASSERT_EQ(leach.sample_dims(1), 3);  // inlet: time and two design inputs
  Sobol sequence(3, 1);
  const Samples inlet = leach.sample(1, sequence, 50);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(inlet.coords[50 + i], 0.25);

  const Problem wall = problem_of("physics = 'kiln_wall'");
  for (const auto& [term, depth] : {std::pair{1, 0.}, {2, 1.}}) {  // hot face, shell
    Sobol points(std::size_t(wall.sample_dims(term)), 1);
    const Samples face = wall.sample(term, points, 50);
    for (std::size_t i = 0; i < 50; ++i) {
      EXPECT_EQ(face.coords[50 + i], depth);
      EXPECT_GE(face.coords[i], 0);
      EXPECT_LE(face.coords[i], 2.4);  // 24 h, in units of 10 h
      EXPECT_GE(face.design[i], 0.9);
      EXPECT_LE(face.design[i], 1.5);  // gas temperature in 1000 K
    }
  }
}

TEST(Problem, GoesOnInTheSequence) {
  const Problem problem = problem_of(kLeach);
  Sobol whole(4, 3), parts(4, 3);
  const Samples all = problem.sample(0, whole, 20), first = problem.sample(0, parts, 8),
                rest = problem.sample(0, parts, 12);
  for (std::size_t row = 0; row < 2; ++row)
    for (std::size_t i = 0; i < 20; ++i)
      EXPECT_EQ(all.coords[row * 20 + i], i < 8 ? first.coords[row * 8 + i] : rest.coords[row * 12 + i - 8]);
}

/// Placed one by one from the sequence as a whole.
Samples drawn_in_order(const Problem& problem, int term, Sobol& sequence, std::int64_t n) {
  std::vector<double> unit(sequence.dims() * std::size_t(n));
  sequence.fill(unit.data(), std::size_t(n));
  Samples samples{n, {}, {}};
  std::size_t k = 0;
  for (const Axis& axis : problem.axes(term)) {
    auto& rows = k++ < problem.physics().coords.size() ? samples.coords : samples.design;
    for (std::int64_t i = 0; i < n; ++i)
      rows.push_back(axis.at(axis.dim < 0 ? 0 : unit[std::size_t(axis.dim * n + i)]));
  }
  return samples;
}

TEST(Problem, DrawsTheSamePointsInSharesAsInOrder) {
  const Problem problem = problem_of(kLeach + "[terms.interior]\ngrading = 3\n");
  for (const int term : {0, 1})
    for (const std::int64_t n : {1, 1023, 1024, 1025, 16383, 16384, 16411, 40009, 200003}) {
      Sobol sequence(std::size_t(problem.sample_dims(term)), 7), same = sequence;
      for (const std::int64_t count : {n, std::int64_t(3)}) {
        const Samples drawn = problem.sample(term, sequence, count);
        const Samples expected = drawn_in_order(problem, term, same, count);
        EXPECT_TRUE(drawn.coords == expected.coords) << n;
        EXPECT_TRUE(drawn.design == expected.design) << n;
      }
    }
}

TEST(Problem, PlacesNoPoints) {
  const Problem problem = problem_of(kLeach);
  Sobol sequence(4, 1), same(4, 1);
  EXPECT_TRUE(problem.sample(0, sequence, 0).coords.empty());
  EXPECT_EQ(problem.sample(0, sequence, 9).coords, problem.sample(0, same, 9).coords);
}

TEST(Problem, ShiftsAndScalesEveryInputOntoMinusOneToOne) {
  for (const PhysicsInfo& physics : catalog()) {
    SCOPED_TRACE(std::string(physics.name));
    const Problem problem = problem_of("physics = '" + std::string(physics.name) + "'");
    Sobol sequence(std::size_t(problem.sample_dims(0)), 99);  // not the points that the scale was found on
    const std::int64_t n = 2000;
    const Samples samples = problem.sample(0, sequence, n);
    std::vector<double> rows(std::size_t(problem.shape().trunk.inputs * n));
    physics.evaluate_features(problem.points(samples), rows.data());
    std::copy(samples.design.begin(), samples.design.end(), rows.begin() + physics.features * n);
    for (int input = 0; input < problem.shape().trunk.inputs; ++input) {
      double low = INFINITY, high = -INFINITY;
      for (std::int64_t i = 0; i < n; ++i) {
        const double x = (rows[std::size_t(input * n + i)] - problem.center()[std::size_t(input)]) *
                         problem.scale()[std::size_t(input)];
        low = std::min(low, x);
        high = std::max(high, x);
      }
      // Some features have long tails, whose ends other points than those of the scaling may miss.
      EXPECT_THAT(low, testing::AllOf(testing::Ge(-1.1), testing::Le(-0.5))) << "input " << input;
      EXPECT_THAT(high, testing::AllOf(testing::Le(1.1), testing::Ge(0.5))) << "input " << input;
    }
  }
}

TEST(UniformPoints, FillTheUnitCubeIndependently) {
  const std::int64_t n = 20000;
  const std::vector<double> unit = uniform_points(2, n, 5);
  double mean[2] = {}, product = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (int d = 0; d < 2; ++d) {
      const double u = unit[std::size_t(d * n + i)];
      ASSERT_GE(u, 0);
      ASSERT_LT(u, 1);
      mean[d] += (u - 0.5) / double(n);
    }
    product += (unit[std::size_t(i)] - 0.5) * (unit[std::size_t(n + i)] - 0.5) / double(n);
  }
  // Five standard deviations of the mean of n uniform numbers, and of their products.
  EXPECT_NEAR(mean[0], 0, 5 * std::sqrt(1. / 12 / double(n)));
  EXPECT_NEAR(mean[1], 0, 5 * std::sqrt(1. / 12 / double(n)));
  EXPECT_NEAR(product, 0, 5. / 12 / std::sqrt(double(n)));
  EXPECT_EQ(unit, uniform_points(2, n, 5));
  EXPECT_NE(unit, uniform_points(2, n, 6));
}

TEST(InitialWeights, AreTheSameForASeedEverywhere) {
  const MlpShape shape{2, 4, 1, 1, Activation::tanh};
  const auto weights = initial_weights(shape, 1);
  ASSERT_EQ(weights.size(), 17u);
  const double golden[] = {-0.13146398333812026, -0.14975152527982061, -0.3538110004656696,  -0.017463014422483707,
                           -0.42596264728667116, 1.0273764815459761,   -0.32059872283081481, 0.12799254328694018,
                           -1.338207354301268,   -1.087196006599884,   -0.21006847515804997, 0.87709362689864445};
  for (std::size_t i = 0; i < 8; ++i) EXPECT_DOUBLE_EQ(weights[i], golden[i]) << i;
  for (std::size_t i = 8; i < 12; ++i) EXPECT_EQ(weights[i], 0) << i;
  for (std::size_t i = 12; i < 16; ++i) EXPECT_DOUBLE_EQ(weights[i], golden[i - 4]) << i;
  EXPECT_EQ(weights[16], 0);
  EXPECT_EQ(weights, initial_weights(shape, 1));
  EXPECT_NE(weights, initial_weights(shape, 2));
}

TEST(InitialWeights, HaveTheVarianceOfGlorotAndBengio) {
  const MlpShape shape{6, 100, 2, 1, Activation::tanh};
  const auto weights = initial_weights(shape, 5);
  const double* hidden = &weights[std::size_t(shape.offset(1))];
  double sum = 0, square = 0;
  for (int i = 0; i < 10000; ++i) {
    sum += hidden[i];
    square += hidden[i] * hidden[i];
  }
  EXPECT_NEAR(sum / 10000, 0, 4 * 0.1 / 100);                     // 4 standard errors of the mean
  EXPECT_NEAR(square / 10000, 0.01, 4 * 0.01 * std::sqrt(2e-4));  // and of the variance 2 / (100 + 100)
}

}  // namespace
}  // namespace residua
