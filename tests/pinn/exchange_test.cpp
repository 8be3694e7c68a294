// What several processes, here threads of one, find of an objective at fixed weights, and how much they exchange for
// it.
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "pinn/objective.hpp"
#include "pinn/optimizers/levenberg_marquardt.hpp"
#include "pinn/optimizers/linearised.hpp"
#include "pinn/optimizers/matrix_free.hpp"
#include "tests/pinn/team.hpp"

namespace residua {
namespace {

/// Sums in another order.
constexpr double kRounding = 100 * std::numeric_limits<double>::epsilon();

const std::string kNetwork = "physics = 'leach_column'\n[network]\nwidth = 7\ndepth = 2\n";

at::Tensor weights_of(const Problem& problem, std::uint64_t seed) {
  const auto initial = initial_weights(problem.shape(), seed);
  return ops::rows_tensor(initial, std::int64_t(initial.size()), at::kDouble).squeeze(0).clone();
}

/// By name: what is the same in all processes, and vectors over rows, which are zero but for those of the process.
struct Found {
  std::map<std::string, at::Tensor> sums, rows;
};

struct Case {
  std::string name, more;
  bool seam = false;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

/// Terms whose points are no multiple of the number of processes, one of them with two equations.
class Examined {
 public:
  Examined(const Case& c, Processes* processes)
      : run_(run_file(c)),
        problem_(run_),
        objective_(run_, problem_, false, seam(c), processes),
        weights_(weights_of(problem_, 5)) {
    objective_.draw(0, Stage{}, weights_);
    std::vector<std::vector<double>> each;
    for (const LossTerm& term : objective_.terms()) each.push_back(uniform_points(1, term.samples.n, 8));
    objective_.set_point_weights(each);
    objective_.set_factors(std::vector<double>(each.size(), 0.5));
    own_ = own_rows(processes ? processes->rank() : 0, processes ? processes->size() : 1);
  }

  Found found() {
    Found found;
    add_sums(found.sums);
    add_jacobian(found.sums);
    add_rows(found);
    for (const LossTerm& term : objective_.terms()) {
      found.sums["squares of " + term.name] = at::tensor(objective_.squares(term, w()), at::kDouble);
      found.sums["gradient of " + term.name] = objective_.gradient(term, w());
      found.sums["|J|^2 of " + term.name] = scalar(objective_.jacobian_square(term, w()));
    }
    return found;
  }

 private:
  static RunFile run_file(const Case& c) {
    RunFile run = RunFile::parse(
        kNetwork + c.more + "[terms.interior]\npoints = 101\n[terms.inlet]\npoints = 13\nweight = 3\n", "run");
    run.march.seam.points = 29;
    // At time 0 all networks answer alike: the start is built in.
    if (c.seam) run.envelope["time"] = {1, 8};
    return run;
  }
  std::optional<Seam> seam(const Case& c) const {
    if (!c.seam) return {};
    return Seam{&problem_, initial_weights(problem_.shape(), 6)};
  }
  const double* w() const { return weights_.const_data_ptr<double>(); }
  static at::Tensor scalar(double value) { return at::scalar_tensor(value, at::kDouble); }

  /// Places of the rows of a process among those of all.
  at::Tensor own_rows(int rank, int size) {
    std::vector<at::Tensor> own;
    for (const LossTerm& term : objective_.terms()) {
      const Share share = share_of(term.samples.n, rank, size);
      const at::Tensor of_term = count_ + at::arange(term.rows(), at::kLong);
      own.push_back(of_term.view({term.equations(), -1}).narrow(1, share.first, share.count).flatten());
      count_ += term.rows();
    }
    return at::cat(own);
  }
  at::Tensor among_all(const at::Tensor& rows) const {
    return at::zeros({count_}, at::kDouble).index_copy(0, own_, rows);
  }

  void add_sums(std::map<std::string, at::Tensor>& sums) {
    sums["loss"] = scalar(objective_.loss(w()));
    sums["loss of the residuals"] = scalar(objective_.square(objective_.residuals(w())));
    at::Tensor differentiated = weights_.clone().requires_grad_(true);
    differentiated.mutable_grad() = at::zeros_like(weights_);
    sums["loss differentiated"] = scalar(objective_.differentiate(differentiated));
    sums["gradient"] = differentiated.grad();
    sums["normal equations"] = objective_.linearise(w()).triu();
  }

  /// By blocks of which each process has a few points.
  void add_jacobian(std::map<std::string, at::Tensor>& sums) {
    constexpr std::int64_t kBlock = 30;
    const std::int64_t columns = objective_.parameters() + 1;
    at::Tensor own = at::zeros({columns, columns}, at::kDouble), all = at::zeros_like(own);
    sums["loss of the rows"] =
        scalar(objective_.for_rows(w(), kBlock, [&](const at::Tensor& rows) { own.addmm_(rows.t(), rows); }));
    objective_.sum_over_processes(own);
    sums["Gram matrix of the rows"] = own;
    sums["loss of all rows"] = scalar(objective_.for_all_rows(w(), kBlock, [&](const at::Tensor& rows) {
      EXPECT_LE(rows.size(0), kBlock);
      all.addmm_(rows.t(), rows);
    }));
    sums["Gram matrix of all rows"] = all;
  }

  void add_rows(Found& found) {
    ASSERT_EQ(objective_.rows(), own_.numel());
    found.rows["r"] = among_all(objective_.residuals(w()));
    const at::Tensor direction = at::linspace(-1, 1, objective_.parameters(), at::kDouble);
    found.rows["J v"] = among_all(objective_.jacobian_product(w(), direction));
    const at::Tensor some = at::sin(at::arange(count_, at::kDouble));
    found.sums["J^T rows"] = objective_.transposed_product(w(), some.index_select(0, own_));
  }

  RunFile run_;
  Problem problem_;
  Objective objective_;
  at::Tensor weights_, own_;
  std::int64_t count_ = 0;  ///< rows of all processes
};

void expect_close(const at::Tensor& found, const at::Tensor& expected) {
  EXPECT_GT(expected.norm().item<double>(), 0);
  EXPECT_LT((found - expected).norm().item<double>(), kRounding * expected.norm().item<double>());
}

class Exchange : public ::testing::TestWithParam<Case> {};

TEST_P(Exchange, GivesWhatOneProcessFindsButForRounding) {
  const Found alone = Examined(GetParam(), nullptr).found();
  for (const int size : {2, 4}) {
    const auto together = in_team(size, [](Processes& processes) { return Examined(GetParam(), &processes).found(); });
    for (const auto& [name, expected] : alone.sums) {
      SCOPED_TRACE(name + ", " + std::to_string(size) + " processes");
      expect_close(together[0].sums.at(name), expected);
      for (const Found& other : together) EXPECT_TRUE(at::equal(other.sums.at(name), together[0].sums.at(name)));
    }
    for (const auto& [name, expected] : alone.rows) {
      SCOPED_TRACE(name + ", " + std::to_string(size) + " processes");
      at::Tensor rows = at::zeros_like(expected);
      for (const Found& one : together) rows += one.rows.at(name);
      expect_close(rows, expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Exchange,
                         ::testing::Values(Case{"Perceptron", ""},
                                           Case{"Branch", "[network.branch]\nwidth = 5\ndepth = 2\ncases = 9\n"},
                                           Case{"Seam", "", true}),
                         [](const auto& test) { return test.param.name; });

/// One process, which notes how many values are in each exchange.
class Counting : public Processes {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sum(std::span<double> values) override {
    sizes.insert(values.size());
    total += values.size();
  }

  std::set<std::size_t> sizes;
  std::size_t total = 0;
};

/// An objective on so many points of the interior, and what it exchanges from now on.
struct Counted {
  explicit Counted(int points)
      : run(RunFile::parse(kNetwork + "[terms.interior]\npoints = " + std::to_string(points) + "\n", "run")),
        weights(weights_of(problem, 5)) {
    objective.draw(0, Stage{}, weights);
  }
  const double* w() const { return weights.const_data_ptr<double>(); }

  RunFile run;
  Problem problem{run};
  Counting counting;
  Objective objective{run, problem, false, {}, &counting};
  at::Tensor weights;
};

std::size_t values_of_all_evaluations(int points) {
  Counted at(points);
  at.objective.loss(at.w());
  at.objective.linearise(at.w());
  const at::Tensor residuals = at.objective.residuals(at.w());
  at.objective.square(residuals);
  at.objective.transposed_product(at.w(), residuals);
  at.objective.jacobian_product(at.w(), at.weights);
  at.objective.for_rows(at.w(), 64, [](const at::Tensor&) {});
  for (const LossTerm& term : at.objective.terms()) {
    at.objective.gradient(term, at.w());
    at.objective.jacobian_square(term, at.w());
  }
  at::Tensor differentiated = at.weights.clone().requires_grad_(true);
  differentiated.mutable_grad() = at::zeros_like(at.weights);
  at.objective.differentiate(differentiated);
  return at.counting.total;
}

TEST(Exchanged, IsAsMuchForAnyNumberOfPoints) {
  EXPECT_EQ(values_of_all_evaluations(2000), values_of_all_evaluations(100));
}

/// Sizes of all exchanges in some steps.
std::set<std::size_t> exchanged_by(std::unique_ptr<DampedSystem> (*system)(std::int64_t parameters), int points) {
  Counted at(points);
  LevenbergMarquardt optimizer(system(at.objective.parameters()));
  for (int step = 0; step < 3; ++step) optimizer.step(at.objective, at.weights, 0);
  return at.counting.sizes;
}

TEST(Exchanged, IsAsMuchForAnyNumberOfPointsInStepsByNormalEquations) {
  const auto system = [](std::int64_t parameters) -> std::unique_ptr<DampedSystem> {
    return LinearisedLoss::on(at::kCPU, parameters);
  };
  EXPECT_EQ(exchanged_by(system, 2000), exchanged_by(system, 100));
}

TEST(Exchanged, IsAsMuchForAnyNumberOfPointsInMatrixFreeSteps) {
  const auto system = [](std::int64_t parameters) -> std::unique_ptr<DampedSystem> {
    return std::make_unique<MatrixFreeLoss>(parameters);
  };
  EXPECT_EQ(exchanged_by(system, 2000), exchanged_by(system, 100));
}

}  // namespace
}  // namespace residua
