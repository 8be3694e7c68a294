#pragma once
#include "kernels/registry.hpp"
#include "kernels/residual_body.hpp"
#include "kernels/tile.hpp"

namespace residua::inline RESIDUA_ISA {

/// The channels with coordinates renumbered 0, 1, ...: the network does not care which coordinate a channel belongs to,
/// so terms that differ only in that share its code.
constexpr Channels renumbered(Channels c) {
  Channels r = c;
  for (int k = 1; k <= c.first_order; ++k) r.i[k] = k - 1;
  for (int k = c.first_order + 1; k < c.count; ++k) {
    r.i[k] = c.first(c.i[k]) - 1;
    r.j[k] = c.first(c.j[k]) - 1;
  }
  return r;
}

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
  using H = Head<Ph, Term, V>;
  using Net = TileNetwork<S, renumbered(H::kChannels)>;
  static constexpr int K = H::kChannels.count, kLanes = V::kLanes;

  static void run(const TileRange<S>& range) {
    const MlpShape& shape = range.network->shape;
    Net net(shape, range.network->weights, range.packed, range.workspace);
    const std::int64_t step = std::int64_t(net.packs()) * kLanes;
    for (std::int64_t tile = range.first; tile < range.last; tile += step) {
      H heads[Net::kMaxPacks];
      for (int pack = 0; pack < net.packs(); ++pack) enter(range, tile + pack * kLanes, heads[pack], net, pack);
      net.forward();
      for (int pack = 0; pack < net.packs(); ++pack) leave(range, tile + pack * kLanes, heads[pack], net, pack);
      if (range.gradient) net.backward(range.gradient);
    }
  }

 private:
  static void enter(const TileRange<S>& range, std::int64_t i, H& head, Net& net, int pack) {
    const Points<S>& points = *range.points;
    load_point<Ph>(points, i, head.x, head.p);
    typename H::Entry in[kMaxInputs];
    const auto design = [&](int d) { return load_points(points.design + d * points.n, i, points.n); };
    head.inputs(*range.network, points.design_count, design, in);
    for (int f = 0; f < range.network->shape.inputs; ++f)
      for (int k = 0; k < K; ++k) in[f].e[k].store(net.input(pack, f) + k * kLanes);
  }

  static void leave(const TileRange<S>& range, std::int64_t i, const H& head, Net& net, int pack) {
    const std::int64_t n = range.points->n;
    typename H::Entry out[Ph::kFields], out_bar[Ph::kFields];
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) out[f].e[k] = V::load(net.output(pack, f) + k * kLanes);
    const auto r = head.residual(out);

    V point = range.weights->point ? load_points(range.weights->point, i, n) : V(1);
    for (int lane = 0; lane < kLanes; ++lane)
      if (i + lane >= n) point.set(lane, 0);
    V r_bar[H::kEquations];
    for (int e = 0; e < H::kEquations; ++e) {
      const V weighted = point * r[e];
      range.loss[e] += double((weighted * r[e]).sum());
      r_bar[e] = weighted * V(range.weights->equation ? 2 * range.weights->equation[e] : S(2));
      if (range.rows) store_points(r[e], range.rows + e * n, i, n);
    }
    if (!range.gradient) return;
    head.adjoint(out, r_bar, out_bar);
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) out_bar[f].e[k].store(net.output_bar(pack, f) + k * kLanes);
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
    [](const MlpShape& shape, const S* weights, S* packed) {
      TermTile<Ph, Term, S>::Net::pack(shape, weights, packed);
    },
    [](const MlpShape& shape) -> std::int64_t { return TermTile<Ph, Term, S>::Net::packs(shape) * Pack<S>::kLanes; },
    TermTile<Ph, Term, S>::run,
    kChannelsOf<Ph, Term>.count,
    [](int k, int (&coords)[2]) {
      constexpr Channels channels = kChannelsOf<Ph, Term>;
      coords[0] = k == 0 ? -1 : channels.i[k];
      coords[1] = k <= channels.first_order ? -1 : channels.j[k];
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
