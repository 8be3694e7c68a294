#include "pinn/ops.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <numbers>

#include "kernels/parallel.hpp"
#include "kernels/residual.hpp"
#include "pinn/run_file.hpp"

namespace residua {
namespace {

using at::Tensor;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Text = c10::string_view;

constexpr at::ScalarType kPrecisions[] = {at::kFloat, at::kDouble};

Tensor uniform(at::IntArrayRef shape, double lower, double upper, std::uint64_t seed) {
  return at::rand(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::kDouble) * (upper - lower) + lower;
}

Tensor residual(const std::string& physics, const std::string& term, const Tensor& coords, const Tensor& params,
                const Tensor& jet) {
  ops::ensure_registered();
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("residua::residual", "")
                             .typed<Tensor(Text, Text, const Tensor&, const Tensor&, const Tensor&)>();
  return op.call(physics, term, coords, params, jet);
}

Tensor gradient(const Tensor& of, const Tensor& in, bool create_graph = false) {
  return torch::autograd::grad({of.sum()}, {in}, {}, create_graph, create_graph)[0];
}

double relative_difference(const Tensor& a, const Tensor& b) {
  return ((a - b).to(at::kDouble).norm() / b.to(at::kDouble).norm()).item<double>();
}

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  ADD_FAILURE() << "no c10::Error was thrown";
  return {};
}

// ---- the residual alone

/// A residual as an equation of whole rows; `u(f, a, b)` is field f differentiated along a and b.
struct Composed {
  std::string physics;
  Tensor coords, params, jet;  // float64
  std::function<Tensor(const Tensor& p, const std::function<Tensor(int, int, int)>& u)> equation;

  Tensor rows(const Tensor& leaf) const {
    const auto order = jet_rows(find_term(physics, "interior"));
    const auto u = [&](int field, int a, int b) {
      for (std::size_t r = 0; r < order.size(); ++r)
        if (order[r].field == field && order[r].coords == std::array{a, b, -1, -1}) return leaf[std::int64_t(r)];
      throw std::logic_error("the kernel does not read this derivative");
    };
    return equation(params.to(leaf.scalar_type()), u);
  }
};

/// Both physics at n points, parameters of each point its own or (shared) the same.
std::vector<Composed> composed_residuals(std::int64_t n, bool shared) {
  const std::int64_t columns = shared ? 1 : n;
  const auto params = [&](std::initializer_list<std::pair<double, double>> ranges) {
    std::vector<Tensor> rows;
    std::uint64_t seed = 10;
    for (const auto& [lower, upper] : ranges) rows.push_back(uniform({columns}, lower, upper, seed++));
    return at::stack(rows);
  };
  const auto jet = [&](const char* physics) {
    return uniform({std::int64_t(jet_rows(find_term(physics, "interior")).size()), n}, -1, 1, 3);
  };
  return {{"heat_rod", uniform({2, n}, 0, 1, 1), params({{0.05, 0.2}}), jet("heat_rod"),
           [](const Tensor& p, const auto& u) { return at::stack({u(0, 0, -1) - p[0] * u(0, 1, 1)}); }},
          {"leach_column", uniform({2, n}, 0, 1, 1), params({{20, 120}, {1, 4}, {0.5, 0.95}, {0.2, 5}, {0, 1}}),
           jet("leach_column"), [](const Tensor& p, const auto& u) {
             const Tensor Pe = p[0], R = p[1], beta = p[2], omega = p[3], Da = p[4], c = u(0, -1, -1), m = u(1, -1, -1);
             const Tensor mobile = beta * R * u(0, 0, -1) + u(0, 1, -1) - u(0, 1, 1) / Pe + omega * (c - m) + Da * c;
             const Tensor immobile = (1 - beta) * R * u(1, 0, -1) - omega * (c - m) + Da * m;
             return at::stack({mobile / (1 + omega), immobile / ((1 - beta) * R + omega)});
           }}};
}

TEST(ResidualOperator, EqualsTheEquationComposedFromTensorOperations) {
  for (const std::int64_t n : {1, 37})
    for (const bool shared : {false, true})
      for (const Composed& c : composed_residuals(n, shared))
        for (const auto type : kPrecisions) {
          SCOPED_TRACE(c.physics + (type == at::kFloat ? " float32" : " float64"));
          const double eps = type == at::kFloat ? 6e-8 : 1.2e-16;
          const Tensor jet = c.jet.to(type).detach().requires_grad_(true),
                       own = c.jet.to(type).detach().requires_grad_(true);
          const Tensor rows = residual(c.physics, "interior", c.coords.to(type), c.params.to(type), jet),
                       expected = c.rows(own);
          ASSERT_EQ(rows.sizes(), expected.sizes());
          EXPECT_EQ(rows.scalar_type(), type);
          EXPECT_LT(relative_difference(rows, expected), 10 * eps);

          const Tensor bar = uniform(rows.sizes(), -1, 1, 7).to(type);
          EXPECT_LT(relative_difference(gradient(rows * bar, jet), gradient(expected * bar, own)), 10 * eps);
        }
}

TEST(ResidualOperator, HasTheGradientOfCentralDifferences) {
  // Both are linear in the jet, so that the difference is exact but for rounding.
  for (const Composed& c : composed_residuals(5, false)) {
    SCOPED_TRACE(c.physics);
    const Tensor jet = c.jet.detach().requires_grad_(true);
    const auto f = [&](const Tensor& at_jet) { return residual(c.physics, "interior", c.coords, c.params, at_jet); };
    const Tensor bar = uniform(f(c.jet).sizes(), -1, 1, 7), slope = gradient(f(jet) * bar, jet);
    for (std::int64_t r = 0; r < c.jet.size(0); ++r)
      for (std::int64_t i = 0; i < 5; ++i) {
        Tensor up = c.jet.clone(), down = c.jet.clone();
        up[r][i] += 0.5;
        down[r][i] -= 0.5;
        EXPECT_NEAR(slope[r][i].item<double>(), ((f(up) - f(down)) * bar).sum().item<double>(), 1e-13);
      }
  }
}

TEST(ResidualOperator, TakesTensorsThatAreNotContiguous) {
  for (const Composed& c : composed_residuals(9, false)) {
    const auto strided = [](const Tensor& t) { return t.t().contiguous().t(); };
    const Tensor jet = strided(c.jet);
    ASSERT_FALSE(jet.is_contiguous());
    EXPECT_TRUE(at::equal(residual(c.physics, "interior", strided(c.coords), strided(c.params), jet),
                          residual(c.physics, "interior", c.coords, c.params, c.jet)));
  }
}

TEST(ResidualOperator, SaysWhatItExpectedAndFound) {
  const Composed c = composed_residuals(4, false)[0];
  const auto message = [&](const std::string& physics, const std::string& term, const Tensor& coords,
                           const Tensor& params, const Tensor& jet) {
    return message_of([&] { residual(physics, term, coords, params, jet); });
  };
  EXPECT_THAT(message("heat_rot", "interior", c.coords, c.params, c.jet),
              AllOf(HasSubstr("heat_rot"), HasSubstr("heat_rod"), HasSubstr("burgers")));
  EXPECT_THAT(message("heat_rod", "inlet", c.coords, c.params, c.jet),
              AllOf(HasSubstr("inlet"), HasSubstr("interior")));
  EXPECT_THAT(message("heat_rod", "answer", c.coords, c.params, c.jet),
              AllOf(HasSubstr("term"), HasSubstr("found 'answer'")));
  EXPECT_THAT(message("heat_rod", "interior", c.coords[0], c.params, c.jet),
              AllOf(HasSubstr("coords"), HasSubstr("expected two dimensions, found 1")));
  EXPECT_THAT(message("heat_rod", "interior", c.coords.narrow(0, 0, 1), c.params, c.jet),
              AllOf(HasSubstr("coords: expected shape [2, 4], found [1, 4]")));
  EXPECT_THAT(message("heat_rod", "interior", c.coords, c.params, c.jet.narrow(1, 0, 3)),
              AllOf(HasSubstr("jet: expected shape"), HasSubstr(", 3]")));
  EXPECT_THAT(message("heat_rod", "interior", c.coords, c.params.narrow(1, 0, 3), c.jet),
              HasSubstr("params: expected shape [1, 4], found [1, 3]"));
  EXPECT_THAT(message("heat_rod", "interior", c.coords.to(at::kFloat), c.params, c.jet),
              HasSubstr("coords: expected type Double, found Float"));
  EXPECT_THAT(message("heat_rod", "interior", c.coords, c.params, c.jet.to(at::kInt)),
              HasSubstr("jet: expected float32 or float64, found Int"));
}

// ---- the fused pass

/// A small problem with random weights (biases too) and points of one of its terms.
struct Case {
  Problem problem;
  Tensor weights, coords, design;
  std::optional<Tensor> target;
  ops::ProblemTensors fixed;

  Case(const std::string& run, int term, std::int64_t n, at::ScalarType precision = at::kDouble)
      : problem(RunFile::parse(run, "test")) {
    ops::ensure_registered();
    weights = uniform({problem.parameters()}, -0.5, 0.5, 5);
    Sobol sequence(std::size_t(problem.sample_dims(term)), 4);
    const Samples samples = problem.sample(term, sequence, n);
    coords = ops::rows_tensor(samples.coords, n, precision);
    design = ops::rows_tensor(samples.design, n, precision);
    fixed = ops::tensors_of(problem, precision);
  }

  std::tuple<Tensor, Tensor> loss(const Tensor& w, const std::string& term, const Tensor& equation_weight) const {
    return ops::fused_loss(w, problem, fixed, coords, design, term, equation_weight, {}, target);
  }
};

/// The multilayer perceptron of kernels/points.hpp from tensor operations: in [inputs][n] to out [outputs][n].
Tensor network(const MlpShape& shape, const Tensor& weights, Tensor in) {
  for (int l = 0; l < shape.layers(); ++l) {
    const std::int64_t fan_in = shape.fan_in(l), fan_out = shape.fan_out(l), at = shape.offset(l);
    in = weights.narrow(0, at, fan_in * fan_out).view({fan_out, fan_in}).matmul(in) +
         weights.narrow(0, at + fan_in * fan_out, fan_out).unsqueeze(1);
    if (l == shape.depth) break;
    in = shape.activation == Activation::tanh   ? at::tanh(in)
         : shape.activation == Activation::sin  ? at::sin(in)
         : shape.activation == Activation::gelu ? at::gelu(in)
                                                : at::silu(in);
  }
  return in;
}

/// Mean square residual by nested autograd. The features of both physics are their coordinates.
Tensor nested_loss(const Case& c, const Tensor& weights) {
  const bool burgers = c.problem.physics().name == "burgers";
  const Tensor t = c.coords[0].clone().requires_grad_(true), x = c.coords[1].clone().requires_grad_(true);
  const Tensor in = (at::cat({at::stack({t, x}), c.design}) - c.fixed.center.unsqueeze(1)) * c.fixed.scale.unsqueeze(1);
  const Tensor net = network(c.problem.shape().trunk, weights, in)[0],
               coefficient = c.design.size(0) ? c.design[0] : c.fixed.params[0];
  const Tensor wave = at::sin(std::numbers::pi * x);
  const Tensor u = burgers ? t * (1 - x * x) * net - wave : wave + t * x * (1 - x) * net;
  const Tensor u_t = gradient(u, t, true), u_x = gradient(u, x, true), u_xx = gradient(u_x, x, true);
  const Tensor r = burgers ? u_t + u * u_x - coefficient * u_xx : u_t - coefficient * u_xx;
  return (r * r).mean();
}

TEST(FusedLoss, EqualsNestedAutograd) {
  for (const std::string physics : {"burgers", "heat_rod"})
    for (const std::string activation : {"tanh", "sin", "silu", "gelu"})
      for (const std::string envelope : {"", physics == "burgers" ? "viscosity = 0.02" : "diffusivity = 0.07"}) {
        SCOPED_TRACE(physics + " " + activation + " " + envelope);
        const Case c("physics = '" + physics + "'\n[network]\nwidth = 9\ndepth = 3\nactivation = '" + activation +
                         "'\n[envelope]\n" + envelope,
                     0, 53);
        const Tensor fused = c.weights.clone().requires_grad_(true), nested = c.weights.clone().requires_grad_(true);
        const auto [total, per_equation] = c.loss(fused, "interior", at::full({1}, 0.7, at::kDouble));
        const Tensor expected = nested_loss(c, nested);
        EXPECT_NEAR(total.item<double>(), 0.7 * expected.item<double>(), 1e-12 * expected.item<double>());
        EXPECT_NEAR(per_equation[0].item<double>(), expected.item<double>(), 1e-12 * expected.item<double>());
        EXPECT_FALSE(per_equation.requires_grad());
        (3 * total).backward();
        expected.backward();
        EXPECT_LT(relative_difference(fused.grad(), 3 * 0.7 * nested.grad()), 1e-10);
      }
}

TEST(FusedLoss, HasTheGradientOfFiniteDifferences) {
  struct Term {
    std::string run, name;
    int index;
    std::int64_t equations;
  };
  for (const Term& term : {Term{"physics = 'kiln_wall'", "interior", 0, 1},
                           {"physics = 'kiln_wall'", "hot_face", 1, 1},
                           {"physics = 'kiln_wall'", "shell", 2, 1},
                           {"physics = 'leach_column'", "interior", 0, 2},
                           {"physics = 'leach_column'\n[envelope]\npeclet = 40", "inlet", 1, 1}}) {
    SCOPED_TRACE(term.run + " " + term.name);
    const Case c(term.run + "\n[network]\nwidth = 7\ndepth = 2", term.index, 31);
    const Tensor equation_weight = at::arange(1, term.equations + 1, at::kDouble);
    const Tensor w = c.weights.clone().requires_grad_(true);
    std::get<0>(c.loss(w, term.name, equation_weight)).backward();
    const double size = w.grad().norm().item<double>();
    for (std::uint64_t k = 0; k < 5; ++k) {
      Tensor along = uniform(c.weights.sizes(), -1, 1, 100 + k);
      along /= along.norm();
      // A central difference of fourth order.
      const auto at_step = [&](double h) {
        return std::get<0>(c.loss(c.weights + h * along, term.name, equation_weight)).item<double>();
      };
      const double h = 1e-3, slope = (8 * (at_step(h) - at_step(-h)) - (at_step(2 * h) - at_step(-2 * h))) / (12 * h);
      EXPECT_NEAR((w.grad() * along).sum().item<double>(), slope, 1e-7 * size);
    }
  }
}

TEST(FusedLoss, TakesWeightsInDoubleToKernelsInFloat) {
  const std::string run = "physics = 'leach_column'\n[network]\nwidth = 16\ndepth = 2";
  const Case single(run, 0, 64, at::kFloat), twice(run, 0, 64, at::kDouble);
  const Tensor w = single.weights.clone().requires_grad_(true), v = single.weights.clone().requires_grad_(true);
  const auto [total, per_equation] = single.loss(w, "interior", at::ones({2}, at::kFloat));
  const auto [expected, expected_each] = twice.loss(v, "interior", at::ones({2}, at::kDouble));
  EXPECT_EQ(per_equation.scalar_type(), at::kDouble);
  EXPECT_NEAR(total.item<double>(), expected.item<double>(), 1e-4 * expected.item<double>());
  total.backward();
  expected.backward();
  ASSERT_EQ(w.grad().scalar_type(), at::kDouble);
  EXPECT_LT(relative_difference(w.grad(), v.grad()), 1e-3);
  EXPECT_GT(relative_difference(w.grad(), v.grad()), 0);  // it was not in double all the way
}

TEST(FusedLoss, WeighsPointsAsIfTheyWereThereSoManyTimes) {
  for (const auto precision : {at::kFloat, at::kDouble}) {
    const Case all("physics = 'leach_column'\n[network]\nwidth = 16\ndepth = 2", 0, 64, precision);
    Case half = all;
    half.coords = all.coords.narrow(1, 0, 32);
    half.design = all.design.narrow(1, 0, 32);
    const Tensor weight = at::ones({2}, precision), w = all.weights.clone().requires_grad_(true),
                 v = all.weights.clone().requires_grad_(true);
    const Tensor twice_or_never = at::cat({at::full({32}, 2, precision), at::zeros({32}, precision)});
    const auto [total, each] =
        ops::fused_loss(w, all.problem, all.fixed, all.coords, all.design, "interior", weight, twice_or_never);
    const auto [expected, expected_each] = half.loss(v, "interior", weight);
    const double rounding = precision == at::kFloat ? 1e-4 : 1e-12;
    EXPECT_NEAR(total.item<double>(), expected.item<double>(), rounding * expected.item<double>());
    EXPECT_LT(relative_difference(each, expected_each), rounding);
    total.backward();
    expected.backward();
    EXPECT_LT(relative_difference(w.grad(), v.grad()), rounding);
  }
}

TEST(FusedLoss, RefusesPointWeightsOfAnotherNumberOrType) {
  const Case c("physics = 'heat_rod'\n[network]\nwidth = 8\ndepth = 1", 0, 16);
  const auto message = [&](const Tensor& point_weight) {
    return message_of([&] {
      ops::fused_loss(c.weights, c.problem, c.fixed, c.coords, c.design, "interior", at::ones({1}, at::kDouble),
                      point_weight);
    });
  };
  EXPECT_THAT(message(at::ones({15}, at::kDouble)), HasSubstr("point_weight: expected shape [16], found [15]"));
  EXPECT_THAT(message(at::ones({16}, at::kFloat)), HasSubstr("point_weight: expected type Double as coords"));
}

TEST(FusedLoss, WorksWithoutGradient) {
  const Case c("physics = 'heat_rod'\n[network]\nwidth = 8\ndepth = 1", 0, 16);
  const Tensor w = c.weights.clone().requires_grad_(true);
  const auto with = c.loss(w, "interior", at::ones({1}, at::kDouble)),
             without = c.loss(c.weights, "interior", at::ones({1}, at::kDouble));
  EXPECT_FALSE(std::get<0>(without).requires_grad());
  EXPECT_EQ(std::get<0>(with).item<double>(), std::get<0>(without).item<double>());
}

TEST(FusedLoss, MeasuresAnswersByTheirTargets) {
  Case c("physics = 'leach_column'\n[network]\nwidth = 8\ndepth = 2", 0, 20);
  const Tensor weight = at::tensor({1., 2., 3.}, at::kDouble);
  c.target = at::zeros({3, 20}, at::kDouble);
  evaluate<double>(find_term("leach_column", "answer"),
                   {c.problem.shape().trunk, c.weights.const_data_ptr<double>(), c.problem.center().data(),
                    c.problem.scale().data()},
                   {20, c.coords.const_data_ptr<double>(), c.design.const_data_ptr<double>(), c.problem.params().data(),
                    c.problem.design_row().data(), int(c.problem.design().size())},
                   c.target->data_ptr<double>());
  // Another loop over the same numbers: it may round otherwise, as it does on some processors.
  EXPECT_LT(std::get<0>(c.loss(c.weights, "answer", weight)).item<double>(), 1e-28);
  (*c.target)[2] += 0.5;
  EXPECT_NEAR(std::get<0>(c.loss(c.weights, "answer", weight)).item<double>(), 3 * 0.25, 1e-14);
}

TEST(FusedLoss, SaysWhatItExpectedAndFound) {
  const Case good("physics = 'leach_column'\n[network]\nwidth = 8\ndepth = 2", 0, 6);
  const Tensor weight = at::ones({2}, at::kDouble);
  const auto message = [&](const std::function<void(Case&)>& spoil, const std::string& term = "interior",
                           const Tensor& equation_weight = {}) {
    Case c = good;
    spoil(c);
    return message_of([&] { c.loss(c.weights, term, equation_weight.defined() ? equation_weight : weight); });
  };
  const auto parameters = std::to_string(good.problem.parameters());
  const auto nothing = [](Case&) {};
  EXPECT_THAT(message(nothing, "outlet"), AllOf(HasSubstr("outlet"), HasSubstr("interior"), HasSubstr("inlet")));
  EXPECT_THAT(message(nothing, "answer"), HasSubstr("equation_weight: expected shape [3], found [2]"));
  EXPECT_THAT(message(nothing, "inlet"), HasSubstr("equation_weight: expected shape [1], found [2]"));
  EXPECT_THAT(message(nothing, "interior", weight.to(at::kFloat)),
              HasSubstr("equation_weight: expected type Double as coords, found Float"));
  EXPECT_THAT(message([](Case& c) { c.weights = c.weights.narrow(0, 0, 5); }),
              HasSubstr("weights: expected shape [" + parameters + "], found [5]"));
  EXPECT_THAT(message([](Case& c) { c.coords = c.coords.narrow(0, 0, 1); }),
              HasSubstr("coords: expected shape [2, 6], found [1, 6]"));
  EXPECT_THAT(message([](Case& c) { c.coords = c.coords[0]; }),
              HasSubstr("coords: expected shape [coords, n], found [6]"));
  EXPECT_THAT(message([](Case& c) { c.coords = c.coords.to(at::kHalf); }),
              HasSubstr("coords: expected float32 or float64, found Half"));
  EXPECT_THAT(message([](Case& c) { c.design = c.design.narrow(1, 0, 5); }),
              HasSubstr("design: expected shape [4, 6], found [4, 5]"));
  EXPECT_THAT(message([](Case& c) { c.design = c.design.to(at::kFloat); }),
              HasSubstr("design: expected type Double, found Float"));
  EXPECT_THAT(message([](Case& c) { c.fixed.center = c.fixed.center.narrow(0, 0, 3); }),
              HasSubstr("center: expected shape [8], found [3]"));
  EXPECT_THAT(message([](Case& c) { c.fixed.scale = c.fixed.scale.to(at::kFloat); }),
              HasSubstr("scale: expected type Double as coords, found Float"));
  EXPECT_THAT(message([](Case& c) { c.fixed.params = c.fixed.params.narrow(0, 0, 4); }),
              HasSubstr("params: expected shape [5], found [4]"));
  EXPECT_THAT(message([](Case& c) { c.fixed.design_row.pop_back(); }),
              HasSubstr("design_row: expected 5 entries, found 4"));
  EXPECT_THAT(message([](Case& c) {
                c.target = at::zeros({1, 6}, at::kDouble);
              }),
              HasSubstr("target: expected shape [2, 6], found [1, 6]"));
  EXPECT_THAT(message([](Case& c) { c.fixed.design_row[0] = 4; }), HasSubstr("design_row: expected -1 to 3, found 4"));
}

TEST(Threads, OfTheKernelsDoNotFollowThoseOfTorch) {
  const int kernels = default_threads(), torch = at::get_num_threads();
  for (const int other : {1, kernels + 1}) {
    at::set_num_threads(other);
    EXPECT_EQ(default_threads(), kernels);
  }
  at::set_num_threads(torch);
}

}  // namespace
}  // namespace residua
