#include "pinn/together.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <thread>
#include <utility>

#include "datasets/open_file.hpp"
#include "kernels/core/error.hpp"
#include "kernels/parallel.hpp"
#include "pinn/interrupt.hpp"
#include "pinn/process.hpp"
#include "pinn/process_place.hpp"

namespace residua {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kGrace{10};

/// A port of this machine that nobody else can have any more, for the processes to meet at.
struct MeetingPoint {
  Descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int port = 0;

  MeetingPoint() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (socket.id() < 0 || bind(socket.id(), generic, length) != 0 || getsockname(socket.id(), generic, &length) != 0)
      throw Error("--processes: found no free port of this machine for the processes to meet at");
    port = ntohs(address.sin_port);
  }
};

/// One of the processes, and what it says if it is none that speaks to the user.
struct Member {
  int rank;
  Descriptor said;

  std::string path_of_said() const { return rank == 0 ? "" : fmt::format("/proc/self/fd/{}", said.id()); }

  std::string last_words() const {
    std::string text(4096, '\0');
    const off_t size = rank == 0 ? 0 : lseek(said.id(), 0, SEEK_END);
    const ssize_t read = size > 0 ? pread(said.id(), text.data(), text.size(), std::max<off_t>(0, size - 4096)) : 0;
    text.resize(std::size_t(std::max<ssize_t>(0, read)));
    while (text.ends_with('\n')) text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }
};

using Crew = std::map<pid_t, Member>;

Crew start_all(const std::vector<std::string>& command, int count) {
  const MeetingPoint meeting;
  const int threads = std::max(1, default_threads() / count);
  Crew crew;
  for (int rank = 0; rank < count; ++rank) {
    std::vector<std::string> environment{fmt::format("RANK={}", rank), fmt::format("WORLD_SIZE={}", count),
                                         fmt::format("LOCAL_RANK={}", rank), "MASTER_ADDR=127.0.0.1",
                                         fmt::format("MASTER_PORT={}", meeting.port)};
    if (!std::getenv("OMP_NUM_THREADS")) environment.push_back(fmt::format("OMP_NUM_THREADS={}", threads));
    if (rank == 0) environment.push_back(fmt::format("{}={}", kMeetingSocket, meeting.socket.id()));
    fcntl(meeting.socket.id(), F_SETFD, rank == 0 ? 0 : FD_CLOEXEC);  // inherited by the first alone
    Member member{rank, Descriptor(rank == 0 ? -1 : memfd_create("said", MFD_CLOEXEC))};
    crew.emplace(start_process(command, environment, member.path_of_said()), std::move(member));
  }
  return crew;
}

void signal_all(const Crew& crew, int signal) {
  for (const auto& [id, member] : crew) kill(id, signal);
}

}  // namespace

int run_together(const std::vector<std::string>& command, int count) {
  const InterruptGuard guard;
  Crew running = start_all(command, count);
  int status = 0, handed_on = 0;
  Clock::time_point last_moment = Clock::time_point::max();
  while (!running.empty()) {
    if (const int signal = InterruptGuard::signal(); signal && !handed_on) signal_all(running, handed_on = signal);
    if (Clock::now() > last_moment) signal_all(running, SIGKILL);
    const auto ended = ended_process();
    if (!ended) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    const auto found = running.find(ended->id);
    if (found == running.end()) continue;
    if (ended->code && !status && !handed_on) {
      status = ended->code;
      last_moment = Clock::now() + kGrace;
      const std::string words = found->second.last_words();
      fmt::print(stderr, "residua: process {} of {} ended with {}{}{}: the others stop\n", found->second.rank, count,
                 ended->code, words.empty() ? "" : ", after ", words);
    } else if (ended->code && handed_on) {
      status = std::max(status, ended->code);
    }
    running.erase(found);
  }
  return status;
}

}  // namespace residua
