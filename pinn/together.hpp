#pragma once
#include <string>
#include <vector>

namespace residua {

/// Runs a program in so many processes on this machine, with the environment that place_from() reads; they share the
/// machine's threads. The first one speaks, the others are silent. SIGINT and SIGTERM are handed on to all. When one
/// fails, the others have ten seconds to end by themselves. Returns when all have ended: 0, or the status of the first
/// that failed (128 + the signal that ended it).
int run_together(const std::vector<std::string>& command, int count);

}  // namespace residua
