#pragma once
#include <cmath>
#include <vector>

#include "kernels/cuda/fused_tile.hpp"
#include "kernels/cuda/gauss_newton_plan.hpp"
#include "kernels/cuda/gauss_newton_tile.hpp"
#include "kernels/cuda/gram_tile.hpp"
#include "tests/kernels/cuda_twin.hpp"

namespace residua::testing_support {

/// A few numbers between -1 and 1, none the same.
inline std::vector<double> some_values(std::size_t count, double step) {
  std::vector<double> values;
  for (std::size_t k = 0; k < count; ++k) values.push_back(std::sin(step * double(k) + 1));
  return values;
}

/// Doubles that start as NaN and are watched for writes beyond their end.
class GuardedDoubles {
 public:
  explicit GuardedDoubles(std::size_t count) : count_(count), bytes_(count * sizeof(double)) {}
  double* data() { return reinterpret_cast<double*>(bytes_.data()); }
  std::vector<double> values() {
    if (!bytes_.intact()) throw std::logic_error("a block wrote beyond its results");
    return {data(), data() + count_};
  }

 private:
  std::size_t count_;
  GuardedBytes bytes_;
};

/// The Gauss-Newton kernels on the host, block after block, for one problem.
template <class Ph, class Term, class Arithmetic = cuda::WholeDoubles>
class GaussNewtonTwin {
 public:
  static constexpr int E = kEquationsOf<Ph, Term>;

  explicit GaussNewtonTwin(const Problem<Ph>& q, const TwinOptions& options = {})
      : q_(q), cast_(q), options_(options), parameters_(q.shape.parameters()) {}

  /// Rows of sqrt(W) (J r) for a range of points, [E * points][parameters + 1].
  std::vector<double> jacobian(cuda::PointRange range) {
    const std::int64_t count = range.last - range.first;
    const cuda::TilePlan plan = this->plan(count, cuda::Pass::jacobian);
    GuardedBytes workspace(plan.bytes);
    GuardedDoubles rows(std::size_t(E * count * (parameters_ + 1)));
    write_jacobian({args(plan, workspace), range, rows.data(), parameters_ + 1}, workspace);
    return rows.values();
  }
  std::vector<double> jacobian() { return jacobian({0, q_.n}); }

  /// Sums of (J r)^T W (J r) as [parameters + 1][parameters + 1]: the upper triangle, with NaN below it.
  std::vector<double> normal_equations(std::int64_t chunk = cuda::kChunkPoints) {
    const auto plan = cuda::NormalPlan::of(q_.shape, kPropagation.count(), kPropagation.curved, E, q_.n,
                                           options_.shared_limit, chunk, options_.max_blocks);
    const std::int64_t columns = parameters_ + 1;
    GuardedDoubles sums(std::size_t(columns * columns));
    for (std::int64_t i = 0; i < columns; ++i) std::fill_n(sums.data() + i * columns + i, columns - i, 0.0);
    GuardedBytes workspace(plan.bytes);
    auto* rows = reinterpret_cast<double*>(workspace.data() + plan.rows_at);
    plan.for_chunks(q_.n, [&](cuda::PointRange range) {
      write_jacobian({args(plan.tiles, workspace), range, rows, plan.stride}, workspace);
      add_gram({rows, E * (range.last - range.first), plan.stride, columns, sums.data()}, options_.backward);
    });
    return sums.values();
  }

  /// J direction, [E][n].
  std::vector<double> product(const std::vector<double>& direction) {
    const cuda::TilePlan plan = this->plan(q_.n, cuda::Pass::tangent);
    GuardedBytes workspace(plan.bytes);
    GuardedDoubles product(std::size_t(E * q_.n));
    run<cuda::TangentTile<Ph, Term, Arithmetic>>(
        cuda::TangentArgs{args(plan, workspace), direction.data(), product.data()}, workspace);
    return product.values();
  }

  /// The transpose of J times rows [E][n].
  std::vector<double> transposed_product(const std::vector<double>& rows) {
    const cuda::TilePlan plan = this->plan(q_.n, cuda::Pass::gradient);
    GuardedBytes workspace(plan.bytes);
    run<cuda::TransposedTile<Ph, Term, Arithmetic>>(cuda::TransposedArgs{args(plan, workspace), rows.data()},
                                                    workspace);
    GuardedDoubles product{std::size_t(parameters_)};
    const auto* sums = reinterpret_cast<const double*>(workspace.data() + plan.gradient_at);
    double storage[cuda::kThreads];
    for (std::int64_t k = 0; k * cuda::kLanes < parameters_; ++k)
      cuda::sum_partials(cuda::HostBlock{options_.backward}, k, sums, plan.blocks, parameters_, product.data(),
                         storage);
    return product.values();
  }

  static void add_gram(const cuda::GramArgs& args, bool backward) {
    for (std::int64_t b = 0; b < cuda::GramTile::blocks(args.columns); ++b) {
      GuardedBytes shared(sizeof(cuda::GramTile::Storage));
      auto& storage = *reinterpret_cast<cuda::GramTile::Storage*>(shared.data());
      cuda::GramTile(args, storage, b).run(cuda::HostBlock{backward});
      if (!shared.intact()) throw std::logic_error("a block wrote beyond its shared memory");
    }
  }

 private:
  static constexpr Propagation kPropagation = kCollapse<Ph, Term>.propagation;

  cuda::TilePlan plan(std::int64_t n, cuda::Pass pass) const {
    return cuda::TilePlan::of<double>(q_.shape, kPropagation.count(), kPropagation.curved, E, n, pass,
                                      options_.shared_limit, options_.max_blocks);
  }
  cuda::TileArgs<double> args(const cuda::TilePlan& plan, GuardedBytes& workspace) const {
    return {cast_.network, cast_.points, cast_.fused_weights, plan, workspace.data()};
  }
  void write_jacobian(const cuda::JacobianArgs& args, GuardedBytes& workspace) const {
    run<cuda::JacobianTile<Ph, Term, Arithmetic>>(args, workspace);
  }

  template <class Tile, class Args>
  void run(const Args& args, GuardedBytes& workspace) const {
    for (int b = 0; b < args.plan.blocks; ++b) {
      GuardedBytes shared(args.plan.shared_bytes);
      const auto store = cuda::BlockStorage<double>::of(args, E, b, shared.data());
      Tile(args, store).run(cuda::HostBlock{options_.backward}, b);
      if (!shared.intact()) throw std::logic_error("a block wrote beyond its shared memory");
    }
    if (!workspace.intact()) throw std::logic_error("a block wrote beyond the workspace");
  }

  const Problem<Ph>& q_;
  Cast<double, Ph> cast_;
  TwinOptions options_;
  std::int64_t parameters_;
};

}  // namespace residua::testing_support
