#pragma once
#include <string>
#include <utility>
#include <vector>

#include "datasets/table.hpp"
#include "pinn/fit.hpp"
#include "surrogates/surrogate.hpp"

namespace residua {

/// One measured value: an output of the surrogate at a row of the table.
struct Observation {
  std::size_t row, output;
  double value;
  double sigma = 0;  ///< standard deviation of its noise; 0: unknown
};

/// Measured outputs of a surrogate. Its inputs are known per row, known once for all, or to be fitted; all in plant
/// units.
struct Measurements {
  std::vector<std::pair<std::size_t, std::vector<double>>> by_row;  ///< input, its value in each row
  std::vector<std::pair<std::size_t, double>> known;                ///< input, its value in all rows
  std::vector<std::size_t> free;                                    ///< inputs to be fitted
  std::vector<Observation> observations;
  double pulse =
      0;  ///< the step at the inlet is taken back after this time (superposition: linear problems only); 0: never

  std::vector<double> values() const;  ///< of the observations
};

/// How a table is read as measurements.
struct MeasurementOptions {
  std::vector<std::pair<std::string, std::string>> columns;  ///< name of an input or output, column that holds it
  std::vector<std::pair<std::string, double>> known;         ///< inputs
  std::vector<std::pair<std::string, double>> sigma;         ///< outputs
  double pulse = 0;
};

/// Columns named as inputs, as outputs, or as outputs with "_sigma" at the end are taken; others are left alone. Inputs
/// that are in no column and not known are free. An output that is not a number (NaN) was not measured in that row.
/// Throws Error for names that the surrogate does not have, for a table without outputs, for inputs given twice, and
/// for nothing to fit.
Measurements read_measurements(const Table& table, const Surrogate& surrogate, const MeasurementOptions& options);

/// The columns that may have empty cells: those of outputs.
std::vector<std::string> measured_columns(const Surrogate& surrogate, const MeasurementOptions& options);

/// The free inputs, each within its range and starting in the middle of it.
std::vector<FitParameter> free_parameters(const Surrogate& surrogate, const Measurements& measurements);

/// The observations as the surrogate predicts them, with its own exact derivatives. Keeps a reference to the surrogate.
FitModel surrogate_model(const Surrogate& surrogate, const Measurements& measurements);

/// The same by the reference of the physics; derivatives by differences. Throws Error if there is none.
FitModel reference_model(const Surrogate& surrogate, const Measurements& measurements);

}  // namespace residua
