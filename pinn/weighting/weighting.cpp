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

void Weighting::save(OutputArchive& archive) const {
  write_value(archive, "factors", factors_);
  write_value(archive, "balanced_at", balanced_at_);
  write_value(archive, "slabs", slabs_);
  write_value(archive, "slabs_at", slabs_at_);
  write_part(archive, "balance", [&](OutputArchive& own) {
    if (balance_) balance_->save(own);
  });
}

void Weighting::load(InputArchive& archive) {
  factors_ = read_value(archive, "factors").toDoubleVector();
  balanced_at_ = read_value(archive, "balanced_at").toInt();
  slabs_ = read_value(archive, "slabs").toDoubleVector();
  slabs_at_ = read_value(archive, "slabs_at").toInt();
  read_part(archive, "balance", [&](InputArchive& own) {
    if (balance_) balance_->load(own);
  });
}

}  // namespace residua
