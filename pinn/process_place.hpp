#pragma once
#include <functional>
#include <optional>
#include <string>

namespace residua {

/// Where a process stands among those that were started together, and where they meet.
struct ProcessPlace {
  int rank = 0, size = 1;
  int local_rank = 0;   ///< among those on its machine
  std::string address;  ///< host of the first process
  int port = 29500;     ///< at which it listens
  /// A socket bound to that port, from the one who started this first process; so nobody else can take the port
  /// before it listens.
  std::optional<int> socket;
  bool agent = false;  ///< whether the starter itself listens there, as torchrun's agent does
};

inline constexpr const char* kMeetingSocket = "RESIDUA_MEETING_SOCKET";

/// The value of a variable of the environment, or null.
using Environment = std::function<const char*(const char* name)>;

/// The place that torchrun (RANK, WORLD_SIZE, LOCAL_RANK), srun of Slurm (SLURM_PROCID, SLURM_STEP_NUM_TASKS,
/// SLURM_LOCALID), mpirun of Open MPI (OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK) or mpirun of MPICH and Intel MPI
/// (PMI_RANK, PMI_SIZE, MPI_LOCALRANKID) gave to this process; they meet at MASTER_ADDR and MASTER_PORT;
/// RESIDUA_MEETING_SOCKET, if set, is the number of that socket; TORCHELASTIC_USE_AGENT_STORE=True says that an agent
/// listens. Nothing if none of them started it, or if it is alone.
/// Throws Error that names the variable if one is missing or makes no sense.
std::optional<ProcessPlace> place_from(const Environment& environment);

}  // namespace residua
