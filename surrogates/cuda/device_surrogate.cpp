#include "surrogates/cuda/device_surrogate.hpp"

#include <cuda_runtime_api.h>

#include <string>
#include <vector>

#include "kernels/core/error.hpp"
#include "kernels/cuda/device_array.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "surrogates/cuda/batch_kernels.hpp"
#include "surrogates/cuda/batch_tables.hpp"
#include "surrogates/engine.hpp"
#include "surrogates/file.hpp"

namespace residua {
namespace {

std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

/// The parts of a model on the device, in the precision S.
template <class S>
class OnDevice {
 public:
  OnDevice(const Model& model, const std::string& where) : OnDevice(cuda::BatchTables<S>::of(model, where)) {
    answer_ = find_term(model.card.physics, "answer");
  }

  std::size_t workspace_bytes(std::int64_t n) const { return parts(n).bytes; }

  template <class Io>
  void predict(std::int64_t n, const Io* in, Io* out, Status* each, cuda::Workspace workspace,
               cuda::Stream stream) const {
    const Parts at = parts(n);
    if (workspace.bytes < at.bytes)
      throw Error("DeviceSurrogate: workspace of " + std::to_string(workspace.bytes) + " bytes, expected " +
                  std::to_string(at.bytes) + " (workspace_bytes() says how many)");
    auto* memory = static_cast<unsigned char*>(workspace.data);
    const cuda::Batch<S, Io> batch{model_,
                                   n,
                                   in,
                                   out,
                                   each,
                                   reinterpret_cast<S*>(memory),
                                   reinterpret_cast<S*>(memory + at.rows),
                                   reinterpret_cast<Status*>(memory + at.entered)};
    run_batch(batch, Queue{answer_, {memory + at.fused, at.bytes - at.fused}, stream});
  }

 private:
  /// Where the workspace keeps what; the dimensionless inputs come first.
  struct Parts {
    std::size_t rows, entered, fused, bytes;
  };

  /// Runs the steps of a batch on a stream.
  struct Queue {
    TermId answer;
    cuda::Workspace workspace;
    cuda::Stream stream;

    template <class Io>
    void enter(const cuda::Batch<S, Io>& batch) const {
      cuda::enter(batch, stream);
    }
    void evaluate(const Network<S>& network, const Points<S>& points, S* rows) const {
      cuda::evaluate(answer, network, points, rows, workspace, stream);
    }
    template <class Io>
    void leave(const cuda::Batch<S, Io>& batch) const {
      cuda::leave(batch, stream);
    }
  };

  explicit OnDevice(const cuda::BatchTables<S>& t)
      : model_(t.sizes),
        weights_(t.weights),
        center_(t.center),
        scale_(t.scale),
        params_(t.params),
        design_row_(t.design_row),
        ranges_(t.ranges),
        output_units_(t.output_units),
        seams_(t.seams) {
    model_.weights = weights_.data();
    model_.center = center_.data();
    model_.scale = scale_.data();
    model_.params = params_.data();
    model_.design_row = design_row_.data();
    model_.ranges = ranges_.data();
    model_.output_units = output_units_.data();
    model_.seams = seams_.data();
  }

  Parts parts(std::int64_t n) const {
    const auto points = std::size_t(n), networks = std::size_t(model_.members) * std::size_t(model_.windows);
    Parts at{};
    at.rows = aligned(std::size_t(model_.inputs) * points * sizeof(S));
    at.entered = at.rows + aligned(networks * std::size_t(model_.outputs) * points * sizeof(S));
    at.fused = at.entered + aligned(points * sizeof(Status));
    at.bytes = at.fused + cuda::workspace_bytes<S>(answer_, model_.shape, n, false);
    return at;
  }

  cuda::BatchModel<S> model_;
  TermId answer_;
  cuda::DeviceArray<S> weights_, center_, scale_, params_;
  cuda::DeviceArray<int> design_row_;
  cuda::DeviceArray<InputRange> ranges_;
  cuda::DeviceArray<double> output_units_, seams_;
};

}  // namespace

struct DeviceSurrogate::Impl {
  Card card;
  std::unique_ptr<const OnDevice<float>> single;  // one of the two
  std::unique_ptr<const OnDevice<double>> twice;

  Impl(const Model& model, const std::string& where) : card(model.card) {
    if (!cuda::available())
      throw Error(where + ": cannot go to a GPU: expected one of compute capability 9.0 or later, and its driver");
    if (model.precision == Precision::float32)
      single = std::make_unique<const OnDevice<float>>(model, where);
    else
      twice = std::make_unique<const OnDevice<double>>(model, where);
    run_self_test(model, where);
  }

  template <class Use>
  auto with(Use&& use) const {
    return single ? use(*single) : use(*twice);
  }

 private:
  void run_self_test(const Model& model, const std::string& where) const {
    const SelfTest& test = model.self_test;
    const std::size_t n = test.points, outputs = card.outputs.size();
    cuda::DeviceArray<double> in(test.inputs), out(outputs * n);
    const std::size_t bytes = with([&](const auto& on) { return on.workspace_bytes(std::int64_t(n)); });
    cuda::DeviceArray<unsigned char> workspace(bytes);
    with([&](const auto& on) {
      on.predict(std::int64_t(n), static_cast<const double*>(in.data()), out.data(), static_cast<Status*>(nullptr),
                 {workspace.data(), bytes}, nullptr);
    });
    cuda::check(cudaDeviceSynchronize(), "self-test of a surrogate");
    expect_as_recorded(model, out.host(), where + ": on the GPU");
  }
};

DeviceSurrogate::DeviceSurrogate(const std::filesystem::path& file, const LoadOptions& options)
    : impl_(std::make_unique<const Impl>(load(file, options), file.string())) {}
DeviceSurrogate::DeviceSurrogate(DeviceSurrogate&&) noexcept = default;
DeviceSurrogate& DeviceSurrogate::operator=(DeviceSurrogate&&) noexcept = default;
DeviceSurrogate::~DeviceSurrogate() = default;

const Card& DeviceSurrogate::card() const noexcept { return impl_->card; }

std::size_t DeviceSurrogate::workspace_bytes(std::size_t n) const {
  return impl_->with([&](const auto& on) { return on.workspace_bytes(std::int64_t(n)); });
}

void DeviceSurrogate::predict(std::size_t n, const float* in, float* out, Status* each, void* workspace,
                              std::size_t bytes, CUstream_st* stream) const {
  impl_->with([&](const auto& on) { on.predict(std::int64_t(n), in, out, each, {workspace, bytes}, stream); });
}
void DeviceSurrogate::predict(std::size_t n, const double* in, double* out, Status* each, void* workspace,
                              std::size_t bytes, CUstream_st* stream) const {
  impl_->with([&](const auto& on) { on.predict(std::int64_t(n), in, out, each, {workspace, bytes}, stream); });
}

}  // namespace residua
