#include "pinn/defaults.hpp"

namespace residua {

NetworkSize default_network(int inputs) {
  if (inputs <= 1) return {.width = 16, .depth = 3};
  return {.width = inputs == 2 ? 20 : 24, .depth = 4};
}

TermSettings default_term(int term, int inputs) {
  // Conditions hold what the transform does not build in, and are soon forgotten if they weigh no more than the rest.
  if (term > 0) return {.points = inputs <= 1 ? 100 : 300, .weight = 10};
  return {.points = inputs <= 1 ? 256 : inputs == 2 ? 1000 : 1500};
}

std::vector<Stage> default_stages() {
  Stage finish = Stage::of(Method::levenberg_marquardt), last = finish;
  finish.steps = 200;
  last.steps = 40;
  last.more_points = 12;
  return {Stage::of(Method::adam), finish, last};
}

}  // namespace residua
