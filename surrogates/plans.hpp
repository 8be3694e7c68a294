#pragma once
#include <cstddef>
#include <vector>

#include "surrogates/evaluator.hpp"
#include "surrogates/model.hpp"

namespace residua {

/// The networks of a model as the evaluators read them, in the precision S. Immutable once made.
template <class S>
class Plans {
 public:
  /// The model must pass check(). Without passes the plans are for equations() only.
  explicit Plans(const Model& model, const Passes<S>* passes = nullptr);
  Plans(Plans&&) = delete;

  const Plan<S>& at(std::size_t member, std::size_t window) const noexcept {
    return plans_[member * windows_ + window];
  }

 private:
  struct alignas(64) Line {
    S value[kLine<S>];
  };

  std::size_t windows_;
  std::vector<Line> packed_;
  std::vector<S> center_, scale_, params_;
  std::vector<int> design_;
  std::vector<Plan<S>> plans_;     ///< [member][window of time]
  std::vector<Plan<S>> branches_;  ///< of those that have one
};

}  // namespace residua
