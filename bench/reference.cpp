#include "bench/reference.hpp"

#include "kernels/head.hpp"
#include "kernels/mlp.hpp"
#include "kernels/registry.hpp"
#include "kernels/residual_body.hpp"

namespace residua::bench {
namespace {

/// Calls f.template operator()<Physics, Term>() for the problem's physics and its first term.
template <class F>
void with_physics(const Problem& problem, F&& f) {
  for_each_physics([&]<class Ph>() {
    if (Ph::name == problem.physics->name) f.template operator()<Ph, std::tuple_element_t<0, typename Ph::Terms>>();
  });
}

/// Coordinates and parameters of point i into whatever has x and p.
template <class Ph, class At>
void place(const Problem& problem, std::int64_t i, At& at) {
  for (int c = 0; c < Ph::kCoords; ++c) at.x[c] = problem.coords[std::size_t(c * problem.n + i)];
  for (int p = 0; p < Ph::kParams; ++p) {
    const int row = problem.design_row[std::size_t(p)];
    at.p[p] = row < 0 ? problem.params[std::size_t(p)] : problem.design[std::size_t(row * problem.n + i)];
  }
}

}  // namespace

std::vector<double> reference_rows(const Problem& problem, std::span<const double> weights,
                                   std::span<const std::int64_t> sample) {
  std::vector<double> rows;
  with_physics(problem, [&]<class Ph, class Term>() {
    using H = Head<Ph, Term, double>;
    rows.resize(H::kEquations * sample.size());
    const Network<double> network{problem.shape, weights.data(), problem.center.data(), problem.scale.data()};
    for (std::size_t s = 0; s < sample.size(); ++s) {
      const auto design = [&](int d) { return problem.design[std::size_t(d * problem.n + sample[s])]; };
      H head;
      place<Ph>(problem, sample[s], head);
      typename H::Entry in[kMaxInputs], out[kMaxFields];
      head.inputs(network, problem.designs(), design, in);
      mlp(problem.shape, weights.data(), in, out);
      const auto r = head.residual(out);
      for (int e = 0; e < H::kEquations; ++e) rows[std::size_t(e) * sample.size() + s] = r[e];
    }
  });
  return rows;
}

std::vector<double> reference_residual(const Problem& problem, std::span<const double> jet,
                                       std::span<const std::int64_t> sample) {
  std::vector<double> rows;
  with_physics(problem, [&]<class Ph, class Term>() {
    using At = ResidualAt<Ph, Term, double>;
    rows.resize(At::kEquations * sample.size());
    for (std::size_t s = 0; s < sample.size(); ++s) {
      At at;
      place<Ph>(problem, sample[s], at);
      for (int k = 0; k < At::kJetRows; ++k) at.jet[k] = jet[std::size_t(k * problem.n + sample[s])];
      const auto r = at.rows();
      for (int e = 0; e < At::kEquations; ++e) rows[std::size_t(e) * sample.size() + s] = r[e];
    }
  });
  return rows;
}

}  // namespace residua::bench
