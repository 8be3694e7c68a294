#include "pinn/process_place.hpp"

#include <gmock/gmock.h>

#include <initializer_list>
#include <map>

#include "pinn/share.hpp"
#include "tests/pinn/thrown.hpp"

namespace residua {
namespace {

using ::testing::AllOf, ::testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

std::optional<ProcessPlace> place_of(const Variables& variables) {
  return place_from([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string message_for(const Variables& variables) {
  return thrown_by([&] { place_of(variables); });
}

Variables together(std::initializer_list<Variables> parts) {
  Variables all;
  for (const Variables& part : parts) all.insert(part.begin(), part.end());
  return all;
}

TEST(ProcessPlace, IsNothingWhereNoStarterIsAtWork) {
  EXPECT_FALSE(place_of({}));
  EXPECT_FALSE(place_of({{"MASTER_ADDR", "host"}}));
  EXPECT_FALSE(place_of({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}));  // the batch script itself
  EXPECT_FALSE(place_of({{"RANK", "0"}, {"WORLD_SIZE", "1"}}));
}

TEST(ProcessPlace, IsReadFromWhatEachStarterSets) {
  const Variables meeting{{"MASTER_ADDR", "n1"}, {"MASTER_PORT", "4000"}},
      torchrun{{"RANK", "3"}, {"WORLD_SIZE", "8"}, {"LOCAL_RANK", "1"}},
      open_mpi{{"OMPI_COMM_WORLD_RANK", "3"}, {"OMPI_COMM_WORLD_SIZE", "8"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "1"}},
      mpich{{"PMI_RANK", "3"}, {"PMI_SIZE", "8"}, {"MPI_LOCALRANKID", "1"}},
      slurm{{"SLURM_PROCID", "3"}, {"SLURM_STEP_NUM_TASKS", "8"}, {"SLURM_LOCALID", "1"}},
      host_of_slurm{{"SLURM_LAUNCH_NODE_IPADDR", "n1"}, {"MASTER_PORT", "4000"}},
      // srun on its own, which sets some of MPICH's variables as well; and what it sets where it starts an mpirun.
      of_both{{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}},
      slurm_around{{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "2"}, {"SLURM_LOCALID", "0"}};
  for (const Variables& variables :
       {together({torchrun, meeting}), together({open_mpi, meeting}), together({mpich, meeting}),
        together({slurm, host_of_slurm}), together({slurm, host_of_slurm, of_both}),
        together({slurm_around, mpich, meeting})}) {
    const auto place = place_of(variables);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->rank, 3);
    EXPECT_EQ(place->size, 8);
    EXPECT_EQ(place->local_rank, 1);
    EXPECT_EQ(place->address, "n1");
    EXPECT_EQ(place->port, 4000);
  }
}

TEST(ProcessPlace, KnowsWhetherAnAgentListensForTheFirstProcess) {
  Variables variables{{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "n1"}};
  EXPECT_FALSE(place_of(variables)->agent);
  for (const auto& [text, agent] : {std::pair{"False", false}, {"True", true}}) {
    variables["TORCHELASTIC_USE_AGENT_STORE"] = text;
    EXPECT_EQ(place_of(variables)->agent, agent);
  }
}

TEST(ProcessPlace, NamesTheVariableThatIsMissingOrWrong) {
  EXPECT_THAT(message_for({{"RANK", "0"}}), AllOf(HasSubstr("RANK is set"), HasSubstr("WORLD_SIZE is not")));
  EXPECT_THAT(message_for({{"WORLD_SIZE", "2"}}), AllOf(HasSubstr("WORLD_SIZE is set"), HasSubstr("RANK is not")));
  EXPECT_THAT(message_for({{"PMI_RANK", "0"}, {"MPI_LOCALRANKID", "0"}}),
              AllOf(HasSubstr("PMI_RANK is set"), HasSubstr("PMI_SIZE is not")));
  EXPECT_THAT(message_for({{"RANK", "0"}, {"WORLD_SIZE", "2"}}), HasSubstr("MASTER_ADDR is not set"));
  EXPECT_THAT(message_for({{"RANK", "2"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "n1"}}),
              AllOf(HasSubstr("RANK"), HasSubstr("from 0 to 1"), HasSubstr("'2'")));
  EXPECT_THAT(message_for({{"RANK", "one"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "n1"}}), HasSubstr("'one'"));
  EXPECT_THAT(message_for({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "n1"}, {"MASTER_PORT", "70000"}}),
              AllOf(HasSubstr("MASTER_PORT"), HasSubstr("65535"), HasSubstr("70000")));
}

TEST(ShareOf, DealsOutAllThingsOnce) {
  for (const std::int64_t n : {0, 1, 5, 64, 1001})
    for (const int size : {1, 2, 3, 7}) {
      std::int64_t next = 0;
      for (int rank = 0; rank < size; ++rank) {
        const Share share = share_of(n, rank, size);
        EXPECT_EQ(share.first, next);
        EXPECT_GE(share.count, n / size);
        EXPECT_LE(share.count, n / size + 1);
        next += share.count;
      }
      EXPECT_EQ(next, n);
    }
}

}  // namespace
}  // namespace residua
