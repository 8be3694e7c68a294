// Compiled for the first instruction set only.
#include "surrogates/plain.hpp"

#include <algorithm>
#include <tuple>

#include "kernels/head.hpp"
#include "kernels/mlp.hpp"
#include "kernels/registry.hpp"
#include "surrogates/ends.hpp"
#include "surrogates/layers.hpp"

namespace residua {
namespace {

template <class Ph>
void residual(const Plan<double>& plan, const double* in, double* rows) {
  using Interior = std::tuple_element_t<0, typename Ph::Terms>;
  using H = Head<Ph, Interior, double>;
  using Network = Layers<double, H::kChannels>;
  static_assert(Network::kStackBytes <= kStackLimit);
  const H head = head_at<Ph, Interior, double>(plan, [&](int i) { return in[i]; });
  typename H::Entry seen[kMaxInputs], net[Ph::kFields];
  network_inputs(plan, head, seen);
  Network::run(plan, seen, net);
  const auto left = head.residual(net);
  for (int e = 0; e < kEquationsOf<Ph, Interior>; ++e) rows[e] = left[e];
}

template <class Ph>
std::vector<double> outputs(const PlainPoint& point) {
  using H = Head<Ph, Answer<Ph>, double>;
  H head;
  std::copy_n(point.coords.begin(), Ph::kCoords, head.x);
  std::copy_n(point.params.begin(), Ph::kParams, head.p);
  typename H::Entry in[kMaxInputs], net[Ph::kFields];
  head.inputs(
      point.network, int(point.design.size()), [&](int d) { return head.p[point.design[std::size_t(d)]]; }, in);
  mlp<double, H::kChannels>(point.network.shape, point.network.weights, in, net);
  const auto answer = head.residual(net);
  std::vector<double> outputs;
  for (int e = 0; e < kOutputs<Ph>; ++e) outputs.push_back(answer[e]);
  return outputs;
}

}  // namespace

Equations plain_equations(int physics) {
  Equations found{};
  visit_physics(physics, [&]<class Ph>() {
    found = {kEquationsOf<Ph, std::tuple_element_t<0, typename Ph::Terms>>, residual<Ph>};
  });
  return found;
}

std::vector<double> plain_outputs(int physics, const PlainPoint& point) {
  std::vector<double> found;
  visit_physics(physics, [&]<class Ph>() { found = outputs<Ph>(point); });
  return found;
}

}  // namespace residua
