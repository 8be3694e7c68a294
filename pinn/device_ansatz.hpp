#pragma once
#include <ATen/ATen.h>

#include <cstring>

#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/tile_plan.hpp"
#include "pinn/ansatz.hpp"

namespace residua {

/// A perceptron's kernels on a device of torch's, with memory from torch's allocator: points and weights go there with
/// every call, and answers come back; normal equations may stay. `Kernels` has the functions of
/// kernels/cuda/fused_cuda.hpp and gauss_newton_cuda.hpp as static members, less the stream, and says where its memory
/// is: `static constexpr at::DeviceType device`. The host twin in tests runs the same code.
template <class Kernels>
class DeviceAnsatz final : public Ansatz {
 public:
  explicit DeviceAnsatz(const Problem& problem)
      : problem_(problem),
        center_(here(problem.center().data(), std::int64_t(problem.center().size()))),
        scale_(here(problem.scale().data(), std::int64_t(problem.scale().size()))),
        params_(here(problem.params().data(), std::int64_t(problem.params().size()))),
        design_row_(here(problem.design_row().data(), std::int64_t(problem.design_row().size()))) {}

  void evaluate(TermId term, const Samples& samples, const double* weights, double* rows) const override {
    const Placed at(*this, samples, weights);
    const at::Tensor found = empty(problem_.equations(term.term) * samples.n);
    const Lent lent(Kernels::workspace_bytes(term, shape(), samples.n, false));
    Kernels::evaluate(term, at.network, at.points, data(found), lent.workspace());
    bring(found, rows);
  }

  void differentiate(TermId term, const Samples& samples, const double* weights, const FusedWeights<double>& by,
                     double* losses, double* gradient) const override {
    const Placed at(*this, samples, weights);
    const PlacedWeights weighed(by, problem_.equations(term.term), samples.n);
    const at::Tensor sums = empty(problem_.equations(term.term)), slope = empty(gradient ? problem_.parameters() : 0);
    const Lent lent(Kernels::workspace_bytes(term, shape(), samples.n, gradient != nullptr));
    Kernels::fused(term, at.network, at.points, weighed.by, {data(sums), gradient ? data(slope) : nullptr},
                   lent.workspace());
    bring(sums, losses);
    if (gradient) bring(slope, gradient);
  }

  void add_on_device(at::Tensor& sums, TermId term, const Samples& samples, const double* weights,
                     const FusedWeights<double>& by) const override {
    const Placed at(*this, samples, weights);
    const PlacedWeights weighed(by, problem_.equations(term.term), samples.n);
    const Lent lent(Kernels::normal_equations_bytes(term, shape(), samples.n));
    Kernels::add_normal_equations(term, at.network, at.points, weighed.by, data(sums), lent.workspace());
  }

  void add_to(NormalEquations& sums, TermId term, const Samples& samples, const double* weights,
              const FusedWeights<double>& by) const override {
    at::Tensor own = no_sums();
    add_on_device(own, term, samples, weights, by);
    sums.add_sums(own.cpu().const_data_ptr<double>());
  }

  at::Tensor no_sums() const override {
    const std::int64_t columns = problem_.parameters() + 1;
    return at::zeros({columns, columns}, options(at::kDouble));
  }

  void jacobian(TermId term, const Samples& samples, const double* weights, double* rows,
                double* residual) const override {
    const Placed at(*this, samples, weights);
    const std::int64_t count = problem_.equations(term.term) * samples.n, columns = problem_.parameters();
    const at::Tensor found = empty(count * (columns + 1));
    const Lent lent(Kernels::jacobian_bytes(term, shape(), samples.n));
    Kernels::jacobian(term, at.network, at.points, {}, {0, samples.n}, data(found), lent.workspace());
    const at::Tensor both = found.view({count, columns + 1});
    bring(both.slice(1, 0, columns).contiguous(), rows);
    if (residual) bring(both.select(1, columns).contiguous(), residual);
  }

  void jacobian_product(TermId term, const Samples& samples, const double* weights, const double* direction,
                        double* product) const override {
    const Placed at(*this, samples, weights);
    const at::Tensor along = here(direction, problem_.parameters()),
                     found = empty(problem_.equations(term.term) * samples.n);
    const Lent lent(Kernels::jacobian_bytes(term, shape(), samples.n));
    Kernels::jacobian_product(term, at.network, at.points, data(along), data(found), lent.workspace());
    bring(found, product);
  }

  void transposed_product(TermId term, const Samples& samples, const double* weights, const double* rows,
                          double* product) const override {
    const Placed at(*this, samples, weights);
    const at::Tensor by = here(rows, problem_.equations(term.term) * samples.n), found = empty(problem_.parameters());
    const Lent lent(Kernels::jacobian_bytes(term, shape(), samples.n));
    Kernels::jacobian_transposed_product(term, at.network, at.points, data(by), data(found), lent.workspace());
    bring(found, product);
  }

 private:
  /// Memory for the duration of a call: what is queued before it is freed may still use it, as torch sees to.
  class Lent {
   public:
    explicit Lent(std::size_t bytes) : bytes_(at::empty({std::int64_t(bytes)}, options(at::kByte))) {}
    cuda::Workspace workspace() const { return {bytes_.data_ptr(), std::size_t(bytes_.numel())}; }

   private:
    at::Tensor bytes_;
  };

  /// Points and weights of a call.
  struct Placed {
    at::Tensor weights, coords, design;
    Network<double> network;
    Points<double> points;

    Placed(const DeviceAnsatz& own, const Samples& samples, const double* values)
        : weights(here(values, own.problem_.parameters())),
          coords(here(samples.coords.data(), std::int64_t(samples.coords.size()))),
          design(here(samples.design.data(), std::int64_t(samples.design.size()))),
          network{own.shape(), data(weights), data(own.center_), data(own.scale_)},
          points{samples.n,
                 data(coords),
                 data(design),
                 data(own.params_),
                 own.design_row_.template const_data_ptr<int>(),
                 int(own.problem_.design().size())} {}
  };
  struct PlacedWeights {
    at::Tensor equation, point, target;
    FusedWeights<double> by;

    PlacedWeights(const FusedWeights<double>& given, std::int64_t equations, std::int64_t n) {
      const auto place = [](at::Tensor& tensor, const double* values, std::int64_t count) -> const double* {
        if (!values) return nullptr;
        tensor = here(values, count);
        return data(tensor);
      };
      by = {place(equation, given.equation, equations), place(point, given.point, n),
            place(target, given.target, equations * n)};
    }
  };

  static at::TensorOptions options(at::ScalarType type) { return at::TensorOptions(type).device(Kernels::device); }
  static at::Tensor empty(std::int64_t count) { return at::empty({count}, options(at::kDouble)); }
  static double* data(const at::Tensor& tensor) { return tensor.data_ptr<double>(); }
  template <class T>
  static at::Tensor here(const T* values, std::int64_t count) {
    at::Tensor copy = at::empty({count}, c10::CppTypeToScalarType<T>::value);
    if (count > 0) std::memcpy(copy.data_ptr(), values, std::size_t(count) * sizeof(T));
    return copy.to(Kernels::device);
  }
  static void bring(const at::Tensor& values, double* to) {
    const at::Tensor copy = values.cpu();
    std::memcpy(to, copy.const_data_ptr(), copy.nbytes());
  }

  const MlpShape& shape() const { return problem_.shape().trunk; }

  const Problem& problem_;
  at::Tensor center_, scale_, params_, design_row_;
};

}  // namespace residua
