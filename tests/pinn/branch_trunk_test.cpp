#include "pinn/branch_trunk.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "pinn/objective.hpp"
#include "pinn/sampling/cases.hpp"

namespace residua {
namespace {

const char* const kRun =
    "physics = 'kiln_wall'\n[network]\nwidth = 6\ndepth = 2\n[network.branch]\nwidth = 5\ndepth = 2\ncases = 3\n"
    "[terms.interior]\npoints = 14\n";

/// A small problem with random weights, and points of its interior in three cases.
struct Fixture {
  Problem problem{RunFile::parse(kRun, "run")};
  BranchTrunk network{problem};
  TermId term = find_term("kiln_wall", "interior");
  std::vector<double> weights = initial_weights(problem.shape(), 3);
  Samples samples = [this] {
    const int dims = problem.sample_dims(0);
    std::vector<double> unit = uniform_points(dims, 14, 5);
    share_cases(unit, 14, dims - int(problem.design().size()), 3);
    return problem.sample(0, unit, 14);
  }();
  std::size_t parameters = std::size_t(problem.parameters());

  std::vector<double> rows(const std::vector<double>& at) const {
    std::vector<double> r(14);
    network.evaluate(term, samples, at.data(), r.data());
    return r;
  }
  std::vector<double> jacobian() const {
    std::vector<double> j(14 * parameters), r(14);
    network.jacobian(term, samples, weights.data(), j.data(), r.data());
    return j;
  }
};

/// A perceptron of tanh, plainly.
std::vector<double> perceptron(const MlpShape& shape, const double* w, std::vector<double> a) {
  for (int l = 0; l < shape.layers(); ++l) {
    std::vector<double> z;
    const double *weights = w + shape.offset(l), *bias = weights + shape.fan_in(l) * shape.fan_out(l);
    for (int o = 0; o < shape.fan_out(l); ++o) {
      double sum = bias[o];
      for (int i = 0; i < shape.fan_in(l); ++i) sum += weights[o * shape.fan_in(l) + i] * a[std::size_t(i)];
      z.push_back(l < shape.depth ? std::tanh(sum) : sum);
    }
    a = z;
  }
  return a;
}

TEST(BranchTrunk, IsForEachCaseThePerceptronThatTheBranchCompletes) {
  const Fixture f;
  const NetworkShape& shape = f.problem.shape();
  ASSERT_TRUE(shape.branch);
  EXPECT_EQ(shape.branch->inputs, 5);
  EXPECT_EQ(shape.branch->outputs, 7);
  const std::vector<double> found = f.rows(f.weights);
  const std::vector<int> none(f.problem.params().size(), -1);
  for (std::size_t i = 0; i < 14; ++i) {
    std::vector<double> params = f.problem.params(), seen, at = {f.samples.coords[i], f.samples.coords[14 + i]};
    for (std::size_t d = 0; d < 5; ++d) {
      const double value = f.samples.design[d * 14 + i];
      params[std::size_t(f.problem.design()[d])] = value;
      const std::size_t input = std::size_t(shape.trunk.inputs) + d;
      seen.push_back((value - f.problem.center()[input]) * f.problem.scale()[input]);
    }
    std::vector<double> own(f.weights.begin(), f.weights.begin() + shape.shared());
    const auto last = perceptron(*shape.branch, &f.weights[std::size_t(shape.shared())], seen);
    own.insert(own.end(), last.begin(), last.end());
    double expected = 0;
    evaluate<double>(f.term, {shape.trunk, own.data(), f.problem.center().data(), f.problem.scale().data()},
                     {1, at.data(), nullptr, params.data(), none.data(), 0}, &expected);
    EXPECT_NEAR(found[i], expected, 1e-12 * (1 + std::abs(expected)));
  }
}

TEST(BranchTrunk, JacobianIsThatOfDifferences) {
  const Fixture f;
  const auto j = f.jacobian();
  for (std::size_t k = 0; k < f.parameters; k += 7) {
    auto shifted = f.weights;
    const double h = 1e-6;
    shifted[k] += h;
    const auto up = f.rows(shifted);
    shifted[k] -= 2 * h;
    const auto down = f.rows(shifted);
    for (std::size_t i = 0; i < 14; ++i)
      EXPECT_NEAR(j[i * f.parameters + k], (up[i] - down[i]) / (2 * h), 1e-7 * (1 + std::abs(up[i]))) << k;
  }
}

TEST(BranchTrunk, ProductsAndSumsAreThoseOfTheJacobian) {
  const Fixture f;
  const auto n = std::int64_t(f.parameters);
  auto j_rows = f.jacobian();
  const at::Tensor j = at::from_blob(j_rows.data(), {14, n}, at::kDouble);
  auto residual = f.rows(f.weights);
  std::vector<double> weight(14), target(14);
  for (std::size_t i = 0; i < 14; ++i) {
    weight[i] = 0.5 + 0.1 * double(i);
    target[i] = std::sin(double(i));
  }
  const at::Tensor r = at::tensor(residual, at::kDouble), w = at::tensor(weight, at::kDouble),
                   off = r - at::tensor(target, at::kDouble);
  const double scale = 0.3;
  const FusedWeights<double> by{&scale, weight.data(), target.data()};

  const at::Tensor v = at::linspace(-1, 1, n, at::kDouble), u = at::linspace(2, -1, 14, at::kDouble);
  at::Tensor jv = at::empty({14}, at::kDouble), jtu = at::empty({n}, at::kDouble);
  f.network.jacobian_product(f.term, f.samples, f.weights.data(), v.const_data_ptr<double>(), jv.data_ptr<double>());
  f.network.transposed_product(f.term, f.samples, f.weights.data(), u.const_data_ptr<double>(), jtu.data_ptr<double>());
  EXPECT_TRUE(at::allclose(jv, at::mv(j, v), 1e-11, 1e-12));
  EXPECT_TRUE(at::allclose(jtu, at::mv(j.t(), u), 1e-11, 1e-12));

  double loss = 0;
  at::Tensor gradient = at::empty({n}, at::kDouble);
  f.network.differentiate(f.term, f.samples, f.weights.data(), by, &loss, gradient.data_ptr<double>());
  EXPECT_NEAR(loss, (w * off * off).sum().item<double>(), 1e-12 * loss);
  EXPECT_TRUE(at::allclose(gradient, at::mv(j.t(), 2 * scale * w * off), 1e-11, 1e-12));

  NormalEquations sums(n);
  f.network.add_to(sums, f.term, f.samples, f.weights.data(), by);
  const at::Tensor matrix = at::mm(j.t(), (scale * w).unsqueeze(1) * j);
  for (std::int64_t a = 0; a < n; a += 5)
    for (std::int64_t b = a; b < n; b += 3)
      EXPECT_NEAR(sums.matrix()[a * sums.stride() + b], matrix[a][b].item<double>(),
                  1e-12 * matrix.abs().max().item<double>());
  EXPECT_NEAR(sums.loss(), scale * loss, 1e-12 * loss);
}

TEST(Branch, PushesForwardPullsBackAndTellsRowsApart) {
  const MlpShape shape{3, 5, 2, 4, Activation::tanh};
  const at::Tensor inputs = at::linspace(-1, 1, 6, at::kDouble).view({2, 3});
  const auto initial = initial_weights(shape, 1);
  const at::Tensor weights = at::tensor(initial, at::kDouble), v = at::linspace(1, -1, weights.numel(), at::kDouble);
  const Branch branch(shape, weights, inputs);
  const double h = 1e-6;
  const at::Tensor slope =
      (Branch(shape, weights + h * v, inputs).answers() - Branch(shape, weights - h * v, inputs).answers()) / (2 * h);
  EXPECT_TRUE(at::allclose(branch.push_forward(v), slope, 1e-7, 1e-8));
  const at::Tensor bars = at::linspace(0.3, 2, 8, at::kDouble).view({2, 4});
  EXPECT_NEAR((branch.push_forward(v) * bars).sum().item<double>(), branch.pull_back(bars).dot(v).item<double>(),
              1e-12);
  const at::Tensor rows =
      branch.pull_back_rows(0, bars.narrow(0, 0, 1)) + branch.pull_back_rows(1, bars.narrow(0, 1, 1));
  EXPECT_TRUE(at::allclose(rows.squeeze(0), branch.pull_back(bars), 1e-12, 1e-14));
}

TEST(Cases, ShareTheDesignInputsOfARun) {
  std::vector<double> unit = {0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16};
  share_cases(unit, 7, 1, 3);
  const std::vector<double> expected = {0, 1, 2, 3, 4, 5, 6, 10, 10, 11, 11, 12, 12, 12};
  EXPECT_EQ(unit, expected);
}

}  // namespace
}  // namespace residua
