// Kernels of a physics that the toolkit does not know, compiled for a GPU on a machine that need not have one.
#include "kernels/cuda/device_compiler.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "kernels/core/error.hpp"
#include "kernels/cuda/user_device_physics.hpp"

namespace residua::cuda {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A folder with a list of physics in front of the toolkit's.
class DeviceCompiler : public ::testing::Test {
 protected:
  DeviceCompiler() {
    std::string name = (fs::temp_directory_path() / "residua_device_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    fs::create_directory(folder_ / "kernels");
    write("kernels/physics_list.hpp",
          "#pragma once\n#include <tuple>\n#include \"kernels/physics/heat.hpp\"\n"
          "namespace residua::inline RESIDUA_ISA {\nusing Registry = std::tuple<physics::Heat>;\n}\n");
  }
  ~DeviceCompiler() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  std::vector<std::string> folders() const { return {folder_, RESIDUA_SOURCE}; }

  fs::path folder_;
};

TEST_F(DeviceCompiler, CompilesEveryKernelOfAPhysicsInAHeader) {
  constexpr int kTerms = 5;  // of Heat, with its answer
  DeviceProgram program = user_program(0, kTerms, KernelKind::residuals, true);
  ASSERT_EQ(program.kernels.size(), 2 * kTerms);
  program.folders = folders();
  std::string words;
  const DeviceCode code = compile(program, words);
  EXPECT_THAT(code.image, StartsWith("\x7f"
                                     "ELF"));
  ASSERT_EQ(code.names.size(), program.kernels.size());
  for (const std::string& name : code.names) {
    EXPECT_THAT(name, AllOf(StartsWith("_Z"), HasSubstr("residual_kernel"), HasSubstr("Heat")));
    EXPECT_THAT(code.image, HasSubstr(name));
  }

  const DeviceCode again = unpacked(packed(code));
  EXPECT_EQ(again.names, code.names);
  EXPECT_EQ(again.image, code.image);
}

TEST_F(DeviceCompiler, CompilesTheFusedPassInAllArithmetics) {
  for (const KernelKind kind : {KernelKind::threads, KernelKind::tensor_cores, KernelKind::warp_groups}) {
    DeviceProgram program = user_program(0, 5, kind, false);
    program.kernels.resize(2);  // rows and gradient of the interior
    program.folders = folders();
    std::string words;
    const DeviceCode code = compile(program, words);
    EXPECT_THAT(code.names[0], AllOf(HasSubstr("fused_kernel"), HasSubstr("Lb0")));
    EXPECT_THAT(code.names[1], AllOf(HasSubstr("fused_kernel"), HasSubstr("Lb1")));
  }
}

TEST_F(DeviceCompiler, CompilesTheGaussNewtonPass) {
  constexpr int kTerms = 2;  // of which the second is taken for the answer
  DeviceProgram program = user_program(0, kTerms, KernelKind::gauss_newton, true);
  ASSERT_EQ(program.kernels.size(), 3 * kTerms);
  program.kernels.erase(program.kernels.begin(), program.kernels.begin() + 3);
  program.folders = folders();
  std::string words;
  const DeviceCode code = compile(program, words);
  const char* tiles[] = {"JacobianTile", "TangentTile", "TransposedTile"};
  for (std::size_t k = 0; k < 3; ++k)
    EXPECT_THAT(code.names[k], AllOf(HasSubstr("gauss_newton_kernel"), HasSubstr(tiles[k]), HasSubstr("Answer")));
}

TEST_F(DeviceCompiler, SaysWhereAHeaderIsWrong) {
  write("broken.hpp", "\nstatic_assert(false, \"no such kiln\");\n");
  DeviceProgram program{"#include \"broken.hpp\"\n", {}, {folder_}, "sm_90"};
  std::string words;
  try {
    compile(program, words);
    FAIL() << "expected an Error";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), AllOf(HasSubstr("broken.hpp(2)"), HasSubstr("no such kiln")));
    EXPECT_THAT(words, HasSubstr("broken.hpp(2)"));
  }
}

TEST_F(DeviceCompiler, RefusesCodeThatIsDamaged) {
  for (const char* text : {"", "2\none\n", "many\n", "99999999999\n"}) EXPECT_THROW(unpacked(text), Error) << text;
}

}  // namespace
}  // namespace residua::cuda
