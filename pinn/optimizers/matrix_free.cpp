#include "pinn/optimizers/matrix_free.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>

namespace residua {
namespace {

int geti(const char* n, int d) { const char* s = std::getenv(n); return s ? std::atoi(s) : d; }
double getd(const char* n, double d) { const char* s = std::getenv(n); return s ? std::atof(s) : d; }
const int kRank = geti("R_RANK", 100);
const int kMost = geti("R_MOST", 300);
const int kWindow = geti("R_WINDOW", 5);
const double kForcing = getd("R_FORCING", 1e-2);
const int kPre = geti("R_PRE", 0);  // 0 nystrom 1 diag 2 neuron blocks 3 none
constexpr double kLeast = 1e-16;
constexpr std::int64_t kBlock = 512;
constexpr std::uint64_t kSeed = 1;
double t_sketch, t_svd, t_cg;
double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
at::Tensor diag_;
std::vector<at::Tensor> blocks_;
std::vector<at::Tensor> values_, vectors_;
}  // namespace

MatrixFreeLoss::MatrixFreeLoss(std::int64_t parameters)
    : test_(Nystrom::test_matrix(parameters, std::min<std::int64_t>(kRank, parameters), kSeed)) {}

double MatrixFreeLoss::linearise(Objective& objective, const at::Tensor& weights, double) {
  objective_ = &objective;
  weights_ = weights;
  iterations_ = 0;
  const std::int64_t n = weights.numel();
  const double t0 = now();
  gradient_ = at::zeros({n}, at::kDouble);
  at::Tensor sketch = at::zeros_like(test_);
  diag_ = at::zeros({n}, at::kDouble);
  const MlpShape& shape = objective.shape();
  if (kPre == 2) {
    blocks_.clear();
    for (int l = 0; l < shape.layers(); ++l) {
      blocks_.push_back(at::zeros({shape.fan_out(l), shape.fan_in(l) + 1, shape.fan_in(l) + 1}, at::kDouble));
    }
  }
  const double loss = objective.for_rows(weights.const_data_ptr<double>(), kBlock, [&](const at::Tensor& rows) {
    const at::Tensor j = rows.slice(1, 0, n);
    gradient_.addmv_(j.t(), rows.select(1, n));
    if (kPre == 0) sketch.addmm_(j.t(), at::mm(j, test_));
    if (kPre == 1) diag_ += j.square().sum(0);
    if (kPre == 2)
      for (int l = 0; l < shape.layers(); ++l) {
        const std::int64_t in = shape.fan_in(l), out = shape.fan_out(l), at = shape.offset(l);
        const at::Tensor w = j.narrow(1, at, out * in).reshape({-1, out, in}).permute({1, 0, 2});
        const at::Tensor b = j.narrow(1, at + out * in, out).reshape({-1, out, 1}).permute({1, 0, 2});
        const at::Tensor m = at::cat({w, b}, 2);
        blocks_[std::size_t(l)] += at::bmm(m.transpose(1, 2), m);
      }
  });
  const double t1 = now();
  if (kPre == 0) preconditioner_ = Nystrom(test_, sketch);
  if (kPre == 2) {
    values_.clear(); vectors_.clear();
    for (auto& b : blocks_) {
      auto [v, q] = at::linalg_eigh(b);
      values_.push_back(v.clamp_min(0));
      vectors_.push_back(q);
    }
  }
  t_sketch += t1 - t0;
  t_svd += now() - t1;
  return loss;
}

double MatrixFreeLoss::least_damping() const { return kPre == 0 ? kLeast * preconditioner_.values()[0].item<double>() : 1e-14; }

at::Tensor pre(const Nystrom& ny, const MlpShape& shape, const at::Tensor& s, double damping) {
  if (kPre == 0) return ny.solve(s, damping);
  if (kPre == 1) return s / (diag_ + damping);
  if (kPre == 2) {
    std::vector<at::Tensor> parts;
    for (int l = 0; l < shape.layers(); ++l) {
      const std::int64_t in = shape.fan_in(l), out = shape.fan_out(l), at = shape.offset(l);
      const at::Tensor w = s.narrow(0, at, out * in).view({out, in, 1}), b = s.narrow(0, at + out * in, out).view({out, 1, 1});
      const at::Tensor m = at::cat({w, b}, 1);
      const auto& q = vectors_[std::size_t(l)];
      const at::Tensor y = at::bmm(q, at::bmm(q.transpose(1, 2), m) / (values_[std::size_t(l)] + damping).unsqueeze(2));
      parts.push_back(y.slice(1, 0, in).reshape({-1}));
      parts.push_back(y.slice(1, in).reshape({-1}));
    }
    return at::cat(parts);
  }
  return s;
}

std::optional<Move> MatrixFreeLoss::solve(double damping) {
  damping_ = damping;
  const Solution found = conjugate_gradients(-gradient_);
  return Move{found.x, -(2 * at::dot(found.x, gradient_) + found.along.square().sum()).item<double>()};
}

at::Tensor MatrixFreeLoss::solve_again(const at::Tensor& right) { return conjugate_gradients(right).x; }

MatrixFreeLoss::Solution MatrixFreeLoss::conjugate_gradients(const at::Tensor& right) {
  const double t0 = now();
  const double* w = weights_.const_data_ptr<double>();
  at::Tensor x = at::zeros_like(right), along, left = right;
  at::Tensor z = pre(preconditioner_, objective_->shape(), left, damping_), p = z;
  double square = at::dot(left, z).item<double>(), total = 0;
  std::deque<double> gains;
  int k = 0;
  for (; k < kMost; ++k) {
    if (!(square > 0)) break;
    const at::Tensor q = objective_->jacobian_product(w, p);
    const double step = square / (q.square().sum() + damping_ * p.square().sum()).item<double>();
    x.add_(p, step);
    along = along.defined() ? along.add_(q, step) : step * q;
    ++iterations_;
    const double gain = step * square;
    total += gain;
    gains.push_back(gain);
    if (int(gains.size()) > kWindow) gains.pop_front();
    double recent = 0;
    for (double g : gains) recent += g;
    if (k >= kWindow && recent < kForcing * total) break;
    left = right - objective_->transposed_product(w, along) - damping_ * x;
    z = pre(preconditioner_, objective_->shape(), left, damping_);
    const double next = at::dot(left, z).item<double>();
    p = z + (next / square) * p;
    square = next;
  }
  t_cg += now() - t0;
  if (geti("R_SAY", 0)) fmt::print(stderr, "cg {} its damping {:.1e} sketch {:.2f} svd {:.2f} cg {:.2f}\n", k, damping_, t_sketch, t_svd, t_cg);
  return {x, along};
}

std::string MatrixFreeLoss::effort() const { return fmt::format(" products={}", 2 * iterations_); }

}  // namespace residua
