#include "kernels/cuda/user_device_physics.hpp"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <mutex>
#include <tuple>

#include "kernels/core/error.hpp"
#include "kernels/cuda/check.hpp"

namespace residua::cuda {
namespace {

std::string architecture() {
  return "sm_" + std::to_string(device_attribute(cudaDevAttrComputeCapabilityMajor)) +
         std::to_string(device_attribute(cudaDevAttrComputeCapabilityMinor));
}

/// Kernels on the current device, for as long as the program runs.
std::vector<const void*> loaded(const DeviceCode& code) {
  cudaLibrary_t library = nullptr;
  check(cudaLibraryLoadData(&library, code.image.data(), nullptr, nullptr, 0, nullptr, nullptr, 0),
        "cudaLibraryLoadData");
  std::vector<const void*> kernels;
  for (const std::string& name : code.names) {
    cudaKernel_t kernel = nullptr;
    check(cudaLibraryGetKernel(&kernel, library, name.c_str()), "cudaLibraryGetKernel");
    kernels.push_back(reinterpret_cast<const void*>(kernel));
  }
  return kernels;
}

class UserPhysics final : public DevicePhysics {
 public:
  UserPhysics(const UserDeviceModule& module, int physics) : module_(module), physics_(physics) {}

  std::string_view name() const override { return module_.names[std::size_t(physics_)]; }
  TermSizes sizes(int term) const override { return module_.sizes({physics_, term}); }
  FusedKernels fused(int term, bool twice, Multiply multiply) const override {
    const KernelKind kind = multiply == Multiply::threads                 ? KernelKind::threads
                            : multiply == Multiply::warp_groups && !twice ? KernelKind::warp_groups
                                                                          : KernelKind::tensor_cores;
    const auto [rows, gradient] = kernels<2>(term, kind, twice);
    return {rows, gradient};
  }
  ResidualKernels residual(int term, bool twice) const override {
    const auto [forward, backward] = kernels<2>(term, KernelKind::residuals, twice);
    return {forward, backward};
  }
  GaussNewtonKernels gauss_newton(int term) const override {
    const auto [jacobian, product, transposed] = kernels<3>(term, KernelKind::gauss_newton, true);
    return {jacobian, product, transposed};
  }

 private:
  /// Those of a term, of which a kind has `count`.
  template <std::size_t count>
  std::array<const void*, count> kernels(int term, KernelKind kind, bool twice) const {
    (void)sizes(term);  // refuses one that there is not
    const std::lock_guard lock(mutex_);
    std::vector<const void*>& all = kernels_[{kind, twice}];
    if (all.empty()) all = loaded(code(kind, twice));
    std::array<const void*, count> own;
    std::copy_n(all.begin() + std::ptrdiff_t(count) * term, count, own.begin());
    return own;
  }

  DeviceCode code(KernelKind kind, bool twice) const {
    DeviceProgram program = user_program(physics_, module_.terms(physics_), kind, twice);
    if (kind != KernelKind::warp_groups) program.architecture = architecture();
    const std::string kept = std::to_string(physics_) + "." + std::to_string(int(kind)) +
                             (twice ? ".double." : ".float.") + program.architecture;
    if (const std::string text = module_.recall(kept); !text.empty()) return unpacked(text);
    std::fprintf(stderr, "compiling the kernels of %s for %s: half a minute, and only once\n",
                 std::string(name()).c_str(), program.architecture.c_str());
    DeviceCode code;
    module_.with_headers([&](const std::vector<std::string>& folders) {
      program.folders = folders;
      std::string words;
      try {
        code = compile(program, words);
      } catch (const Error&) {
        std::fputs(words.c_str(), stderr);
        throw;
      }
    });
    module_.keep(kept, packed(code));
    return code;
  }

  UserDeviceModule module_;
  int physics_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<KernelKind, bool>, std::vector<const void*>> kernels_;
};

}  // namespace

void add_user_physics(const UserDeviceModule& module) {
  for (std::size_t k = 0; k < module.names.size(); ++k)
    add_device_physics(std::make_unique<const UserPhysics>(module, int(k)));
}

}  // namespace residua::cuda
