#include "pinn/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

pid_t start_process(const std::vector<std::string>& command, const std::vector<std::string>& environment,
                    const std::filesystem::path& output) {
  const int out = output.empty() ? -1 : open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (out < 0 && !output.empty())
    throw Error(fmt::format("{}: cannot be written: {}", output.string(), std::strerror(errno)));
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  std::vector<char*> words, variables;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  for (const std::string& variable : environment) variables.push_back(const_cast<char*>(variable.c_str()));
  const pid_t parent = getpid(), child = fork();
  if (child == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // it died before it was asked for
    for (char* variable : variables) putenv(variable);
    dup2(in, STDIN_FILENO);
    if (out >= 0) {
      dup2(out, STDOUT_FILENO);
      dup2(out, STDERR_FILENO);
    }
    execv(words[0], words.data());
    _exit(127);
  }
  const int failed = errno;
  if (out >= 0) close(out);
  close(in);
  if (child < 0) throw Error(fmt::format("{}: cannot be started: {}", command.front(), std::strerror(failed)));
  return child;
}

std::optional<EndedProcess> ended_process() {
  int status = 0;
  const pid_t id = waitpid(-1, &status, WNOHANG);
  if (id <= 0) return {};
  return EndedProcess{id, code_of(status), WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

int wait_for(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0)
    if (errno != EINTR) throw Error(fmt::format("process {}: cannot be waited for: {}", process, std::strerror(errno)));
  return code_of(status);
}

std::filesystem::path this_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

}  // namespace residua
