#pragma once
#include <string>

#include "kernels/core/error.hpp"
#include "kernels/core/physics.hpp"

namespace residua::cuda {

/// f.template operator()<Term>() for a term of the physics, or its answer. Throws Error if there is none.
template <class Ph, class F>
void visit_term(int term, F&& f) {
  bool found = false;
  int index = 0;
  const auto visit = [&]<class Term>() {
    if (index++ != term) return;
    found = true;
    f.template operator()<Term>();
  };
  for_each_term<Ph>(visit);
  visit.template operator()<Answer<Ph>>();
  if (!found)
    throw Error(std::string("cuda: no term ") + std::to_string(term) + " of " + std::string(Ph::name) +
                "; find_term() gives valid ones");
}

}  // namespace residua::cuda
