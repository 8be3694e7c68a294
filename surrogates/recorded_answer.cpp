#include "surrogates/recorded_answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/core/error.hpp"
#include "kernels/head.hpp"
#include "kernels/registry.hpp"

namespace residua {
namespace {

template <class Ph>
RecordedAnswer record(const Model& model, Tape& tape) {
  using H = Head<Ph, Answer<Ph>, Recorded>;
  if constexpr (H::kChannels.order() > 1) {
    throw Error(fmt::format("{}: its answer reads derivatives of the network of order {}: expected at most the first",
                            Ph::name, H::kChannels.order()));
  } else {
    const PhysicsInfo& physics = find_physics(model.card.physics);
    const std::vector<int> design = design_positions(model, physics);
    const std::vector<double> params = fixed_parameters(model, physics);
    RecordedAnswer answer{int(model.card.inputs.size()), H::kChannels.count, {}, {}};

    H head;
    for (int c = 0; c < Ph::kCoords; ++c) head.x[c] = tape.input(c);
    std::copy(params.begin(), params.end(), head.p);
    for (std::size_t d = 0; d < design.size(); ++d) head.p[design[d]] = tape.input(Ph::kCoords + int(d));

    // Shift and scale differ from window to window, so they are left to the network.
    const std::vector<double> center(std::size_t(model.shape.inputs), 0), scale(center.size(), 1);
    typename H::Entry in[kMaxInputs], net[Ph::kFields];
    head.inputs(
        Network<double>{model.shape, nullptr, center.data(), scale.data()}, int(design.size()),
        [&](int d) { return head.p[design[std::size_t(d)]]; }, in);
    for (int i = 0; i < model.shape.inputs; ++i) answer.seen.emplace_back(in[i].e, in[i].e + answer.channels);

    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < answer.channels; ++k) net[f].e[k] = tape.input(answer.inputs + f * answer.channels + k);
    const auto rows = head.residual(net);
    for (int e = 0; e < kEquationsOf<Ph, Answer<Ph>>; ++e) answer.outputs.push_back(rows[e]);
    return answer;
  }
}

}  // namespace

RecordedAnswer record_answer(const Model& model, Tape& tape) {
  RecordedAnswer answer;
  for_each_physics([&]<class Ph>() {
    if (Ph::name == model.card.physics) answer = record<Ph>(model, tape);
  });
  return answer;
}

}  // namespace residua
