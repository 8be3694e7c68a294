#include "datasets/ode.hpp"

#include <cvode/cvode.h>
#include <fmt/format.h>

#include <exception>
#include <utility>

#include "datasets/sundials_handles.hpp"
#include "kernels/core/error.hpp"

namespace residua {

// Members are freed from the last to the first: the integrator before what it refers to.
struct Ode::Data {
  OdeRate rate;
  std::vector<double> state;
  double t;
  std::exception_ptr thrown;  // kept while the C library unwinds
  sundials::Message message;
  sundials::Context context;
  sundials::Vector y;
  sundials::Direct direct;
  struct Free {
    void operator()(void* memory) const { CVodeFree(&memory); }
  };
  std::unique_ptr<void, Free> memory;

  static int evaluate(double t, N_Vector y, N_Vector rate, void* user) {
    auto& data = *static_cast<Data*>(user);
    try {
      data.rate(t, N_VGetArrayPointer(y), N_VGetArrayPointer(rate));
      return 0;
    } catch (...) {
      data.thrown = std::current_exception();
      return -1;
    }
  }

  void check(int status) {
    if (thrown) std::rethrow_exception(std::exchange(thrown, nullptr));
    if (status < 0) throw Error(fmt::format("ode: stopped at t = {}: {}", t, message));
  }
};

Ode::Ode(OdeRate rate, double t, std::vector<double> state, const OdeOptions& options)
    : data_(std::make_unique<Data>()) {
  Data& d = *data_;
  d.rate = std::move(rate);
  d.state = std::move(state);
  d.t = t;
  d.context = sundials::make_context();
  d.y = sundials::view(d.state, d.context);
  d.direct = sundials::make_direct(d.state.size(), options.band, d.y, d.context);
  d.memory.reset(CVodeCreate(CV_BDF, d.context.get()));
  if (!d.memory) throw Error("ode: CVODE could not be created");
  void* cvode = d.memory.get();
  d.check(CVodeSetErrHandlerFn(cvode, sundials::keep_message, &d.message));
  d.check(CVodeInit(cvode, &Data::evaluate, t, d.y.get()));
  d.check(CVodeSetUserData(cvode, &d));
  d.check(CVodeSStolerances(cvode, options.relative_tolerance, options.absolute_tolerance));
  d.check(CVodeSetLinearSolver(cvode, d.direct.solver.get(), d.direct.matrix.get()));
  d.check(CVodeSetMaxNumSteps(cvode, options.max_steps));
}

Ode::~Ode() = default;

std::span<const double> Ode::advance(double t) {
  Data& d = *data_;
  if (t < d.t) throw Error(fmt::format("ode: cannot go back from t = {} to {}", d.t, t));
  if (t > d.t) d.check(CVode(d.memory.get(), t, d.y.get(), &d.t, CV_NORMAL));
  return d.state;
}

long Ode::steps() const {
  long steps = 0;
  data_->check(CVodeGetNumSteps(data_->memory.get(), &steps));
  return steps;
}

}  // namespace residua
