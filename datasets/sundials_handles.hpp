#pragma once
#include <nvector/nvector_serial.h>
#include <sundials/sundials_context.h>
#include <sundials/sundials_linearsolver.h>
#include <sundials/sundials_matrix.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/ode.hpp"

/// Ownership of the SUNDIALS objects that its C API leaves to the caller, shared by Ode and Dae.
namespace residua::sundials {

struct Release {
  void operator()(SUNContext context) const { SUNContext_Free(&context); }
  void operator()(_generic_N_Vector* vector) const { N_VDestroy(vector); }
  void operator()(_generic_SUNMatrix* matrix) const { SUNMatDestroy(matrix); }
  void operator()(_generic_SUNLinearSolver* solver) const { SUNLinSolFree(solver); }
};
using Context = std::unique_ptr<_SUNContext, Release>;
using Vector = std::unique_ptr<_generic_N_Vector, Release>;
using Matrix = std::unique_ptr<_generic_SUNMatrix, Release>;
using LinearSolver = std::unique_ptr<_generic_SUNLinearSolver, Release>;

Context make_context();

/// A view of the data, which must outlive it.
Vector view(std::vector<double>& data, const Context& context);

/// Direct linear algebra for a Jacobian that is banded or, without a band, dense.
struct Direct {
  Matrix matrix;
  LinearSolver solver;
};
Direct make_direct(std::size_t size, std::optional<Band> band, const Vector& like, const Context& context);

/// The last message of the library, for its error handler to fill and an Error to quote.
using Message = std::string;
void keep_message(int code, const char* module, const char* function, char* text, void* message);

}  // namespace residua::sundials
