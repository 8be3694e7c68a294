#include "datasets/sundials_handles.hpp"

#include <sunlinsol/sunlinsol_band.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunmatrix/sunmatrix_band.h>
#include <sunmatrix/sunmatrix_dense.h>

#include <new>

namespace residua::sundials {

Context make_context() {
  SUNContext context = nullptr;
  if (SUNContext_Create(nullptr, &context) != 0) throw std::bad_alloc();
  return Context(context);
}

Vector view(std::vector<double>& data, const Context& context) {
  Vector vector(N_VMake_Serial(static_cast<sunindextype>(data.size()), data.data(), context.get()));
  if (!vector) throw std::bad_alloc();
  return vector;
}

Direct make_direct(std::size_t size, std::optional<Band> band, const Vector& like, const Context& context) {
  const auto n = static_cast<sunindextype>(size);
  Direct direct;
  direct.matrix.reset(band ? SUNBandMatrix(n, band->upper, band->lower, context.get())
                           : SUNDenseMatrix(n, n, context.get()));
  if (!direct.matrix) throw std::bad_alloc();
  direct.solver.reset(band ? SUNLinSol_Band(like.get(), direct.matrix.get(), context.get())
                           : SUNLinSol_Dense(like.get(), direct.matrix.get(), context.get()));
  if (!direct.solver) throw std::bad_alloc();
  return direct;
}

void keep_message(int, const char*, const char*, char* text, void* message) { *static_cast<Message*>(message) = text; }

}  // namespace residua::sundials
