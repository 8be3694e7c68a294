#pragma once
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "kernels/cuda/device_array.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "tests/kernels/problem.hpp"

namespace residua::testing_support {

using cuda::DeviceArray;

/// A problem with its arrays on the device.
template <class S, class Ph>
struct OnDevice {
  DeviceArray<S> weights, center, scale, coords, design, params, point, equation;
  DeviceArray<int> design_row;
  Network<S> network;
  Points<S> points;
  FusedWeights<S> fused_weights;

  OnDevice(const Problem<Ph>& q, const Cast<S, Ph>& cast)
      : weights(cast.weights),
        center(cast.center),
        scale(cast.scale),
        coords(cast.coords),
        design(cast.design),
        params(cast.params),
        point(cast.point),
        equation(cast.equation),
        design_row(q.design_row),
        network{q.shape, weights.data(), center.data(), scale.data()},
        points{q.n, coords.data(), design.data(), params.data(), design_row.data(), cast.points.design_count},
        fused_weights{equation.data(), point.data()} {}
};

template <class Ph, class Term>
constexpr TermId id_of() {
  TermId id;
  int physics = 0;
  for_each_physics([&]<class P>() {
    int term = 0;
    const auto visit = [&]<class T>() {
      if (SameAs<P, Ph> && SameAs<T, Term>) id = {physics, term};
      ++term;
    };
    for_each_term<P>(visit);
    visit.template operator()<Answer<P>>();
    ++physics;
  });
  return id;
}

template <class Ph>
struct CudaDevice : testing::Test {
  void SetUp() override {
    if (!cuda::available()) GTEST_SKIP() << "no CUDA device answers";
  }
};

}  // namespace residua::testing_support
