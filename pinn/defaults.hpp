#pragma once
#include <vector>

#include "pinn/run_file.hpp"

namespace residua {

// What a run file leaves out. `inputs` is over how many coordinates and parameters the points in question vary.

struct NetworkSize {
  int width, depth;
};

/// Small and deep, since Levenberg-Marquardt's steps cost the square of the weights.
NetworkSize default_network(int inputs);

/// Of a term of the loss by its position in the physics: the equations come first, conditions after them.
TermSettings default_term(int term, int inputs);

/// A warm-up that gets anywhere from anywhere, the method that finishes, and the same once more on so many points that
/// it cannot fit them instead of the equation.
std::vector<Stage> default_stages();

}  // namespace residua
