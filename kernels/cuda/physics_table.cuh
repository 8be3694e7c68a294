#pragma once
#include "kernels/cuda/device_kernels.cuh"
#include "kernels/cuda/device_physics.hpp"
#include "kernels/cuda/terms.hpp"

// What device_physics.hpp says of one physics of the toolkit, for the files that instantiate it.

namespace residua::cuda {

template <class Ph, class S, class Arithmetic>
FusedKernels fused_kernels(int term) {
  FusedKernels kernels;
  visit_term<Ph>(term, [&]<class Term>() {
    kernels = {reinterpret_cast<const void*>(fused_kernel<Ph, Term, S, false, Arithmetic>),
               reinterpret_cast<const void*>(fused_kernel<Ph, Term, S, true, Arithmetic>)};
  });
  return kernels;
}

template <class Ph, class S>
ResidualKernels residual_kernels(int term) {
  ResidualKernels kernels;
  visit_term<Ph>(term, [&]<class Term>() {
    kernels = {reinterpret_cast<const void*>(residual_kernel<Ph, Term, S, true>),
               reinterpret_cast<const void*>(residual_kernel<Ph, Term, S, false>)};
  });
  return kernels;
}

template <class Ph>
GaussNewtonKernels gauss_newton_kernels(int term) {
  GaussNewtonKernels kernels;
  visit_term<Ph>(term, [&]<class Term>() {
    kernels = {reinterpret_cast<const void*>(gauss_newton_kernel<JacobianTile<Ph, Term>, JacobianArgs>),
               reinterpret_cast<const void*>(gauss_newton_kernel<TangentTile<Ph, Term>, TangentArgs>),
               reinterpret_cast<const void*>(gauss_newton_kernel<TransposedTile<Ph, Term>, TransposedArgs>)};
  });
  return kernels;
}

template <class Ph>
class DevicePhysicsOf final : public DevicePhysics {
 public:
  std::string_view name() const override { return Ph::name; }
  TermSizes sizes(int term) const override {
    TermSizes sizes{};
    visit_term<Ph>(term, [&]<class Term>() {
      constexpr const Propagation& kPropagation = kCollapse<Ph, Term>.propagation;
      sizes = {kFeatures<Ph>, Ph::kFields, kEquationsOf<Ph, Term>, kPropagation.count(), kPropagation.curved};
    });
    return sizes;
  }
  FusedKernels fused(int term, bool twice, Multiply multiply) const override {
    if (multiply == Multiply::threads)
      return twice ? fused_kernels<Ph, double, PerThread>(term) : fused_kernels<Ph, float, PerThread>(term);
    if (twice) return fused_kernels<Ph, double, WholeDoubles>(term);
    return multiply == Multiply::warp_groups ? fused_kernels<Ph, float, WarpGroups>(term)
                                             : fused_kernels<Ph, float, SplitTf32>(term);
  }
  ResidualKernels residual(int term, bool twice) const override {
    return twice ? residual_kernels<Ph, double>(term) : residual_kernels<Ph, float>(term);
  }
  GaussNewtonKernels gauss_newton(int term) const override { return gauss_newton_kernels<Ph>(term); }
};

template <class Ph>
const DevicePhysics& device_physics() {
  static const DevicePhysicsOf<Ph> one;
  return one;
}

}  // namespace residua::cuda
