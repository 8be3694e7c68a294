#include "datasets/dae.hpp"

#include <fmt/format.h>
#include <ida/ida.h>

#include <exception>
#include <utility>

#include "datasets/sundials_handles.hpp"
#include "kernels/core/error.hpp"

namespace residua {

// Members are freed from the last to the first: the integrator before what it refers to.
struct Dae::Data {
  DaeResidual residual;
  std::vector<double> state, rate, differential;
  double t;
  std::exception_ptr thrown;  // kept while the C library unwinds
  sundials::Message message;
  sundials::Context context;
  sundials::Vector y, dy, id;
  sundials::Direct direct;
  struct Free {
    void operator()(void* memory) const { IDAFree(&memory); }
  };
  std::unique_ptr<void, Free> memory;

  static int evaluate(double t, N_Vector y, N_Vector dy, N_Vector residual, void* user) {
    auto& data = *static_cast<Data*>(user);
    try {
      data.residual(t, N_VGetArrayPointer(y), N_VGetArrayPointer(dy), N_VGetArrayPointer(residual));
      return 0;
    } catch (...) {
      data.thrown = std::current_exception();
      return -1;
    }
  }

  void check(int status) {
    if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
    if (status < 0) throw Error(fmt::format("dae: stopped at t = {}: {}", t, message));
  }
};

Dae::Dae(DaeResidual residual, double t, std::vector<double> state, const std::vector<bool>& differential, double scale,
         const OdeOptions& options)
    : data_(std::make_unique<Data>()) {
  Data& d = *data_;
  d.residual = std::move(residual);
  d.state = std::move(state);
  d.rate.assign(d.state.size(), 0);
  d.differential.assign(differential.begin(), differential.end());
  d.t = t;
  d.context = sundials::make_context();
  d.y = sundials::view(d.state, d.context);
  d.dy = sundials::view(d.rate, d.context);
  d.id = sundials::view(d.differential, d.context);
  d.direct = sundials::make_direct(d.state.size(), options.band, d.y, d.context);
  d.memory.reset(IDACreate(d.context.get()));
  if (!d.memory) throw Error("dae: IDA could not be created");
  void* ida = d.memory.get();
  d.check(IDASetErrHandlerFn(ida, sundials::keep_message, &d.message));
  d.check(IDAInit(ida, &Data::evaluate, t, d.y.get(), d.dy.get()));
  d.check(IDASetUserData(ida, &d));
  d.check(IDASStolerances(ida, options.relative_tolerance, options.absolute_tolerance));
  d.check(IDASetLinearSolver(ida, d.direct.solver.get(), d.direct.matrix.get()));
  d.check(IDASetMaxNumSteps(ida, options.max_steps));
  d.check(IDASetId(ida, d.id.get()));
  d.check(IDACalcIC(ida, IDA_YA_YDP_INIT, scale));
  d.check(IDAGetConsistentIC(ida, d.y.get(), d.dy.get()));
}

Dae::~Dae() = default;

std::span<const double> Dae::advance(double t) {
  Data& d = *data_;
  if (t < d.t) throw Error(fmt::format("dae: cannot go back from t = {} to {}", d.t, t));
  if (t > d.t) d.check(IDASolve(d.memory.get(), t, &d.t, d.y.get(), d.dy.get(), IDA_NORMAL));
  return d.state;
}

std::span<const double> Dae::rate() const { return data_->rate; }

}  // namespace residua
