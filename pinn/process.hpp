#pragma once
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace residua {

/// Starts a program: what it says goes to `output`, or where this process's words go if that is empty; its input is
/// empty. It runs in a process group of its own, so that a signal from the terminal does not reach it by itself, and is
/// killed when this process dies. `environment` holds NAME=VALUE that differ from this process's. Throws Error if it
/// cannot be started.
pid_t start_process(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                    const std::filesystem::path& output);

struct EndedProcess {
  pid_t id;
  int code;    ///< exit status, or 128 + the signal that ended it
  int signal;  ///< that ended it, or 0
};

/// A started process that has ended since the last call, if there is one; does not wait.
std::optional<EndedProcess> ended_process();

/// Waits for a process that start_process() has started, and returns its exit status, or 128 + the signal that ended
/// it.
int wait_for(pid_t process);

/// The file of the program that runs.
std::filesystem::path this_program();

}  // namespace residua
