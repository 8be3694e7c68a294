#include "pinn/process_group.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "kernels/core/error.hpp"
#include "pinn/nccl.hpp"
#include "pinn/ops.hpp"

namespace residua {
namespace {

constexpr std::chrono::minutes kMeeting{2}, kSilence{5};

const std::string kHere = "127.0.0.1";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

class GroupProcesses : public Processes {
 public:
  /// A group that exchanges tensors of this device.
  GroupProcesses(const ProcessPlace& place, c10::intrusive_ptr<c10d::Backend> group, at::Device device)
      : place_(place), group_(std::move(group)), device_(device) {}

  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }

  void sum(std::span<double> values) override {
    if (values.empty()) return;
    try {
      const at::Tensor host = at::from_blob(values.data(), {std::int64_t(values.size())}, at::kDouble);
      std::vector<at::Tensor> tensors{host.to(device_)};  // the same memory, if that is the host
      group_->allreduce(tensors)->wait();
      host.copy_(tensors[0]);
    } catch (const std::exception& e) {
      throw Error(
          fmt::format("process {} of {}: another process is lost: {}", place_.rank, place_.size, first_line(e.what())));
    }
  }

 private:
  ProcessPlace place_;
  c10::intrusive_ptr<c10d::Backend> group_;
  at::Device device_;
};

c10::intrusive_ptr<c10d::Store> meet(const ProcessPlace& place) {
  c10d::TCPStoreOptions meeting;
  meeting.port = std::uint16_t(place.port);
  meeting.isServer = place.rank == 0 && !place.agent;
  meeting.masterListenFd = place.socket;
  meeting.numWorkers = std::size_t(place.size);
  meeting.timeout = kMeeting;
  return c10::make_intrusive<c10d::TCPStore>(place.address, meeting);
}

c10::intrusive_ptr<c10d::Backend> gloo_group(const c10::intrusive_ptr<c10d::Store>& store, const ProcessPlace& place) {
  const auto options = c10d::ProcessGroupGloo::Options::create(kSilence);
  options->devices.push_back(place.address == kHere ? c10d::ProcessGroupGloo::createDeviceForHostname(kHere)
                                                    : c10d::ProcessGroupGloo::createDefaultDevice());
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.size, options);
}

}  // namespace

std::unique_ptr<Processes> join(const ProcessPlace& place, bool cuda) {
  const auto nccl_group = reinterpret_cast<MakeNcclGroup*>(cuda ? ops::cuda_function(kMakeNcclGroup) : nullptr);
  try {
    const auto store = meet(place);
    if (!nccl_group) return std::make_unique<GroupProcesses>(place, gloo_group(store, place), at::kCPU);
    auto group = c10::intrusive_ptr<c10d::Backend>::reclaim(nccl_group(store, place.rank, place.size, kSilence));
    return std::make_unique<GroupProcesses>(place, std::move(group), at::kCUDA);
  } catch (const std::exception& e) {
    throw Error(fmt::format("process {} of {}: cannot meet the others at {}:{} (MASTER_ADDR, MASTER_PORT): {}",
                            place.rank, place.size, place.address, place.port, first_line(e.what())));
  }
}

}  // namespace residua
