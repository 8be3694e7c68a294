#include "kernels/cuda/device_compiler.hpp"

#include <nvrtc.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "kernels/core/error.hpp"

namespace residua::cuda {
namespace {

/// A standard header that kernels include, and what NVRTC finds in its place: it has no standard library of its own.
struct StandardHeader {
  const char *name, *text;
};
constexpr StandardHeader kStandard[] = {
    {"algorithm",
     "#include <cuda/std/__algorithm_>\n#include <cuda/std/initializer_list>\nnamespace std { using namespace "
     "cuda::std; }\n"},
    {"array", "#include <cuda/std/array>\nnamespace std { using namespace cuda::std; }\n"},
    {"cmath", "#include <cuda/std/cmath>\nnamespace std { using namespace cuda::std; }\n"},
    {"cstddef", "#include <cuda/std/cstddef>\nnamespace std { using namespace cuda::std; }\n"},
    {"cstdint", "#include <cuda/std/cstdint>\nnamespace std { using namespace cuda::std; }\n"},
    {"cstring", "#include <cuda/std/cstring>\nnamespace std { using namespace cuda::std; }\n"},
    {"iterator", "#include <cuda/std/iterator>\nnamespace std { using namespace cuda::std; }\n"},
    {"limits", "#include <cuda/std/limits>\nnamespace std { using namespace cuda::std; }\n"},
    {"numbers", "#include <cuda/std/numbers>\nnamespace std { using namespace cuda::std; }\n"},
    {"tuple", "#include <cuda/std/tuple>\nnamespace std { using namespace cuda::std; }\n"},
    {"type_traits", "#include <cuda/std/type_traits>\nnamespace std { using namespace cuda::std; }\n"},
    {"utility", "#include <cuda/std/utility>\nnamespace std { using namespace cuda::std; }\n"},
    // Names and functions of the host stand in the same headers; on a GPU nobody asks for them.
    {"string_view",
     "#pragma once\n#include <cuda/std/cstddef>\nnamespace std {\nusing namespace cuda::std;\nstruct string_view {\n"
     "  constexpr string_view() = default;\n  constexpr string_view(const char* text) : text_(text) {}\n"
     "  const char* text_ = \"\";\n};\n}\n"},
    {"string", "#pragma once\nnamespace std { class string; }\n"},
    {"vector", "#pragma once\nnamespace std { template <class T> class vector; }\n"},
};

void check(nvrtcResult result, const char* what) {
  if (result != NVRTC_SUCCESS) throw Error(std::string("cuda: ") + what + " failed: " + nvrtcGetErrorString(result));
}

/// The folders of the toolkit's headers, among them libcu++'s.
std::vector<std::string> toolkit_folders() {
  const char* given = std::getenv("CUDA_HOME");
  const std::filesystem::path include = given ? std::filesystem::path(given) / "include" : RESIDUA_CUDA_INCLUDE;
  if (!std::filesystem::exists(include / "cccl"))
    throw Error("cuda: " + include.string() +
                ": expected the headers of a CUDA 13 toolkit there, which physics of a "
                "user's header are compiled with; set CUDA_HOME to where it is");
  return {include / "cccl", include};
}

class Program {
 public:
  explicit Program(const DeviceProgram& program) : names_(program.kernels) {
    std::vector<const char*> texts, names;
    for (const auto& [name, text] : kStandard) {
      names.push_back(name);
      texts.push_back(text);
    }
    check(nvrtcCreateProgram(&program_, program.text.c_str(), "kernels.cu", int(texts.size()), texts.data(),
                             names.data()),
          "nvrtcCreateProgram");
    for (const std::string& name : names_)
      check(nvrtcAddNameExpression(program_, name.c_str()), "nvrtcAddNameExpression");
  }
  Program(const Program&) = delete;
  ~Program() { nvrtcDestroyProgram(&program_); }

  /// Whether it compiles.
  bool compile(const std::vector<std::string>& options) {
    std::vector<const char*> words;
    for (const std::string& option : options) words.push_back(option.c_str());
    const nvrtcResult result = nvrtcCompileProgram(program_, int(words.size()), words.data());
    if (result != NVRTC_SUCCESS && result != NVRTC_ERROR_COMPILATION) check(result, "nvrtcCompileProgram");
    return result == NVRTC_SUCCESS;
  }
  std::string words() const { return read(nvrtcGetProgramLogSize, nvrtcGetProgramLog); }
  DeviceCode code() const {
    DeviceCode code{read(nvrtcGetCUBINSize, nvrtcGetCUBIN), {}};
    for (const std::string& name : names_) {
      const char* lowered = nullptr;
      check(nvrtcGetLoweredName(program_, name.c_str(), &lowered), "nvrtcGetLoweredName");
      code.names.emplace_back(lowered);
    }
    return code;
  }

 private:
  std::string read(nvrtcResult (*size_of)(nvrtcProgram, std::size_t*), nvrtcResult (*get)(nvrtcProgram, char*)) const {
    std::size_t size = 0;
    check(size_of(program_, &size), "NVRTC");
    std::string bytes(size, '\0');
    check(get(program_, bytes.data()), "NVRTC");
    return bytes;
  }

  nvrtcProgram program_ = nullptr;
  std::vector<std::string> names_;
};

std::string first_complaint(const std::string& words) {
  std::istringstream lines(words);
  for (std::string line; std::getline(lines, line);)
    if (line.find("error") != line.npos) return line;
  return "without a word";
}

}  // namespace

DeviceCode compile(const DeviceProgram& program, std::string& words) {
  std::vector<std::string> options{
      "--std=c++20", "--gpu-architecture=" + program.architecture,
      // Functions without a word about it are for both sides, as constexpr ones are to nvcc.
      "--device-as-default-execution-space", "--diag-suppress=1097"};  // attributes that are gcc's
  for (const std::string& folder : program.folders) options.push_back("--include-path=" + folder);
  for (const std::string& folder : toolkit_folders()) options.push_back("--include-path=" + folder);
  Program compiled(program);
  const bool done = compiled.compile(options);
  words = compiled.words();
  if (!done) throw Error("cuda: does not compile for " + program.architecture + ": " + first_complaint(words));
  return compiled.code();
}

}  // namespace residua::cuda
