#pragma once
#include "kernels/registry.hpp"
#include "kernels/tile.hpp"

namespace residua::inline RESIDUA_ISA {

/// The channels with coordinates renumbered 0, 1, ...: the network does not care which coordinate a channel belongs to, so
/// terms that differ only in that share its code.
constexpr Channels renumbered(Channels c) {
  Channels r = c;
  for (int k = 1; k <= c.first_order; ++k) r.i[k] = k - 1;
  for (int k = c.first_order + 1; k < c.count; ++k) {
    r.i[k] = c.first(c.i[k]) - 1;
    r.j[k] = c.first(c.j[k]) - 1;
  }
  return r;
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
  /// A row's values at the points i, i + 1, ...; beyond the last point it repeats that point.
  static V at(const S* row, std::int64_t i, std::int64_t n) {
    if (i + kLanes <= n) return V::load(row + i);
    V v(0);
    for (int lane = 0; lane < kLanes; ++lane) v.set(lane, row[i + lane < n ? i + lane : n - 1]);
    return v;
  }

  static void enter(const TileRange<S>& range, std::int64_t i, H& head, Net& net, int pack) {
    const Points<S>& points = *range.points;
    for (int c = 0; c < Ph::kCoords; ++c) head.x[c] = at(points.coords + c * points.n, i, points.n);
    for (int q = 0; q < Ph::kParams; ++q) {
      const int row = points.design_row[q];
      head.p[q] = row < 0 ? V(points.params[q]) : at(points.design + row * points.n, i, points.n);
    }
    typename H::Entry in[kMaxInputs];
    head.inputs(*range.network, points.design_count, [&](int d) { return at(points.design + d * points.n, i, points.n); }, in);
    for (int f = 0; f < range.network->shape.inputs; ++f)
      for (int k = 0; k < K; ++k) in[f].e[k].store(net.input(pack, f) + k * kLanes);
  }

  static void leave(const TileRange<S>& range, std::int64_t i, const H& head, Net& net, int pack) {
    const std::int64_t n = range.points->n;
    typename H::Entry out[Ph::kFields], out_bar[Ph::kFields];
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) out[f].e[k] = V::load(net.output(pack, f) + k * kLanes);
    const auto r = head.residual(out);

    V point = range.weights->point ? at(range.weights->point, i, n) : V(1);
    for (int lane = 0; lane < kLanes; ++lane)
      if (i + lane >= n) point.set(lane, 0);
    V r_bar[H::kEquations];
    for (int e = 0; e < H::kEquations; ++e) {
      const V weighted = point * r[e];
      range.loss[e] += double((weighted * r[e]).sum());
      r_bar[e] = weighted * V(range.weights->equation ? 2 * range.weights->equation[e] : S(2));
      if (range.rows)
        for (int lane = 0; lane < kLanes && i + lane < n; ++lane) range.rows[e * n + i + lane] = r[e][lane];
    }
    if (!range.gradient) return;
    head.adjoint(out, r_bar, out_bar);
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) out_bar[f].e[k].store(net.output_bar(pack, f) + k * kLanes);
  }
};

template <class Ph, class Term, class S>
inline constexpr TermKernel<S> kTermKernel = {
    Ph::kCoords,
    Ph::kParams,
    Ph::kFields,
    kFeatures<Ph>,
    kEquationsOf<Ph, Term>,
    [](const MlpShape& shape) { return TermTile<Ph, Term, S>::Net::workspace_size(shape); },
    [](const MlpShape& shape) { return TermTile<Ph, Term, S>::Net::packed_size(shape); },
    [](const MlpShape& shape, const S* weights, S* packed) { TermTile<Ph, Term, S>::Net::pack(shape, weights, packed); },
    [](const MlpShape& shape) -> std::int64_t { return TermTile<Ph, Term, S>::Net::packs(shape) * Pack<S>::kLanes; },
    TermTile<Ph, Term, S>::run};

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
