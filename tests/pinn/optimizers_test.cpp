#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "kernels/core/error.hpp"
#include "pinn/optimizers/blocks.hpp"
#include "pinn/optimizers/device_forms.hpp"
#include "pinn/optimizers/levenberg_marquardt.hpp"
#include "pinn/optimizers/line_search.hpp"
#include "pinn/optimizers/linearised.hpp"
#include "pinn/optimizers/matrix_free.hpp"
#include "pinn/optimizers/muon.hpp"
#include "pinn/optimizers/quasi_newton.hpp"
#include "pinn/optimizers/soap.hpp"
#include "pinn/optimizers/ssbroyden.hpp"
#include "pinn/trainer.hpp"
#include "tests/pinn/thrown.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

using ::testing::HasSubstr;

constexpr Method kMethods[] = {Method::adam,  Method::soap,      Method::muon,
                               Method::lbfgs, Method::ssbroyden, Method::levenberg_marquardt};

TrainResult trained(const RunFile& run, const std::filesystem::path& folder = {}, bool resume = false,
                    std::int64_t stop_after = -1) {
  const Problem problem(run);
  return train(run, problem, {folder, resume, Progress(Progress::Mode::quiet), stop_after});
}

/// Burgers' equation of moderate viscosity at the same 256 points throughout, after a short warm-up.
RunFile burgers(const std::string& stage) {
  return RunFile::parse(
      "physics = 'burgers'\n[network]\nwidth = 12\ndepth = 2\n[envelope]\nviscosity = 0.05\n"
      "[terms.interior]\npoints = 256\n[[stage]]\noptimizer = 'adam'\nsteps = 100\nlearning_rate = 5e-3\n"
      "[[stage]]\nresample = 100000\nmore_points = 1\n" +
          stage,
      "run");
}
double loss_after(const std::string& stage) { return trained(burgers(stage)).loss; }

// What they are for: the same problem, the same start, and no more time than the others.

TEST(LevenbergMarquardt, BeatsAllOthersByOrdersOfMagnitude) {
  const double reached = loss_after("optimizer = 'levenberg_marquardt'\nsteps = 100");
  EXPECT_LT(reached, 2e-9);  // 6e-8 by steps that are corrected once
  EXPECT_LT(1e5 * reached, loss_after("optimizer = 'adam'\nsteps = 2000\nlearning_rate = 5e-3"));
  EXPECT_LT(1e5 * reached, loss_after("optimizer = 'lbfgs'\nsteps = 600"));
}

TEST(SsBroyden, BeatsLbfgsByOrdersOfMagnitude) {
  const double reached = loss_after("optimizer = 'ssbroyden'\nsteps = 600");
  EXPECT_LT(reached, 1e-5);
  EXPECT_LT(50 * reached, loss_after("optimizer = 'lbfgs'\nsteps = 600"));
}

TEST(Lbfgs, GoesFurtherThanAdamInAsManySteps) {
  EXPECT_LT(5 * loss_after("optimizer = 'lbfgs'\nsteps = 600"),
            loss_after("optimizer = 'adam'\nsteps = 600\nlearning_rate = 5e-3"));
}

TEST(Soap, GoesFurtherThanAdamInAsManySteps) {
  EXPECT_LT(3 * loss_after("optimizer = 'soap'\nsteps = 1000\nlearning_rate = 1e-2"),
            loss_after("optimizer = 'adam'\nsteps = 1000\nlearning_rate = 1e-2"));
}

TEST(Muon, GoesFurtherThanAdamInAsManySteps) {
  EXPECT_LT(1.5 * loss_after("optimizer = 'muon'\nsteps = 1000\nlearning_rate = 2e-2"),
            loss_after("optimizer = 'adam'\nsteps = 1000\nlearning_rate = 1e-2"));
}

class EachOptimizer : public ::testing::TestWithParam<Method> {
 protected:
  std::string name() const { return std::string(name_of(GetParam())); }
};

TEST_P(EachOptimizer, SolvesTheHeatRodOverItsEnvelope) {
  const bool first_order = Stage::of(GetParam()).resample == 1;
  const RunFile run = RunFile::parse(
      "physics = 'heat_rod'\n[network]\nwidth = 12\ndepth = 2\n[terms.interior]\npoints = 128\n"
      "[[stage]]\noptimizer = 'adam'\nsteps = 100\nlearning_rate = 1e-2\n[[stage]]\noptimizer = '" +
          name() + "'\n" + (first_order ? "steps = 800\nlearning_rate = 1e-2\n" : "steps = 100\nresample = 50\n"),
      "run");
  EXPECT_LT(trained(run).loss, 2e-4);
}

TEST_P(EachOptimizer, EndsInTheSameBitsAfterAStop) {
  const std::string precision = GetParam() == Method::ssbroyden || GetParam() == Method::levenberg_marquardt
                                    ? ""
                                    : std::string("precision = 'float64'\n");
  for (const std::string& setting : {std::string(), precision}) {
    const RunFile run = RunFile::parse(
        "physics = 'burgers'\nseed = 3\n[network]\nwidth = 6\ndepth = 3\n[terms.interior]\npoints = 64\n"
        "[[stage]]\nsteps = 40\nresample = 7\nadaptive = 2\noptimizer = '" +
            name() + "'\n" + setting,
        "run");
    const TrainResult whole = trained(run);
    for (const int stop : {1, 2, 3, 6, 7, 8, 25, 39}) {
      SCOPED_TRACE(stop);
      const TemporaryFolder folder;
      trained(run, folder.path(), false, stop);
      const TrainResult rest = trained(run, folder.path(), true);
      EXPECT_EQ(rest.steps, 40);
      EXPECT_EQ(rest.weights, whole.weights);
      EXPECT_EQ(rest.loss, whole.loss);
    }
  }
}

TEST_P(EachOptimizer, RefusesTheSettingsOfOthers) {
  const bool first_order = Stage::of(GetParam()).resample == 1, history = GetParam() == Method::lbfgs;
  const bool precision = GetParam() != Method::ssbroyden && GetParam() != Method::levenberg_marquardt;
  for (const auto& [line, known] : {std::pair{"learning_rate = 1e-3", first_order},
                                    {"final_learning_rate = 1e-3", first_order},
                                    {"history = 5", history},
                                    {"precision = 'float32'", precision}}) {
    SCOPED_TRACE(line);
    const std::string text = "physics = 'heat_rod'\n[[stage]]\noptimizer = '" + name() + "'\n" + line;
    if (known)
      EXPECT_NO_THROW(RunFile::parse(text, "run"));
    else
      EXPECT_THAT(thrown_by([&] { RunFile::parse(text, "run"); }), HasSubstr("run:4: unknown key '"));
  }
}

INSTANTIATE_TEST_SUITE_P(, EachOptimizer, ::testing::ValuesIn(kMethods),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST(QuasiNewton, SaysWhyItStops) {
  for (const char* name : {"lbfgs", "ssbroyden"}) {
    const RunFile run = RunFile::parse(
        "physics = 'heat_rod'\n[network]\nwidth = 1\ndepth = 1\n[envelope]\ndiffusivity = 0.1\n"
        "[terms.interior]\npoints = 8\n[[stage]]\nsteps = 20000\nresample = 100000\noptimizer = '" +
            std::string(name) + "'\n",
        "run");
    const TrainResult result = trained(run);
    EXPECT_EQ(result.stop_reason, "the line search finds no lower loss") << name << " loss " << result.loss;
    EXPECT_TRUE(result.finished);
  }
}

/// A small loss, and weights with a gradient to go with it.
struct SmallLoss : ::testing::Test {
  RunFile run =
      RunFile::parse("physics = 'burgers'\n[network]\nwidth = 4\ndepth = 1\n[terms.interior]\npoints = 20\n", "run");
  Problem problem{run};
  Objective objective{run, problem, false};
  at::Tensor weights;

  SmallLoss() {
    const auto initial = initial_weights(problem.shape(), 1);
    weights = ops::rows_tensor(initial, std::int64_t(initial.size()), at::kDouble).squeeze(0);
    objective.draw(0, Stage{}, weights);
    objective.set_precision(at::kDouble);
    weights.requires_grad_(true);
    weights.mutable_grad() = at::zeros_like(weights);
  }
  /// Why the optimizer stops, which leaves the weights as they are.
  std::string reason_of(Optimizer& optimizer) {
    const at::Tensor before = weights.detach().clone();
    const Advance advance = optimizer.step(objective, weights, 0);
    EXPECT_TRUE(at::equal(weights.detach(), before)) << advance.stop;
    return advance.stop;
  }
};

/// Goes uphill, whatever the gradient.
class Uphill : public QuasiNewton {
 public:
  void save(OutputArchive&) override {}
  void load(InputArchive&) override {}

 protected:
  at::Tensor precondition(const at::Tensor& gradient) override { return -gradient; }
  void learn(const Step&) override {}
  bool knows() const override { return false; }
  void forget() override {}
};

TEST_F(SmallLoss, IsNotDescendedByADirectionUphill) {
  Uphill uphill;
  EXPECT_THAT(reason_of(uphill), HasSubstr("not a descent direction"));
}

/// Stays where it is, but promises decreases of the loss, one after the other; a system without one is singular.
class Promising : public DampedSystem {
 public:
  explicit Promising(std::vector<std::optional<double>> promises) : promises_(std::move(promises)) {}
  double linearise(Objective& objective, const at::Tensor& weights, double) override {
    weights_ = weights;
    return objective.loss(weights.const_data_ptr<double>());
  }
  double least_damping() const override { return 1e-10; }
  std::optional<Move> solve(double) override {
    const auto promised = promises_[std::min(solved_++, promises_.size() - 1)];
    if (!promised) return {};
    return Move{at::zeros_like(weights_), *promised};
  }
  at::Tensor solve_again(const at::Tensor& right) override { return at::zeros_like(right); }
  int corrections() const override { return 0; }
  void save(OutputArchive&) const override {}
  void load(InputArchive&) override {}

 private:
  std::vector<std::optional<double>> promises_;
  std::size_t solved_ = 0;
  at::Tensor weights_;
};

TEST_F(SmallLoss, MakesLevenbergMarquardtSayWhyItStops) {
  const auto reason = [&](const std::vector<std::optional<double>>& promises) {
    LevenbergMarquardt optimizer(std::make_unique<Promising>(promises));
    return reason_of(optimizer);
  };
  EXPECT_EQ(reason({std::nullopt}), "no damping tried gives a system that can be solved");
  EXPECT_EQ(reason({1.}), "no damping tried lowers the loss");
  EXPECT_EQ(reason({1., 0.}), "no damping tried lowers the loss");
  EXPECT_EQ(reason({0.}), "the predicted decrease is below the rounding of the loss");
  EXPECT_EQ(reason({std::nullopt, 0.}), "the predicted decrease is below the rounding of the loss");
}

TEST(LevenbergMarquardt, SaysWhyItStops) {
  const RunFile run = RunFile::parse(
      "physics = 'heat_rod'\n[network]\nwidth = 2\ndepth = 1\n[envelope]\ndiffusivity = 0.1\n"
      "[terms.interior]\npoints = 8\n[[stage]]\nsteps = 300\nresample = 100000\nadaptive = 0\n"
      "optimizer = 'levenberg_marquardt'\nsolver = 'dense'\n",
      "run");
  EXPECT_THAT(trained(run).stop_reason, ::testing::AnyOf("no damping tried lowers the loss",
                                                         "the predicted decrease is below the rounding of the loss"));
}

// The self-scaled Broyden family.

at::Tensor random_matrix(std::int64_t rows, std::int64_t columns, std::uint64_t seed,
                         at::ScalarType type = at::kDouble) {
  const auto values = uniform_points(int(rows), columns, seed);
  return at::tensor(values, at::kDouble).view({rows, columns}).sub(0.5).to(type);
}
/// Symmetric, with eigenvalues from 1 to `condition`.
at::Tensor positive_definite(std::int64_t n, double condition, std::uint64_t seed) {
  const at::Tensor q = std::get<0>(at::linalg_qr(random_matrix(n, n, seed)));
  const at::Tensor values = at::logspace(0, std::log10(condition), n, 10, at::kDouble);
  return at::mm(q * values, q.t());
}
double relative(const at::Tensor& a, const at::Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); }

TEST(BroydenUpdate, IsThatOfBfgsWithoutScaling) {
  const std::int64_t n = 9;
  const at::Tensor before = positive_definite(n, 100, 1), eye = at::eye(n, at::kDouble);
  const at::Tensor s = random_matrix(1, n, 2).squeeze(0), y = at::mv(positive_definite(n, 10, 3), s);
  const at::Tensor ys = at::dot(y, s);
  const at::Tensor left = eye - at::outer(s, y) / ys;
  at::Tensor updated = before.clone();
  broyden_update(s, y, at::mv(before, y), {.tau = 1, .phi = 1}).apply_to(updated);
  EXPECT_LT(relative(updated, at::mm(at::mm(left, before), left.t()) + at::outer(s, s) / ys), 1e-14);
}

TEST(BroydenUpdate, SatisfiesTheSecantEquationAndStaysPositiveDefinite) {
  const std::int64_t n = 9;
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    const at::Tensor before = positive_definite(n, 1000, seed);
    const at::Tensor s = random_matrix(1, n, seed + 1000).squeeze(0) * std::pow(10, double(seed % 7) - 3);
    const at::Tensor y = at::mv(positive_definite(n, 1000, seed + 2000), s);
    const double ys = at::dot(y, s).item<double>();
    const at::Tensor hy = at::mv(before, y);
    const double h = at::dot(y, hy).item<double>() / ys;
    const double b = at::dot(s, at::linalg_solve(before, s)).item<double>() / ys;
    for (const SelfScaling scaling : {SelfScaling::of(b, h, n), SelfScaling::first(b, h)}) {
      at::Tensor updated = before.clone();
      broyden_update(s, y, hy, scaling).apply_to(updated);
      EXPECT_LT(relative(at::mv(updated, y), s), 1e-8);  // conditions of both matrices times rounding
      EXPECT_GT(std::get<0>(at::linalg_eigh(updated)).min().item<double>(), 0) << seed;
    }
  }
}

TEST(SelfScalingOf, IsFiniteWhereStepAndPreconditionedChangeAreParallel) {
  for (const double b : {1e-8, 0.1, 1., 10., 1e8}) {
    const SelfScaling scaling = SelfScaling::of(b, 1 / b, 100);
    EXPECT_GT(scaling.tau, 0) << b;
    EXPECT_TRUE(std::isfinite(scaling.tau) && std::isfinite(scaling.phi)) << b;
    EXPECT_LE(scaling.tau, 1 + 1e-12) << b;  // an inverse Hessian is never made smaller
  }
}

/// Minimises by the updates and a line search. Returns the steps taken to a gradient of `small`.
template <class Evaluate, class Search>
int minimise(at::Tensor& x, Evaluate&& gradient_of, Search&& search, double small, int most) {
  at::Tensor hessian = at::eye(x.numel(), at::kDouble), g = gradient_of(x);
  for (int k = 0; k < most; ++k) {
    if (g.norm().item<double>() < small) return k;
    const at::Tensor direction = -at::mv(hessian, g);
    const double t = search(x, direction);
    const at::Tensor s = t * direction;
    x = x + s;
    const at::Tensor now = gradient_of(x), y = now - g, hy = at::mv(hessian, y);
    const double ys = at::dot(y, s).item<double>(), h = at::dot(y, hy).item<double>() / ys;
    const double b = -t * at::dot(s, g).item<double>() / ys;
    broyden_update(s, y, hy, k == 0 ? SelfScaling::first(b, h) : SelfScaling::of(b, h, x.numel())).apply_to(hessian);
    g = now;
  }
  return most;
}

TEST(BroydenUpdate, EndsOnAQuadraticAfterAsManyStepsAsItHasVariables) {
  const std::int64_t n = 8;
  const at::Tensor a = positive_definite(n, 50, 5);
  at::Tensor x = random_matrix(1, n, 6).squeeze(0);
  const auto gradient = [&](const at::Tensor& at) { return at::mv(a, at); };
  const auto exactly = [&](const at::Tensor& from, const at::Tensor& d) {
    return -(at::dot(d, gradient(from)) / at::dot(d, at::mv(a, d))).item<double>();
  };
  EXPECT_LE(minimise(x, gradient, exactly, 1e-7, 100), n);
}

double rosenbrock(const at::Tensor& x) {
  const at::Tensor a = x.slice(0, 0, -1), b = x.slice(0, 1);
  return (100 * (b - a * a).square() + (1 - a).square()).sum().item<double>();
}
at::Tensor rosenbrock_gradient(const at::Tensor& x) {
  const at::Tensor a = x.slice(0, 0, -1), b = x.slice(0, 1), gap = b - a * a;
  at::Tensor g = at::zeros_like(x);
  g.slice(0, 0, -1).add_(-400 * a * gap - 2 * (1 - a));
  g.slice(0, 1).add_(200 * gap);
  return g;
}

TEST(BroydenUpdate, FindsTheEndOfRosenbrocksValley) {
  at::Tensor x = at::tensor({-1.2, 1., -1.2, 1., -1.2, 1.}, at::kDouble);
  const auto search = [](const at::Tensor& from, const at::Tensor& d) {
    const auto evaluate = [&](double t) {
      const at::Tensor g = rosenbrock_gradient(from + t * d);
      return Trial{t, rosenbrock(from + t * d), at::dot(g, d).item<double>(), g};
    };
    const auto found = line_search(evaluate, evaluate(0), 1);
    return found ? found->step : 0.;
  };
  EXPECT_LT(minimise(x, rosenbrock_gradient, search, 1e-8, 300), 120);
  EXPECT_LT((x - 1).norm().item<double>(), 1e-8);
}

TEST(UpdatedMatrix, IsTheMatrixWithAllChanges) {
  const std::int64_t n = 7;
  UpdatedMatrix matrix(n);
  at::Tensor plain = at::eye(n, at::kDouble);
  const at::Tensor x = random_matrix(1, n, 1).squeeze(0), y = random_matrix(1, n, 2).squeeze(0);
  at::Tensor read_x = matrix.read(x);
  int voided = 0;
  for (std::uint64_t k = 0; k < 50; ++k) {
    const RankTwo change{0.9 + 0.01 * double(k % 5), random_matrix(2, n, 10 + k), random_matrix(2, n, 100 + k)};
    change.apply_to(plain);
    if (matrix.change(change)) {
      ++voided;
      read_x = matrix.read(x);
    }
    ASSERT_LT(relative(matrix.product(x, read_x), at::mv(plain, x)), 1e-13) << k;
    const at::Tensor read_y = matrix.read(y);
    ASSERT_LT(relative(matrix.product(x - y, read_x - read_y), at::mv(plain, x - y)), 1e-13) << k;
  }
  EXPECT_GE(voided, 2);
  EXPECT_LT(relative(matrix.whole(), plain), 1e-13);
}

// The line search.

struct Line {
  const char* name;
  std::function<double(double)> value, slope;
};
/// Functions that searches go wrong on, most of them after More & Thuente (1994): far minima, kinks, oscillations.
const Line kLines[] = {{"Parabola", [](double t) { return (t - 3) * (t - 3); }, [](double t) { return 2 * (t - 3); }},
                       {"FarMinimum", [](double t) { return -t / (t * t + 2); },
                        [](double t) { return (t * t - 2) / ((t * t + 2) * (t * t + 2)); }},
                       {"Quintic", [](double t) { return std::pow(t + 0.004, 5) - 2 * std::pow(t + 0.004, 4); },
                        [](double t) { return 5 * std::pow(t + 0.004, 4) - 8 * std::pow(t + 0.004, 3); }},
                       {"Waves", [](double t) { return -t + 0.2 * std::sin(20 * t) / 20 + 0.5 * t * t; },
                        [](double t) { return -1 + 0.2 * std::cos(20 * t) + t; }},
                       {"Wall", [](double t) { return t < 0.01 ? -std::log1p(-100 * t) - 200 * t : std::nan(""); },
                        [](double t) { return t < 0.01 ? 100 / (1 - 100 * t) - 200 : std::nan(""); }},
                       {"Overflow", [](double t) { return std::exp(700 * t) - 701 * t; },
                        [](double t) { return 700 * std::exp(700 * t) - 701; }}};

TEST(LineSearch, EndsInAStrongWolfePointFromAnyFirstStep) {
  for (const Line& line : kLines)
    for (const double first : {1e-6, 1e-3, 0.1, 1., 10., 1e3}) {
      SCOPED_TRACE(std::string(line.name) + " from " + std::to_string(first));
      int trials = 0;
      const auto evaluate = [&](double t) {
        ++trials;
        return Trial{t, line.value(t), line.slope(t), {}};
      };
      const Trial start = evaluate(0);
      const auto found = line_search(evaluate, start, first);
      ASSERT_TRUE(found);
      EXPECT_LE(found->loss, start.loss + 1e-4 * found->step * start.slope);
      EXPECT_LE(std::abs(found->slope), 0.9 * std::abs(start.slope));
      EXPECT_EQ(found->loss, line.value(found->step));
      EXPECT_LE(trials, 20);
    }
}

TEST(LineSearch, TakesAnyLowerLossWhereRoundingHidesTheRest) {
  // Single precision: steps of the loss are larger than the decrease that the slope promises.
  const auto evaluate = [](double t) {
    return Trial{t, double(float(1 - 1e-6 * t + 0.5e-6 * t * t)), -1e-4 + 1e-12 * t, {}};
  };
  const auto found = line_search(evaluate, evaluate(0), 1);
  ASSERT_TRUE(found);
  EXPECT_LT(found->loss, 1);
}

TEST(LineSearch, FindsNothingWhereNothingIsLower) {
  for (const double elsewhere : {1., 2., double(INFINITY), std::nan("")}) {
    int trials = 0;
    const auto evaluate = [&](double t) {
      ++trials;
      return Trial{t, t > 0 ? elsewhere : 1., -1, {}};
    };
    EXPECT_FALSE(line_search(evaluate, evaluate(0), 1)) << elsewhere;
    EXPECT_LE(trials, 40);
  }
}

// Matrices of the layers.

TEST(Blocks, GiveBackTheFlatVector) {
  for (const Activation activation : {Activation::tanh, Activation::tanh_slope}) {
    const MlpShape shape{.inputs = 3, .width = 5, .depth = 2, .outputs = 2, .activation = activation};
    const at::Tensor flat = at::arange(shape.parameters(), at::kDouble);
    const auto blocks = blocks_of(shape, flat);
    ASSERT_EQ(blocks.size(), std::size_t(3 + (shape.slopes() > 0)));
    EXPECT_EQ(blocks[0].sizes(), (at::IntArrayRef{5, 4}));
    EXPECT_EQ(blocks[0][1][3].item<double>(), 16);  // the bias of neuron 1, behind 5 x 3 weights
    EXPECT_TRUE(at::equal(flat_of(shape, blocks), flat));
  }
}

TEST(Eigenbasis, FollowsTheEigenvectorsAndStaysOrthonormal) {
  const std::int64_t n = 20;
  for (const auto& [type, rounding] : {std::pair{at::kFloat, 1e-5}, {at::kDouble, 1e-13}}) {
    const at::Tensor target = positive_definite(n, 1e6, 7).to(type), noise = random_matrix(n, n, 8, type);
    Eigenbasis basis(at::mm(noise, noise.t()));
    const at::Tensor eye = at::eye(n, target.options());
    for (int i = 0; i < 300; ++i) {
      basis.add(target, 0.1);
      basis.turn();
      ASSERT_LT((at::mm(basis.vectors().t(), basis.vectors()) - eye).norm().item<double>(), rounding);
    }
    const at::Tensor turned = at::mm(at::mm(basis.vectors().t(), target), basis.vectors());
    const at::Tensor values = turned.diagonal();
    EXPECT_LT(relative(at::diag(values), turned), 1e-5);
    EXPECT_TRUE((values.slice(0, 0, -1) >= values.slice(0, 1)).slice(0, 0, n / 2).all().item<bool>());
  }
}

TEST(Eigenbasis, SaysHowItsVectorsWereReordered) {
  const at::Tensor first = at::diag(at::tensor({4., 3., 2., 1.}, at::kDouble));
  Eigenbasis basis(first);
  basis.add(at::diag(at::tensor({0., 9., 0., 0.}, at::kDouble)), 0.5);  // now 2, 6, 1, 0.5
  EXPECT_TRUE(at::equal(basis.turn(), at::tensor({1, 0, 2, 3}, at::kLong)));
  EXPECT_NEAR(std::abs(basis.vectors()[1][0].item<double>()), 1, 1e-14);
}

TEST(NearlyOrthogonal, KeepsSingularVectorsAndLevelsSingularValues) {
  for (const auto& [rows, columns] : {std::pair{20, 20}, {12, 30}, {30, 12}}) {
    const at::Tensor matrix = 1e-3 * random_matrix(rows, columns, 9);
    const auto [u, s, vh] = at::linalg_svd(matrix, false);
    const at::Tensor result = at::mm(at::mm(u.t(), nearly_orthogonal(matrix)), vh.t());
    const at::Tensor values = result.diagonal(), large = s > 0.05 * s.max();
    EXPECT_LT((result - at::diag(values)).norm().item<double>(), 1e-10);
    EXPECT_GT(values.masked_select(large).min().item<double>(), 0.6);
    EXPECT_LT(values.max().item<double>(), 1.3);
  }
}

// The linearised loss.

/// By LAPACK, or by torch's algebra, which is what a GPU is given.
enum class Algebra { host, device };

class LinearisedLossOfBurgers : public ::testing::TestWithParam<Algebra> {
 protected:
  LinearisedLossOfBurgers() {
    const auto initial = initial_weights(problem_.shape(), 1);
    weights_ = ops::rows_tensor(initial, std::int64_t(initial.size()), at::kDouble).squeeze(0);
    objective_.draw(0, Stage{}, weights_);
    objective_.for_rows(w(), 100, [&](const at::Tensor& some) { rows_.push_back(some); });
    jacobian_ = at::cat(rows_);
  }
  const double* w() const { return weights_.const_data_ptr<double>(); }

  /// Against the solution of the stacked system [J; sqrt(damping) 1] d = [-r; 0].
  void expect_solved(double relative_damping, double tolerance) {
    const std::int64_t n = objective_.parameters();
    const at::Tensor j = jacobian_.slice(1, 0, n), r = jacobian_.slice(1, n);
    const double damping = relative_damping * j.square().sum(0).max().item<double>();
    const at::Tensor stacked = at::cat({j, std::sqrt(damping) * at::eye(n, at::kDouble)});
    const at::Tensor right = at::cat({-r, at::zeros({n, 1}, at::kDouble)});
    const at::Tensor expected = std::get<0>(at::linalg_lstsq(stacked, right, {}, "gelsd")).squeeze(1);
    const auto linearised = system();
    linearised->linearise(objective_, weights_, 1e300);  // to know the size of J
    EXPECT_NEAR(linearised->linearise(objective_, weights_, damping), r.square().sum().item<double>(), 1e-12);
    const auto move = linearised->solve(damping);
    ASSERT_TRUE(move);
    EXPECT_LT(relative(move->direction, expected), tolerance);
    const double left = (at::mv(j, expected) + r.squeeze(1)).square().sum().item<double>();
    EXPECT_NEAR(move->predicted, r.square().sum().item<double>() - left, 1e-9 * move->predicted);
    const at::Tensor again = linearised->solve_again(at::mv(j.t(), -r.squeeze(1)));
    EXPECT_LT(relative(again, expected), 30 * tolerance);
  }
  std::unique_ptr<LinearisedLoss> system() const {
    if (GetParam() == Algebra::host) return LinearisedLoss::on(at::kCPU, objective_.parameters());
    return std::make_unique<LinearisedLoss>(std::make_unique<DeviceCholesky>(),
                                            std::make_unique<DeviceHouseholder>(at::kCPU));
  }

  RunFile run_ = RunFile::parse(
      "physics = 'burgers'\n[network]\nwidth = 12\ndepth = 2\n[terms.interior]\npoints = 300\nweight = 3\n", "run");
  Problem problem_{run_};
  Objective objective_{run_, problem_, false};
  at::Tensor weights_, jacobian_;
  std::vector<at::Tensor> rows_;
};

TEST_P(LinearisedLossOfBurgers, IsSolvedByNormalEquationsWhereDampingIsLarge) {
  expect_solved(1e-3, 1e-11);
  expect_solved(1e-6, 1e-8);
}

TEST_P(LinearisedLossOfBurgers, IsSolvedByTheTriangularFactorWhereDampingIsTiny) {
  expect_solved(1e-15, 1e-7);
  expect_solved(1e-18, 1e-5);
}

TEST_P(LinearisedLossOfBurgers, PredictsWhatAShortStepDoes) {
  const auto linearised = system();
  const double loss = linearised->linearise(objective_, weights_, 1e300);
  const double damping = 1e6;
  const auto move = linearised->solve(damping);
  ASSERT_TRUE(move);
  const at::Tensor there = weights_ + move->direction;
  EXPECT_NEAR(loss - objective_.loss(there.const_data_ptr<double>()), move->predicted, 1e-3 * move->predicted);
}

TEST_P(LinearisedLossOfBurgers, RefusesAMatrixThatIsNotPositiveDefinite) {
  const auto linearised = system();
  linearised->linearise(objective_, weights_, 1e300);
  EXPECT_FALSE(linearised->solve(-1e6));
}

INSTANTIATE_TEST_SUITE_P(By, LinearisedLossOfBurgers, testing::Values(Algebra::host, Algebra::device),
                         [](const auto& given) -> std::string {
                           return given.param == Algebra::host ? "Lapack" : "DeviceAlgebra";
                         });

}  // namespace
}  // namespace residua
