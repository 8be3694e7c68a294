#pragma once
#include "kernels/head.hpp"
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

/// One term in one precision: tiles of points at both ends of the network.
template <class Ph, class Term, class S>
class TermTile {
  using V = Pack<S>;
  using H = FusedHead<Ph, Term, V>;
  static constexpr int K = H::K, kLanes = V::kLanes, kEquations = H::kEquations;

 public:
  using Net = TileNetwork<S, H::kPropagation.renumbered()>;

  /// Loss, residuals and gradient: see TileRange.
  static void run(const TileRange<S>& range) {
    for_tiles(range, [&](Net& net, const H* head, const Tile& tile) {
      tile.for_packs([&](int pack, int first) { leave(range, tile, first, head[pack], net); });
      if (range.gradient) net.backward(range.gradient);
    });
  }

  /// Rows of the Jacobian d r_e / d weights, [point][equation][stride], and the residuals [equations][n].
  static void jacobian(const TileRange<S>& range, S* rows, std::ptrdiff_t stride) {
    for_tiles(range, [&](Net& net, const H* head, const Tile& tile) {
      typename H::Net slope[kMaxPacks][kEquations];
      tile.for_packs([&](int pack, int first) {
        V r[kEquations];
        head[pack].linearise(outputs(net, tile, first), r, slope[pack]);
        for (int e = 0; e < kEquations; ++e)
          store_points(r[e], range.rows + e * range.points->n, tile.at + first, range.points->n);
      });
      for (int e = 0; e < kEquations; ++e) {
        tile.for_packs([&](int pack, int first) { set_output_bar(net, tile, first, slope[pack][e]); });
        net.point_gradients(rows + ((tile.at - range.first) * kEquations + e) * stride, kEquations * stride);
      }
    });
  }

  /// range.rows = J times a direction of the weights, given packed and as a flat vector.
  static void jacobian_product(const TileRange<S>& range, const S* packed, const S* direction) {
    for_tiles(range, [&](Net& net, const H* head, const Tile& tile) {
      net.tangent(packed, direction);
      tile.for_packs([&](int pack, int first) {
        typename H::Net slope[kEquations], moved{};
        V r[kEquations];
        head[pack].linearise(outputs(net, tile, first), r, slope);
        tile.for_lanes(first, [&](int lane, int point) {
          for (int f = 0; f < H::kFields; ++f)
            for (int k = 0; k < K; ++k) moved[f][k].set(lane, net.output_bar(point, k)[f]);
        });
        for (int e = 0; e < kEquations; ++e) {
          V sum(0);
          for (int f = 0; f < H::kFields; ++f)
            for (int k = 0; k < K; ++k) sum = sum + slope[e][f][k] * moved[f][k];
          store_points(sum, range.rows + e * range.points->n, tile.at + first, range.points->n);
        }
      });
    });
  }

 private:
  static constexpr int kMaxPacks = Net::kMaxPoints / kLanes;

  /// Points at, at + 1, ... of all points.
  struct Tile {
    std::int64_t at;
    int points;

    /// f(pack, its first point in the tile).
    template <class F>
    void for_packs(F&& f) const {
      for (int pack = 0; pack * kLanes < points; ++pack) f(pack, pack * kLanes);
    }
    /// f(lane, point of the tile) for the lanes of a pack that hold points.
    template <class F>
    void for_lanes(int first, F&& f) const {
      for (int lane = 0; lane < kLanes && first + lane < points; ++lane) f(lane, first + lane);
    }
  };

  /// f(network, heads, tile) for every tile, once it went forward.
  template <class F>
  static void for_tiles(const TileRange<S>& range, F&& f) {
    Net net(range.network->shape, range.network->weights, range.packed, range.workspace);
    const int full = Net::points(range.network->shape);
    for (std::int64_t at = range.first; at < range.last; at += full) {
      const Tile tile{at, int(range.last - at < full ? range.last - at : full)};
      H head[kMaxPacks];
      tile.for_packs([&](int pack, int first) { enter(range, tile, first, head[pack], net); });
      net.forward(tile.points);
      f(net, head, tile);
    }
  }

  [[gnu::noinline]] static void enter(const TileRange<S>& range, const Tile& tile, int first, H& head, Net& net) {
    const Points<S>& all = *range.points;
    const std::int64_t i = tile.at + first;
    load_point<Ph>(all, i, head.at.x, head.at.p);
    head.collapse();
    V in[kMaxInputs][K];
    const auto design = [&](int d) { return load_points(all.design + d * all.n, i, all.n); };
    head.inputs(*range.network, all.design_count, design, in);
    for (int f = 0; f < range.network->shape.inputs; ++f)
      for (int k = 0; k < K; ++k)
        tile.for_lanes(first, [&](int lane, int point) { net.input(point, k)[f] = in[f][k][lane]; });
    head.curved([&](int m, const V& leaf) {
      tile.for_lanes(first, [&](int lane, int point) { net.leaf(point)[m] = leaf[lane]; });
    });
  }

  struct Outputs {
    typename H::Net net{};
    operator const typename H::Net &() const { return net; }
  };
  static Outputs outputs(const Net& net, const Tile& tile, int first) {
    Outputs out;
    tile.for_lanes(first, [&](int lane, int point) {
      for (int f = 0; f < H::kFields; ++f)
        for (int k = 0; k < K; ++k) out.net[f][k].set(lane, net.output(point, k)[f]);
    });
    return out;
  }
  static void set_output_bar(Net& net, const Tile& tile, int first, const typename H::Net& bar) {
    tile.for_lanes(first, [&](int lane, int point) {
      for (int f = 0; f < H::kFields; ++f)
        for (int k = 0; k < K; ++k) net.output_bar(point, k)[f] = bar[f][k][lane];
    });
  }

  static void leave(const TileRange<S>& range, const Tile& tile, int first, const H& head, Net& net) {
    const std::int64_t n = range.points->n, i = tile.at + first;
    const Outputs out = outputs(net, tile, first);
    V r[kEquations];
    typename H::Net slope[kEquations]{};
    if (range.gradient)
      head.linearise(out, r, slope);
    else
      head.residual(out, r);

    V weight = range.weights->point ? load_points(range.weights->point, i, n) : V(1);
    for (int lane = tile.points - first; lane < kLanes; ++lane) weight.set(lane, 0);
    V r_bar[kEquations];
    for (int e = 0; e < kEquations; ++e) {
      if (range.weights->target) r[e] = r[e] - load_points(range.weights->target + e * n, i, n);
      const V weighted = weight * r[e];
      range.loss[e] += double((weighted * r[e]).sum());
      r_bar[e] = range.rows_bar ? load_points(range.rows_bar + e * n, i, n)
                                : weighted * V(range.weights->equation ? 2 * range.weights->equation[e] : S(2));
      if (range.rows) store_points(r[e], range.rows + e * n, i, n);
    }
    if (!range.gradient) return;
    typename H::Net bar;
    for (int f = 0; f < H::kFields; ++f)
      for (int k = 0; k < K; ++k) {
        bar[f][k] = r_bar[0] * slope[0][f][k];
        for (int e = 1; e < kEquations; ++e) bar[f][k] = bar[f][k] + r_bar[e] * slope[e][f][k];
      }
    set_output_bar(net, tile, first, bar);
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
inline constexpr TermKernel<S> kTermKernel = [] {
  using Tiles = TermTile<Ph, Term, S>;
  using Net = typename Tiles::Net;
  TermKernel<S> kernel{
      .coords = Ph::kCoords,
      .params = Ph::kParams,
      .fields = Ph::kFields,
      .features = kFeatures<Ph>,
      .equations = kEquationsOf<Ph, Term>,
      .propagated = Net::K,
      .channels = kChannelsOf<Ph, Term>.count,
      .channel =
          [](int k, int(&coords)[kMaxOrder]) {
            int step = 0;
            for (int c = 0; c < kMaxCoords; ++c)
              for (int n = 0; n < times(kChannelsOf<Ph, Term>.derivative[k], c); ++n) coords[step++] = c;
            while (step < kMaxOrder) coords[step++] = -1;
          },
      .workspace_size = Net::workspace_size,
      .packed_size = packed_size<S>,
      .gradient_size = gradient_size<S>,
      .pack = pack_weights<S>,
      .add_gradient = add_gradient<S>,
      .tile_points = Net::points,
      .run = Tiles::run,
      .jacobian = nullptr,
      .jacobian_product = nullptr,
      .residual = residual_rows<Ph, Term, S>,
  };
  if constexpr (SameAs<S, double>) {
    kernel.jacobian = Tiles::jacobian;
    kernel.jacobian_product = Tiles::jacobian_product;
  }
  return kernel;
}();

template <class Ph, class S>
const TermKernel<S>* term_kernel_of(int term) {
  const TermKernel<S>* found = nullptr;
  int index = 0;
  const auto visit = [&]<class Term>() {
    if (index++ == term) found = &kTermKernel<Ph, Term, S>;
  };
  for_each_term<Ph>(visit);
  visit.template operator()<Answer<Ph>>();
  return found;
}

}  // namespace residua::inline RESIDUA_ISA
