// What is asked of the compiler for a physics of the user's, and how its answer is kept.
#include "kernels/core/error.hpp"
#include "kernels/cuda/user_device_physics.hpp"

namespace residua::cuda {
namespace {

const char* arithmetic_of(KernelKind kind, bool twice) {
  return kind == KernelKind::threads ? "PerThread" : twice ? "WholeDoubles" : "SplitTf32";
}

}  // namespace

DeviceProgram user_program(int physics, int terms, KernelKind kind, bool twice) {
  DeviceProgram program;
  program.text = "#include \"kernels/cuda/device_kernels.cuh\"\n#include \"kernels/registry.hpp\"\n";
  const std::string ph = "std::tuple_element_t<" + std::to_string(physics) + ", residua::Registry>";
  const std::string scalar = twice ? "double" : "float";
  for (int t = 0; t < terms; ++t) {
    const std::string term = t + 1 == terms ? "residua::Answer<" + ph + ">"
                                            : "std::tuple_element_t<" + std::to_string(t) + ", " + ph + "::Terms>";
    for (const char* which : {"true", "false"}) {
      if (kind == KernelKind::residuals)
        program.kernels.push_back("residua::cuda::residual_kernel<" + ph + ", " + term + ", " + scalar + ", " + which +
                                  ">");
      else  // rows first
        program.kernels.push_back("residua::cuda::fused_kernel<" + ph + ", " + term + ", " + scalar + ", !" + which +
                                  ", residua::cuda::" + arithmetic_of(kind, twice) + ">");
    }
  }
  return program;
}

std::string packed(const DeviceCode& code) {
  std::string text = std::to_string(code.names.size()) + "\n";
  for (const std::string& name : code.names) text += name + "\n";
  return text + code.image;
}

DeviceCode unpacked(const std::string& text) {
  std::size_t at = 0;
  const auto line = [&] {
    const std::size_t end = text.find('\n', at);
    if (end == text.npos) throw Error("cuda: compiled kernels in the cache are damaged: expected lines of names");
    std::string found = text.substr(at, end - at);
    at = end + 1;
    return found;
  };
  const std::string count = line();
  if (count.empty() || count.size() > 4 || count.find_first_not_of("0123456789") != count.npos)
    throw Error("cuda: compiled kernels in the cache are damaged: expected how many there are");
  DeviceCode code;
  for (int k = std::stoi(count); k > 0; --k) code.names.push_back(line());
  code.image = text.substr(at);
  return code;
}

}  // namespace residua::cuda
