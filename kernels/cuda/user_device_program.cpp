// What is asked of the compiler for a physics of the user's, and how its answer is kept.
#include "kernels/core/error.hpp"
#include "kernels/cuda/user_device_physics.hpp"

namespace residua::cuda {
namespace {

/// Calls of template kernels, their arguments as C++ writes them.
std::vector<std::string> kernels_of(KernelKind kind, bool twice, const std::string& physics, const std::string& term) {
  const std::string both = physics + ", " + term, scalar = twice ? "double" : "float";
  const auto fused = [&](const char* arithmetic) {
    const auto kernel = [&](const char* gradient) {
      return "fused_kernel<" + both + ", " + scalar + ", " + gradient + ", residua::cuda::" + arithmetic + ">";
    };
    return std::vector{kernel("false"), kernel("true")};
  };
  const auto residual = [&](const char* forward) {
    return "residual_kernel<" + both + ", " + scalar + ", " + forward + ">";
  };
  const auto gauss_newton = [&](const std::string& what) {
    return "gauss_newton_kernel<residua::cuda::" + what + "Tile<" + both + ">, residua::cuda::" + what + "Args>";
  };
  switch (kind) {
    case KernelKind::threads:
      return fused("PerThread");
    case KernelKind::tensor_cores:
      return fused(twice ? "WholeDoubles" : "SplitTf32");
    case KernelKind::warp_groups:
      return fused("WarpGroups");
    case KernelKind::residuals:
      return {residual("true"), residual("false")};
    case KernelKind::gauss_newton:
      return {gauss_newton("Jacobian"), gauss_newton("Tangent"), gauss_newton("Transposed")};
  }
  return {};
}

}  // namespace

DeviceProgram user_program(int physics, int terms, KernelKind kind, bool twice) {
  DeviceProgram program;
  if (kind == KernelKind::warp_groups) program.architecture = "sm_90a";
  program.text = "#include \"kernels/cuda/device_kernels.cuh\"\n#include \"kernels/registry.hpp\"\n";
  const std::string ph = "std::tuple_element_t<" + std::to_string(physics) + ", residua::Registry>";
  for (int t = 0; t < terms; ++t) {
    const std::string term = t + 1 == terms ? "residua::Answer<" + ph + ">"
                                            : "std::tuple_element_t<" + std::to_string(t) + ", " + ph + "::Terms>";
    for (const std::string& kernel : kernels_of(kind, twice, ph, term))
      program.kernels.push_back("residua::cuda::" + kernel);
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
