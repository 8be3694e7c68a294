#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/cuda/device_compiler.hpp"
#include "kernels/cuda/device_physics.hpp"

namespace residua::cuda {

/// Physics of a header of the user's, whose kernels are compiled for a GPU when they are first asked for.
struct UserDeviceModule {
  std::vector<std::string> names;          ///< of the physics, in the order of the header's list
  std::function<TermSizes(TermId)> sizes;  ///< throws Error for a term that there is not
  std::function<int(int physics)> terms;   ///< with the answer, which is the last
  /// Calls use(folders) while folders of headers exist, the first with kernels/physics_list.hpp: of these physics.
  std::function<void(const std::function<void(const std::vector<std::string>& folders)>& use)> with_headers;
  /// What was kept under a name of this program's; empty if nothing.
  std::function<std::string(const std::string& name)> recall;
  std::function<void(const std::string& name, std::string_view bytes)> keep;
};

/// Kernels of a kind, for all terms of a physics: what is compiled at a time. Those of warp groups multiply floats, and
/// run on compute capability 9.0 alone.
enum class KernelKind { threads, tensor_cores, residuals, gauss_newton, warp_groups };

/// The program whose kernels are those of a kind, in the order of the terms: of each the members of FusedKernels,
/// ResidualKernels or GaussNewtonKernels in their order.
DeviceProgram user_program(int physics, int terms, KernelKind kind, bool twice);

/// Code as one text and back.
std::string packed(const DeviceCode& code);
/// Throws Error if it is not such a text.
DeviceCode unpacked(const std::string& text);

/// Makes the physics of a module known to the launches of this program (add_device_physics()).
void add_user_physics(const UserDeviceModule& module);

}  // namespace residua::cuda
