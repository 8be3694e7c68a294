#pragma once
#include <cstddef>
#include <vector>

#include "kernels/exact_cases.hpp"
#include "kernels/kernel_module.hpp"
#include "surrogates/inference_module.hpp"

namespace residua {

/// What a shared object of physics that were compiled at run time holds: its function `residua_user_module` gives it.
/// That object is made of the toolkit's own sources, with a list of its own in the place of kernels/physics_list.hpp.
struct UserModule {
  std::size_t layout;  ///< kModuleLayout of its side
  KernelModule kernels;
  InferenceModule inference;
  std::vector<ExactDefect> (*defects)();  ///< of all physics: exact cases that do not solve their equations
  int (*curved)(TermId);  ///< channels that carry a linear combination, which the kernels of GPUs have to know
};

/// Differs between a program and an object that lay out differently what they exchange.
inline constexpr std::size_t kModuleLayout =
    sizeof(UserModule) +
    1000 * (sizeof(PhysicsInfo) + 1000 * (sizeof(TermKernel<double>) + sizeof(TileRange<double>) +
                                          sizeof(Plan<double>) + sizeof(Adjoint<double>) + sizeof(Passes<double>)));

inline constexpr const char* kUserModule = "residua_user_module";
using GiveUserModule = const UserModule*();

}  // namespace residua
