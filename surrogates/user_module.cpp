// What gives the physics of a shared object to the program that loads it: compiled for such objects only.
#include "surrogates/user_module.hpp"

#include "kernels/head.hpp"
#include "kernels/registry.hpp"
#include "surrogates/recorded_answer.hpp"

namespace residua {

namespace RESIDUA_ISA {
template <class S>
const TermKernel<S>* term_kernel(TermId);
template <class S>
const Passes<S>* passes(int physics);
}  // namespace RESIDUA_ISA

namespace {

template <class S>
Evaluation<S> evaluation(int physics) {
  return {evaluator<S>(physics), adjoint<S>(physics), RESIDUA_ISA::passes<S>(physics)};
}

int curved(TermId id) {
  int found = 0;
  visit_physics(id.physics, [&]<class Ph>() {
    int term = 0;
    const auto visit = [&]<class Term>() {
      if (term++ == id.term) found = kCollapse<Ph, Term>.propagation.curved;
    };
    for_each_term<Ph>(visit);
    visit.template operator()<Answer<Ph>>();
  });
  return found;
}

std::vector<ExactDefect> defects() {
  constexpr double kRounding = 1e-9;  // with room for residuals that are not quite of the size of one
  std::vector<ExactDefect> all;
  for_each_physics([&]<class Ph>() {
    for (const ExactDefect& defect : exact_defects<Ph>(kRounding)) all.push_back(defect);
  });
  return all;
}

}  // namespace

}  // namespace residua

extern "C" [[gnu::visibility("default")]] const residua::UserModule* residua_user_module() {
  using namespace residua;
  static const std::vector<PhysicsInfo> all = describe_registry();
  static const UserModule module{kModuleLayout,
                                 {all, RESIDUA_ISA::term_kernel<float>, RESIDUA_ISA::term_kernel<double>},
                                 {evaluation<float>, evaluation<double>, plain_equations, plain_outputs, record_ends},
                                 defects,
                                 curved};
  return &module;
}
