#pragma once
#include <string>

#include "kernels/core/error.hpp"
#include "kernels/fused.hpp"
#include "kernels/registry.hpp"

namespace residua::cuda {

/// Calls f.template operator()<Physics, Term>() for the term that `id` names. Throws Error if it names none.
template <class F>
void visit_term(TermId id, F&& f) {
  bool found = false;
  int physics = 0;
  for_each_physics([&]<class Ph>() {
    if (physics++ != id.physics) return;
    int term = 0;
    const auto visit = [&]<class Term>() {
      if (term++ != id.term) return;
      found = true;
      f.template operator()<Ph, Term>();
    };
    for_each_term<Ph>(visit);
    visit.template operator()<Answer<Ph>>();
  });
  if (!found)
    throw Error("cuda: no term " + std::to_string(id.term) + " of physics " + std::to_string(id.physics) +
                "; find_term() gives valid ones");
}

}  // namespace residua::cuda
