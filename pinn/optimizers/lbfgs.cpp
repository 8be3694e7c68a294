#include "pinn/optimizers/lbfgs.hpp"

#include <ATen/ATen.h>

#include <ranges>

#include "pinn/archive.hpp"

namespace residua {

void Lbfgs::points_changed() {
  QuasiNewton::points_changed();
  forget();
}

void Lbfgs::learn(const Step& step) {
  if (pairs_.size() == history_) pairs_.pop_front();
  pairs_.push_back({step.move, step.gradient_change, step.curvature});
}

/// The two loops of Nocedal & Wright, algorithm 7.4.
at::Tensor Lbfgs::precondition(const at::Tensor& gradient) {
  at::Tensor result = gradient.clone();
  if (pairs_.empty()) return result;
  std::vector<double> share;
  for (const Pair& pair : pairs_ | std::views::reverse) {
    share.push_back(at::dot(pair.move, result).item<double>() / pair.curvature);
    result.sub_(pair.gradient_change, share.back());
  }
  const Pair& last = pairs_.back();
  result.mul_(last.curvature / last.gradient_change.square().sum().item<double>());
  for (const Pair& pair : pairs_) {
    result.add_(pair.move, share.back() - at::dot(pair.gradient_change, result).item<double>() / pair.curvature);
    share.pop_back();
  }
  return result;
}

void Lbfgs::save(OutputArchive& archive) {
  std::vector<at::Tensor> moves, changes;
  std::vector<double> curvatures;
  for (const Pair& pair : pairs_) {
    moves.push_back(pair.move);
    changes.push_back(pair.gradient_change);
    curvatures.push_back(pair.curvature);
  }
  write_value(archive, "moves", moves);
  write_value(archive, "gradient_changes", changes);
  write_value(archive, "curvatures", curvatures);
}

void Lbfgs::load(InputArchive& archive) {
  const auto moves = read_value(archive, "moves").toTensorVector();
  const auto changes = read_value(archive, "gradient_changes").toTensorVector();
  const auto curvatures = read_value(archive, "curvatures").toDoubleVector();
  pairs_.clear();
  for (std::size_t i = 0; i < moves.size(); ++i) pairs_.push_back({moves[i], changes[i], curvatures[i]});
}

}  // namespace residua
