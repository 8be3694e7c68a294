#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

// The agent of torchrun listens at MASTER_PORT itself, so that no process can.
TEST(ProcessGroup, MeetsAtTheStoreOfAnAgentThatListensAlready) {
  const TemporaryFolder folder;
  std::ofstream(folder / "run.toml") << "physics = 'heat_rod'\n[network]\nwidth = 8\ndepth = 2\n"
                                        "[[stage]]\noptimizer = 'adam'\nsteps = 3\n";
  c10d::TCPStoreOptions options;
  options.port = 0;  // any that is free
  options.isServer = true;
  options.waitWorkers = false;
  const c10d::TCPStore agent("127.0.0.1", options);
  const std::string process = "'" RESIDUA_PROGRAM "' train run.toml -q -o run >/dev/null";
  const std::string started = "cd '" + folder.path().string() +
                              "' && export TORCHELASTIC_USE_AGENT_STORE=True WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 "
                              "MASTER_PORT=" +
                              std::to_string(agent.getPort()) + " && { RANK=1 " + process + " & RANK=0 " + process +
                              " && wait $!; }";
  ASSERT_EQ(std::system(started.c_str()), 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "run/surrogate.h5"));
}

}  // namespace
}  // namespace residua
