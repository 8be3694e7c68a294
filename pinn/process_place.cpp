#include "pinn/process_place.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <string_view>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

/// What a starter calls rank, size and local rank, and where its first process can be met without MASTER_ADDR.
struct Starter {
  const char *rank, *size, *local_rank, *address;
  bool both;           ///< whether it always sets rank and size together, so that one alone is a mistake
  bool local = false;  ///< whether only the local rank shows that it was this one
};
constexpr Starter kStarters[] = {
    {"RANK", "WORLD_SIZE", "LOCAL_RANK", nullptr, true},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", nullptr, true},
    // Of MPICH and Intel MPI. Under srun the first two may be set as well, so the third one decides.
    {"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", nullptr, true, true},
    // The number of tasks of the step, which srun sets: that of the job stands in every batch script too.
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_LAUNCH_NODE_IPADDR", false},
};

int number_in(const Environment& environment, const char* name, int least, int most) {
  const char* text = environment(name);
  int value = 0;
  const char* end = text + std::strlen(text);
  const auto [stopped, error] = std::from_chars(text, end, value);
  if (error != std::errc{} || stopped != end || value < least || value > most)
    throw Error(fmt::format("{}: expected a whole number from {} to {}, found '{}'", name, least, most, text));
  return value;
}

bool started_by(const Starter& starter, const Environment& environment) {
  if (starter.local && !environment(starter.local_rank)) return false;
  const bool rank = environment(starter.rank), size = environment(starter.size);
  if (rank != size && starter.both)
    throw Error(fmt::format("{} is set, {} is not: expected both, as a starter of several processes sets them",
                            rank ? starter.rank : starter.size, rank ? starter.size : starter.rank));
  return rank && size;
}

}  // namespace

std::optional<ProcessPlace> place_from(const Environment& environment) {
  for (const Starter& starter : kStarters) {
    if (!started_by(starter, environment)) continue;
    constexpr int kMost = 1 << 20;
    ProcessPlace place;
    place.size = number_in(environment, starter.size, 1, kMost);
    place.rank = number_in(environment, starter.rank, 0, place.size - 1);
    if (place.size == 1) return std::nullopt;
    if (environment(starter.local_rank)) place.local_rank = number_in(environment, starter.local_rank, 0, kMost);
    if (environment("MASTER_PORT")) place.port = number_in(environment, "MASTER_PORT", 1, 65535);
    if (environment(kMeetingSocket)) place.socket = number_in(environment, kMeetingSocket, 0, kMost);
    const char* agent = environment("TORCHELASTIC_USE_AGENT_STORE");
    place.agent = agent && std::string_view(agent) == "True";
    const char* address = environment("MASTER_ADDR");
    if (!address && starter.address) address = environment(starter.address);
    if (!address)
      throw Error(fmt::format("MASTER_ADDR is not set: expected the host of the process with {} 0", starter.rank));
    place.address = address;
    return place;
  }
  return std::nullopt;
}

}  // namespace residua
