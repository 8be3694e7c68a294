#include "pinn/gloo.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

constexpr std::chrono::minutes kMeeting{2}, kSilence{5};

const std::string kHere = "127.0.0.1";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

class GlooProcesses : public Processes {
 public:
  explicit GlooProcesses(const ProcessPlace& place) : place_(place) {
    c10d::TCPStoreOptions meeting;
    meeting.port = std::uint16_t(place.port);
    meeting.isServer = place.rank == 0;
    meeting.masterListenFd = place.socket;
    meeting.numWorkers = std::size_t(place.size);
    meeting.timeout = kMeeting;
    store_ = c10::make_intrusive<c10d::TCPStore>(place.address, meeting);
    const auto options = c10d::ProcessGroupGloo::Options::create(kSilence);
    options->devices.push_back(place.address == kHere ? c10d::ProcessGroupGloo::createDeviceForHostname(kHere)
                                                      : c10d::ProcessGroupGloo::createDefaultDevice());
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, place.rank, place.size, options);
  }

  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }

  void sum(std::span<double> values) override {
    if (values.empty()) return;
    try {
      std::vector<at::Tensor> tensors{at::from_blob(values.data(), {std::int64_t(values.size())}, at::kDouble)};
      group_->allreduce(tensors)->wait();
    } catch (const std::exception& e) {
      throw Error(
          fmt::format("process {} of {}: another process is lost: {}", place_.rank, place_.size, first_line(e.what())));
    }
  }

 private:
  ProcessPlace place_;
  c10::intrusive_ptr<c10d::TCPStore> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

std::unique_ptr<Processes> join(const ProcessPlace& place) {
  try {
    return std::make_unique<GlooProcesses>(place);
  } catch (const std::exception& e) {
    throw Error(fmt::format("process {} of {}: cannot meet the others at {}:{} (MASTER_ADDR, MASTER_PORT): {}",
                            place.rank, place.size, place.address, place.port, first_line(e.what())));
  }
}

}  // namespace residua
