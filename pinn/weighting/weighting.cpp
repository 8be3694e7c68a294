#include "pinn/weighting/weighting.hpp"

#include "pinn/archive.hpp"
#include "pinn/weighting/causal.hpp"

namespace residua {

Weighting::Weighting(const RunFile& run)
    : settings_(run.balance), balance_(make_balance(run.balance, run.seed)), causal_(run.causal) {}

void Weighting::points_changed(Objective& objective, const double* weights, std::int64_t step) {
  if (balance_ && (factors_.empty() || step - balanced_at_ >= settings_.every)) {
    factors_ = balance_->renew(objective, weights);
    balanced_at_ = step;
  }
  if (causal_ && (slabs_.empty() || step - slabs_at_ >= causal_->every)) {
    slabs_ = causal_weights(objective, *causal_, weights);
    slabs_at_ = step;
  }
  apply(objective);
}

void Weighting::apply(Objective& objective) const {
  if (!factors_.empty()) objective.set_factors(factors_);
  if (!slabs_.empty()) objective.set_point_weights(point_weights(objective, slabs_));
}

void Weighting::save(torch::serialize::OutputArchive& archive) const {
  archive.write("factors", c10::IValue(factors_));
  archive.write("balanced_at", c10::IValue(balanced_at_));
  archive.write("slabs", c10::IValue(slabs_));
  archive.write("slabs_at", c10::IValue(slabs_at_));
  torch::serialize::OutputArchive own;
  if (balance_) balance_->save(own);
  archive.write("balance", own);
}

void Weighting::load(torch::serialize::InputArchive& archive) {
  factors_ = read_value(archive, "factors").toDoubleVector();
  balanced_at_ = read_value(archive, "balanced_at").toInt();
  slabs_ = read_value(archive, "slabs").toDoubleVector();
  slabs_at_ = read_value(archive, "slabs_at").toInt();
  torch::serialize::InputArchive own;
  archive.read("balance", own);
  if (balance_) balance_->load(own);
}

}  // namespace residua
