#include <algorithm>

#include "kernels/core/error.hpp"
#include "kernels/head.hpp"
#include "kernels/registry.hpp"
#include "surrogates/recorded_answer.hpp"

namespace residua {
namespace {

template <class Ph>
RecordedAnswer record(const EndsToRecord& ends, Tape& tape) {
  using H = Head<Ph, Answer<Ph>, Recorded>;
  if constexpr (H::kChannels.order() > 1) {
    throw Error(std::string(Ph::name) + ": its answer reads derivatives of the network of order " +
                std::to_string(H::kChannels.order()) + ": expected at most the first");
  } else {
    RecordedAnswer answer{Ph::kCoords + int(ends.design.size()), H::kChannels.count, {}, {}};

    H head;
    for (int c = 0; c < Ph::kCoords; ++c) head.x[c] = tape.input(c);
    std::copy(ends.params.begin(), ends.params.end(), head.p);
    for (std::size_t d = 0; d < ends.design.size(); ++d) head.p[ends.design[d]] = tape.input(Ph::kCoords + int(d));

    // Shift and scale differ from window to window, so they are left to the network.
    const std::vector<double> center(std::size_t(ends.shape.inputs), 0), scale(center.size(), 1);
    typename H::Entry in[kMaxInputs], net[Ph::kFields];
    head.inputs(
        Network<double>{ends.shape, nullptr, center.data(), scale.data()}, int(ends.design.size()),
        [&](int d) { return head.p[ends.design[std::size_t(d)]]; }, in);
    for (int i = 0; i < ends.shape.inputs; ++i) answer.seen.emplace_back(in[i].e, in[i].e + answer.channels);

    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < answer.channels; ++k) net[f].e[k] = tape.input(answer.inputs + f * answer.channels + k);
    const auto rows = head.residual(net);
    for (int e = 0; e < kEquationsOf<Ph, Answer<Ph>>; ++e) answer.outputs.push_back(rows[e]);
    return answer;
  }
}

}  // namespace

RecordedAnswer record_ends(int physics, const EndsToRecord& ends, Tape& tape) {
  RecordedAnswer answer;
  visit_physics(physics, [&]<class Ph>() { answer = record<Ph>(ends, tape); });
  return answer;
}

}  // namespace residua
