#pragma once
#include "kernels/head.hpp"
#include "kernels/registry.hpp"
#include "kernels/residual_body.hpp"
#include "kernels/term_kernel.hpp"
#include "kernels/tile.hpp"

namespace residua::inline RESIDUA_ISA {

/// A row's values at the points i, i + 1, ...; beyond the last point it repeats that point.
template <class S>
Pack<S> load_points(const S* row, std::int64_t i, std::int64_t n) {
  constexpr int lanes = Pack<S>::kLanes;
  if (i + lanes <= n) return Pack<S>::load(row + i);
  Pack<S> v(0);
  for (int lane = 0; lane < lanes; ++lane) v.set(lane, row[i + lane < n ? i + lane : n - 1]);
  return v;
}
template <class S>
void store_points(const Pack<S>& v, S* row, std::int64_t i, std::int64_t n) {
  for (int lane = 0; lane < Pack<S>::kLanes && i + lane < n; ++lane) row[i + lane] = v[lane];
}

/// Coordinates and parameters at the points i, i + 1, ...
template <class Ph, class S>
void load_point(const Points<S>& points, std::int64_t i, Pack<S>* x, Pack<S>* p) {
  for (int c = 0; c < Ph::kCoords; ++c) x[c] = load_points(points.coords + c * points.n, i, points.n);
  for (int q = 0; q < Ph::kParams; ++q) {
    const int row = points.design_row[q];
    p[q] = row < 0 ? Pack<S>(points.params[q]) : load_points(points.design + row * points.n, i, points.n);
  }
}

/// One term in one precision: what happens to a tile of points at both ends of the network.
template <class Ph, class Term, class S>
struct TermTile {
  using V = Pack<S>;
  using H = FusedHead<Ph, Term, V>;
  using Net = TileNetwork<S, H::kPropagation.renumbered()>;
  static constexpr int K = H::K, kLanes = V::kLanes;

  static void run(const TileRange<S>& range) {
    const MlpShape& shape = range.network->shape;
    Net net(shape, range.network->weights, range.packed, range.workspace);
    const int full = Net::points(shape);
    for (std::int64_t first = range.first; first < range.last; first += full) {
      const int points = int(range.last - first < full ? range.last - first : full);
      H head[kMaxPacks];
      for (int i = 0, pack = 0; i < points; i += kLanes, ++pack) enter(range, first + i, head[pack], net, i, points);
      net.forward(points);
      for (int i = 0, pack = 0; i < points; i += kLanes, ++pack) leave(range, first + i, head[pack], net, i, points);
      if (range.gradient) net.backward(range.gradient);
    }
  }

 private:
  static constexpr int kMaxPacks = 192 / kLanes + 1;

  /// f(lane, point of the tile) for the lanes of a pack that hold points.
  template <class F>
  static void for_lanes(int first, int points, F&& f) {
    for (int lane = 0; lane < kLanes && first + lane < points; ++lane) f(lane, first + lane);
  }

  static void enter(const TileRange<S>& range, std::int64_t i, H& head, Net& net, int first, int points) {
    const Points<S>& all = *range.points;
    load_point<Ph>(all, i, head.at.x, head.at.p);
    head.collapse();
    V in[kMaxInputs][K];
    const auto design = [&](int d) { return load_points(all.design + d * all.n, i, all.n); };
    head.inputs(*range.network, all.design_count, design, in);
    for (int k = 0; k < K; ++k)
      for (int f = 0; f < range.network->shape.inputs; ++f)
        for_lanes(first, points, [&](int lane, int point) { net.input(point, k)[f] = in[f][k][lane]; });
    for (int m = 0; m < H::kCurved; ++m) {
      const V leaf = head.curved(m);
      for_lanes(first, points, [&](int lane, int point) { net.leaf(point)[m] = leaf[lane]; });
    }
  }

  static void leave(const TileRange<S>& range, std::int64_t i, const H& head, Net& net, int first, int points) {
    const std::int64_t n = range.points->n;
    typename H::Net out{}, slope[H::kEquations]{};
    for (int f = 0; f < H::kFields; ++f)
      for (int k = 0; k < K; ++k)
        for_lanes(first, points, [&](int lane, int point) { out[f][k].set(lane, net.output(point, k)[f]); });
    V r[H::kEquations];
    if (range.gradient)
      head.linearise(out, r, slope);
    else
      head.residual(out, r);

    V weight = range.weights->point ? load_points(range.weights->point, i, n) : V(1);
    for (int lane = 0; lane < kLanes; ++lane)
      if (first + lane >= points) weight.set(lane, 0);
    V r_bar[H::kEquations];
    for (int e = 0; e < H::kEquations; ++e) {
      const V weighted = weight * r[e];
      range.loss[e] += double((weighted * r[e]).sum());
      r_bar[e] = weighted * V(range.weights->equation ? 2 * range.weights->equation[e] : S(2));
      if (range.rows) store_points(r[e], range.rows + e * n, i, n);
    }
    if (!range.gradient) return;
    for (int f = 0; f < H::kFields; ++f)
      for (int k = 0; k < K; ++k) {
        V bar = r_bar[0] * slope[0][f][k];
        for (int e = 1; e < H::kEquations; ++e) bar = bar + r_bar[e] * slope[e][f][k];
        for_lanes(first, points, [&](int lane, int point) { net.output_bar(point, k)[f] = bar[lane]; });
      }
  }
};

/// The residual alone, over all points of `args`.
template <class Ph, class Term, class S>
void residual_rows(const ResidualArgs<S>& args) {
  using At = ResidualAt<Ph, Term, Pack<S>>;
  const std::int64_t n = args.points.n;
  for (std::int64_t i = 0; i < n; i += Pack<S>::kLanes) {
    At at;
    load_point<Ph>(args.points, i, at.x, at.p);
    for (int k = 0; k < At::kJetRows; ++k) at.jet[k] = load_points(args.jet + k * n, i, n);
    if (args.rows) {
      const auto r = at.rows();
      for (int e = 0; e < At::kEquations; ++e) store_points(r[e], args.rows + e * n, i, n);
    } else {
      Pack<S> rows_bar[At::kEquations], jet_bar[At::kJetRows];
      for (int e = 0; e < At::kEquations; ++e) rows_bar[e] = load_points(args.rows_bar + e * n, i, n);
      at.vjp(rows_bar, jet_bar);
      for (int k = 0; k < At::kJetRows; ++k) store_points(jet_bar[k], args.jet_bar + k * n, i, n);
    }
  }
}

template <class Ph, class Term, class S>
inline constexpr TermKernel<S> kTermKernel = {
    Ph::kCoords,
    Ph::kParams,
    Ph::kFields,
    kFeatures<Ph>,
    kEquationsOf<Ph, Term>,
    [](const MlpShape& shape) { return TermTile<Ph, Term, S>::Net::workspace_size(shape); },
    [](const MlpShape& shape) { return TermTile<Ph, Term, S>::Net::packed_size(shape); },
    [](const MlpShape& shape) { return TermTile<Ph, Term, S>::Net::gradient_size(shape); },
    [](const MlpShape& shape, const S* weights, S* packed) {
      TermTile<Ph, Term, S>::Net::pack(shape, weights, packed);
    },
    [](const MlpShape& shape, const S* sums, S* gradient) {
      TermTile<Ph, Term, S>::Net::add_gradient(shape, sums, gradient);
    },
    [](const MlpShape& shape) -> std::int64_t { return TermTile<Ph, Term, S>::Net::points(shape); },
    TermTile<Ph, Term, S>::run,
    TermTile<Ph, Term, S>::K,
    kChannelsOf<Ph, Term>.count,
    [](int k, int (&coords)[kMaxOrder]) {
      int step = 0;
      for (int c = 0; c < kMaxCoords; ++c)
        for (int n = 0; n < times(kChannelsOf<Ph, Term>.derivative[k], c); ++n) coords[step++] = c;
      while (step < kMaxOrder) coords[step++] = -1;
    },
    residual_rows<Ph, Term, S>};

}  // namespace residua::inline RESIDUA_ISA

namespace residua::RESIDUA_ISA {

template <class S>
const TermKernel<S>* term_kernel(TermId id) {
  const TermKernel<S>* found = nullptr;
  int physics = 0;
  for_each_physics([&]<class Ph>() {
    int term = 0;
    for_each_term<Ph>([&]<class Term>() {
      if (physics == id.physics && term++ == id.term) found = &kTermKernel<Ph, Term, S>;
    });
    if (physics++ == id.physics && id.term == kTerms<Ph>) found = &kTermKernel<Ph, Answer<Ph>, S>;
  });
  return found;
}

}  // namespace residua::RESIDUA_ISA
