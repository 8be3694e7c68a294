#pragma once
#include <vector>

#include "datasets/exact/mim.hpp"

namespace residua {

/// From `time` on the inflow has this concentration.
struct InletStep {
  double time;
  double concentration;
};

/// The column's ends and contents, and the accuracy asked for.
struct LeachReferenceOptions {
  double length = 1;  ///< where c_Z = 0
  int cells = 400;
  std::vector<InletStep> inlet = {{0, 1}};  ///< in order of time; the inflow is free of solute before the first
  double initial = 0;                       ///< c = m = initial at T = 0
  double tolerance = 1e-9;                  ///< of the time integration
};

/// Fields on the grid of times and depths asked for, value(T_i, Z_j) at [i * depths + j].
struct LeachField {
  std::vector<double> mobile;    ///< c
  std::vector<double> immobile;  ///< m
  std::vector<double> flux;      ///< c - c_Z/Pe, what the flow carries (flux concentration)
};

/// Mobile-immobile column (equations at exact::Mim) with third-type inlet, c - c_Z/Pe = c_in(T) at Z = 0, and zero
/// gradient at Z = length. Finite volumes with cubic reconstruction, BDF in time; the solute balance closes exactly.
/// Measured order in the cell 2.5 to 3, worst error at Pe 60 and T >= 0.3 with 400 cells 1.3e-6. Needs
/// Pe length/cells < 2, or steep fronts would oscillate.
/// Times must not fall, start at T >= 0. Throws Error for bad input or a failed integration. Thread-safe.
LeachField leach_reference(const exact::Mim& column, const std::vector<double>& times,
                           const std::vector<double>& depths, const LeachReferenceOptions& options = {});

}  // namespace residua
