// The fused kernels against the slow reference: the same network and physics, point by point, without tiles or packs.
#include "kernels/fused.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "kernels/core/error.hpp"
#include "kernels/head.hpp"
#include "kernels/mlp.hpp"
#include "kernels/registry.hpp"

namespace residua {
namespace {

/// A network with random weights for a physics, and random points within the default ranges; every second parameter
/// that has a range is a design input.
template <class Ph>
struct Problem {
  MlpShape shape;
  std::vector<double> weights, center, scale, coords, design, params;
  std::vector<int> design_row;
  std::int64_t n;

  template <class Term>
  static Problem make(std::int64_t n, int width, int depth, Activation activation, unsigned seed = 1) {
    Problem q;
    q.n = n;
    std::mt19937 rng(seed);
    std::uniform_real_distribution<double> unit(0, 1);
    int designs = 0;
    for (int p = 0; p < Ph::kParams; ++p) {
      const Quantity& quantity = Ph::params[p];
      q.params.push_back(quantity.value / quantity.scale);
      const bool free = quantity.upper > quantity.lower && p % 2 == 0;
      q.design_row.push_back(free ? designs++ : -1);
      if (free)
        for (std::int64_t i = 0; i < n; ++i)
          q.design.push_back((quantity.lower + (quantity.upper - quantity.lower) * unit(rng)) / quantity.scale);
    }
    for (int c = 0; c < Ph::kCoords; ++c) {
      const Quantity& quantity = Ph::coords[c];
      for (std::int64_t i = 0; i < n; ++i) {
        double u = 0.05 + 0.9 * unit(rng);
        if constexpr (requires { Term::region; }) {
          if (Term::region[c] == Side::lower) u = 0;
          if (Term::region[c] == Side::upper) u = 1;
        }
        q.coords.push_back((quantity.lower + (quantity.upper - quantity.lower) * u) / quantity.scale);
      }
    }
    q.shape = {kFeatures<Ph> + designs, width, depth, Ph::kFields, activation};
    for (int i = 0; i < q.shape.inputs; ++i) {
      q.center.push_back(unit(rng) - 0.5);
      q.scale.push_back(0.5 + unit(rng));
    }
    for (int l = 0; l < q.shape.layers(); ++l) {
      const double size = (l == depth ? 0.2 : 1) * std::sqrt(3. / q.shape.fan_in(l));  // fields stay physical
      for (int i = 0; i < (q.shape.fan_in(l) + 1) * q.shape.fan_out(l); ++i)
        q.weights.push_back(size * (2 * unit(rng) - 1));
    }
    return q;
  }
};

template <class S>
std::vector<S> cast(const std::vector<double>& v) {
  return {v.begin(), v.end()};
}

/// The fused pass in precision S.
template <class S, class Ph>
struct Fused {
  std::vector<double> loss;
  std::vector<S> gradient, residual;

  template <class Term>
  static Fused run(const Problem<Ph>& q, const std::vector<double>& point_weight, int threads) {
    constexpr int E = kEquationsOf<Ph, Term>;
    const auto w = cast<S>(q.weights), center = cast<S>(q.center), scale = cast<S>(q.scale), coords = cast<S>(q.coords),
               design = cast<S>(q.design), params = cast<S>(q.params), point = cast<S>(point_weight);
    S equation[E];
    for (int e = 0; e < E; ++e) equation[e] = S(e + 1) / 2;
    Fused f{std::vector<double>(E), std::vector<S>(q.weights.size()), std::vector<S>(E * q.n)};
    fused<S>(find_term(Ph::name, Term::name), {q.shape, w.data(), center.data(), scale.data()},
             {q.n, coords.data(), design.data(), params.data(), q.design_row.data(), q.shape.inputs - kFeatures<Ph>},
             {equation, point.empty() ? nullptr : point.data()}, {f.loss.data(), f.gradient.data(), f.residual.data()},
             threads);
    return f;
  }
};

/// Residuals of all points with weights `w`, by the reference.
template <class Ph, class Term>
std::vector<double> reference_residual(const Problem<Ph>& q, const std::vector<double>& w) {
  using H = Head<Ph, Term, double>;
  std::vector<double> rows(H::kEquations * q.n);
  const Network<double> network{q.shape, w.data(), q.center.data(), q.scale.data()};
  for (std::int64_t i = 0; i < q.n; ++i) {
    H head;
    for (int c = 0; c < Ph::kCoords; ++c) head.x[c] = q.coords[c * q.n + i];
    for (int p = 0; p < Ph::kParams; ++p)
      head.p[p] = q.design_row[p] < 0 ? q.params[p] : q.design[q.design_row[p] * q.n + i];
    typename H::Entry in[kMaxInputs], out[kMaxFields];
    head.inputs(
        network, q.shape.inputs - kFeatures<Ph>, [&](int d) { return q.design[d * q.n + i]; }, in);
    mlp(q.shape, w.data(), in, out);
    const auto r = head.residual(out);
    for (int e = 0; e < H::kEquations; ++e) rows[e * q.n + i] = r[e];
  }
  return rows;
}

double norm(const std::vector<double>& v) {
  double sum = 0;
  for (double x : v) sum += x * x;
  return std::sqrt(sum);
}
/// Norm of the difference over the norm of b. Residuals cancel: their terms are of the size of one however small they
/// are, so `floor` is the least size that counts.
template <class A, class B>
double relative_difference(const std::vector<A>& a, const std::vector<B>& b, double floor = 0) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (double(a[i]) - double(b[i])) * (double(a[i]) - double(b[i]));
    size += double(b[i]) * double(b[i]);
  }
  return std::sqrt(difference / std::max(size, floor * floor));
}

template <class Ph>
struct FusedTest : testing::Test {
  void TearDown() override { force_isa(supported_isas().front()); }
};
template <class>
struct AsTypes;
template <class... P>
struct AsTypes<std::tuple<P...>> {
  using Type = testing::Types<P...>;
};
struct PhysicsName {
  template <class Ph>
  static std::string GetName(int) {
    return std::string(Ph::name);
  }
};
TYPED_TEST_SUITE(FusedTest, AsTypes<Registry>::Type, PhysicsName);

TYPED_TEST(FusedTest, ResidualsEqualTheReferenceOnEveryInstructionSet) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    for (const std::int64_t n : {1, 17, 100})
      for (const int width : {5, 32}) {
        const auto q = Problem<Ph>::template make<Term>(n, width, 3, n == 17 ? Activation::sin : Activation::tanh);
        const auto expected = reference_residual<Ph, Term>(q, q.weights);
        for (const std::string& isa : supported_isas()) {
          force_isa(isa);
          const auto in_double = Fused<double, Ph>::template run<Term>(q, {}, 2);
          EXPECT_LT(relative_difference(in_double.residual, expected, std::sqrt(expected.size())), 1e-13)
              << Term::name << " " << isa << " n=" << n;
          const auto in_float = Fused<float, Ph>::template run<Term>(q, {}, 1);
          EXPECT_LT(relative_difference(in_float.residual, expected, std::sqrt(expected.size())), 1e-4)
              << Term::name << " " << isa << " n=" << n;
        }
      }
  });
}

TYPED_TEST(FusedTest, GradientEqualsCentralDifferencesOfTheReference) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    constexpr int E = kEquationsOf<Ph, Term>;
    for (const Activation activation : {Activation::tanh, Activation::sin, Activation::silu}) {
      const std::int64_t n = 21;
      auto q = Problem<Ph>::template make<Term>(n, 6, 2, activation, 7);
      std::vector<double> point(n);
      for (std::int64_t i = 0; i < n; ++i) point[i] = 0.5 + double(i % 3);
      const auto loss_at = [&](const std::vector<double>& w) {
        const auto r = reference_residual<Ph, Term>(q, w);
        double loss = 0;
        for (int e = 0; e < E; ++e)
          for (std::int64_t i = 0; i < n; ++i) loss += (e + 1) / 2. * point[i] * r[e * n + i] * r[e * n + i];
        return loss;
      };
      const auto result = Fused<double, Ph>::template run<Term>(q, point, 2);
      double total = 0;
      for (int e = 0; e < E; ++e) total += (e + 1) / 2. * result.loss[e];
      EXPECT_NEAR(total, loss_at(q.weights), 1e-12 * (total + 1e-9));
      std::vector<double> expected;
      for (std::size_t k = 0; k < q.weights.size(); ++k) {
        const double h = 1.5e-4;
        double slope = 0;  // fourth-order central difference
        for (const auto& [step, weight] : {std::pair{h, 8.}, {-h, -8.}, {2 * h, -1.}, {-2 * h, 1.}}) {
          auto w = q.weights;
          w[k] += step;
          slope += weight * loss_at(w) / (12 * h);
        }
        expected.push_back(slope);
      }
      EXPECT_LT(relative_difference(result.gradient, expected), 1e-8) << Term::name;
      const auto in_float = Fused<float, Ph>::template run<Term>(q, point, 1);
      EXPECT_LT(relative_difference(in_float.gradient, result.gradient, 1e-2), 1e-3) << Term::name;
    }
  });
}

TYPED_TEST(FusedTest, InstructionSetsAgreeOnGradients) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(333, 37, 4, Activation::tanh, 5);
    force_isa("baseline");
    const auto expected = Fused<double, Ph>::template run<Term>(q, {}, 1);
    for (const std::string& isa : supported_isas()) {
      force_isa(isa);
      EXPECT_LT(relative_difference(Fused<double, Ph>::template run<Term>(q, {}, 2).gradient, expected.gradient), 1e-10)
          << isa;
    }
  });
}

TYPED_TEST(FusedTest, RepeatsBitForBit) {
  using Ph = TypeParam;
  for_each_term<Ph>([]<class Term>() {
    const auto q = Problem<Ph>::template make<Term>(1000, 16, 2, Activation::tanh);
    const auto a = Fused<float, Ph>::template run<Term>(q, {}, 2), b = Fused<float, Ph>::template run<Term>(q, {}, 2);
    EXPECT_EQ(a.gradient, b.gradient);
    EXPECT_EQ(a.loss, b.loss);
  });
}

TEST(Fused, OfNoPointsIsZero) {
  using Ph = physics::HeatRod;
  const auto q = Problem<Ph>::make<Ph::Interior>(0, 8, 2, Activation::tanh);
  const auto r = Fused<double, Ph>::run<Ph::Interior>(q, {}, 2);
  EXPECT_EQ(r.loss, std::vector<double>{0});
  EXPECT_EQ(norm(r.gradient), 0);
}

TEST(Fused, RefusesANetworkThatDoesNotFitThePhysics) {
  using Ph = physics::HeatRod;
  auto q = Problem<Ph>::make<Ph::Interior>(3, 8, 2, Activation::tanh);
  q.shape.outputs = 2;
  EXPECT_THROW((Fused<double, Ph>::run<Ph::Interior>(q, {}, 1)), Error);
}

TEST(Fused, NamesTheKnownPhysicsAndTerms) {
  try {
    find_term("kiln_wal", "interior");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("kiln_wall"), std::string::npos) << e.what();
  }
  try {
    find_term("kiln_wall", "inside");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("hot_face"), std::string::npos) << e.what();
  }
}

TEST(Isa, ForcedSetIsTheOneInUse) {
  for (const std::string& isa : supported_isas()) {
    force_isa(isa);
    EXPECT_EQ(active_isa(), isa);
  }
  EXPECT_THROW(force_isa("mmx"), Error);
  force_isa(supported_isas().front());
}

}  // namespace
}  // namespace residua
