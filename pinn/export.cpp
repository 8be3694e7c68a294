#include "pinn/export.hpp"

#include "kernels/core/error.hpp"
#include "pinn/code_version.hpp"
#include "pinn/march.hpp"
#include "surrogates/file.hpp"
#include "surrogates/model.hpp"

namespace residua {
namespace {

Model model_of(const RunFile& run, const Problem& problem, const TrainResult& trained) {
  const PhysicsInfo& physics = problem.physics();
  std::vector<std::string> design;
  for (const int p : problem.design()) design.emplace_back(physics.params[std::size_t(p)].name);
  Model model = new_model(physics.name, design, run.width, run.depth, run.activation);
  model.precision = run.save_float64 ? Precision::float64 : Precision::float32;
  if (run.branch) add_branch(model, run.branch->width, run.branch->depth);
  model.weights = trained.weights;
  model.card.members = run.members;
  model.seams = run.march.seams;
  model.center.clear();
  model.scale.clear();
  for (const Problem& window : windows_of(run, problem)) {
    model.center.insert(model.center.end(), window.center().begin(), window.center().end());
    model.scale.insert(model.scale.end(), window.scale().begin(), window.scale().end());
  }

  const std::size_t coords = physics.coords.size();
  for (std::size_t i = 0; i < model.card.inputs.size(); ++i) {
    const Range range = i < coords ? problem.coord_range(int(i)) : problem.design_range(int(i - coords));
    model.card.inputs[i].lower = range.lower;
    model.card.inputs[i].upper = range.upper;
  }
  for (FixedParameter& fixed : model.card.fixed)
    for (std::size_t p = 0; p < physics.params.size(); ++p)
      if (physics.params[p].name == fixed.name) fixed.value = problem.params()[p] * physics.params[p].scale;

  Provenance& provenance = model.card.provenance;
  provenance.run_file = run.text;
  provenance.code_version = kCodeVersion;
  provenance.seed = std::int64_t(run.seed);
  provenance.training_seconds = trained.seconds;
  provenance.loss_history = trained.history;
  return model;
}

}  // namespace

Predictor predictor_of(const Surrogate& surrogate, const Problem& problem) {
  return [&surrogate, &problem](const std::vector<double>& params, const std::vector<double>& coords, std::size_t n) {
    std::vector<double> in = coords, out(surrogate.outputs().size() * n);
    for (const int p : problem.design()) in.insert(in.end(), n, params[std::size_t(p)]);
    const Status status = surrogate.predict(n, in, out);
    if (status == Status::wrong_size || status == Status::not_finite)
      throw Error("validation: the surrogate gives no finite answer within its own envelope");
    return out;
  };
}

Surrogate export_surrogate(const RunFile& run, const Problem& problem, const TrainResult& trained,
                           const std::filesystem::path& path) {
  Model model = model_of(run, problem, trained);
  save(model, path);
  if (find_reference(problem.physics().name)) {
    const Surrogate unproven(path);
    model.card.validation = judge(problem, predictor_of(unproven, problem), run.validation_cases, run.seed).validation;
    save(model, path);
  }
  return Surrogate(path);
}

}  // namespace residua
