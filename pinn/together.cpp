#include "pinn/together.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <thread>

#include "kernels/core/error.hpp"
#include "kernels/parallel.hpp"
#include "pinn/interrupt.hpp"
#include "pinn/process.hpp"

namespace residua {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kGrace{10};

/// A port of this machine that nobody listens at.
int free_port() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found = socket >= 0 && bind(socket, generic, length) == 0 && getsockname(socket, generic, &length) == 0;
  if (socket >= 0) close(socket);
  if (!found) throw Error("--processes: found no free port of this machine for the processes to meet at");
  return ntohs(address.sin_port);
}

std::map<pid_t, int> start_all(const std::vector<std::string>& command, int count) {
  const int port = free_port(), threads = std::max(1, default_threads() / count);
  std::map<pid_t, int> rank_of;
  for (int rank = 0; rank < count; ++rank) {
    std::vector<std::string> environment{fmt::format("RANK={}", rank), fmt::format("WORLD_SIZE={}", count),
                                         fmt::format("LOCAL_RANK={}", rank), "MASTER_ADDR=127.0.0.1",
                                         fmt::format("MASTER_PORT={}", port)};
    if (!std::getenv("OMP_NUM_THREADS")) environment.push_back(fmt::format("OMP_NUM_THREADS={}", threads));
    rank_of[start_process(command, environment, rank == 0 ? "" : "/dev/null")] = rank;
  }
  return rank_of;
}

void signal_all(const std::map<pid_t, int>& rank_of, int signal) {
  for (const auto& [id, rank] : rank_of) kill(id, signal);
}

}  // namespace

int run_together(const std::vector<std::string>& command, int count) {
  const InterruptGuard guard;
  std::map<pid_t, int> running = start_all(command, count);
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
      fmt::print(stderr, "residua: process {} of {} ended with {}: the others stop\n", found->second, count,
                 ended->code);
    } else if (ended->code && handed_on) {
      status = std::max(status, ended->code);
    }
    running.erase(found);
  }
  return status;
}

}  // namespace residua
