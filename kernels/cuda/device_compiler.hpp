#pragma once
#include <string>
#include <vector>

namespace residua::cuda {

/// Machine code for one kind of GPU.
struct DeviceCode {
  std::string image;               ///< what the driver loads: a cubin
  std::vector<std::string> names;  ///< in the image, of the kernels asked for
};

/// A program as the compiler of the CUDA driver's side (NVRTC) takes it. The headers of the standard library that
/// kernels include are at hand: those of libcu++ in their place.
struct DeviceProgram {
  std::string text;
  std::vector<std::string> kernels;  ///< C++ names of kernels, with their template arguments
  std::vector<std::string> folders;  ///< of headers, in this order; those of the CUDA toolkit come behind
  std::string architecture = "sm_90";
};

/// Compiles a program; needs no GPU. Takes seconds for each kernel. Throws Error if the compiler refuses it, with the
/// first line that says why and in which file; `words` then holds all that it has said.
DeviceCode compile(const DeviceProgram& program, std::string& words);

}  // namespace residua::cuda
