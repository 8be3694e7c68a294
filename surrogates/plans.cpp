#include "surrogates/plans.hpp"

namespace residua {

template <class S>
Plans<S>::Plans(const Model& model, const Passes<S>* passes)
    : windows_(model.windows()),
      center_(model.center.begin(), model.center.end()),
      scale_(model.scale.begin(), model.scale.end()) {
  const PhysicsInfo& physics = find_physics(model.card.physics);
  const std::vector<double> params = fixed_parameters(model, physics);
  params_.assign(params.begin(), params.end());
  design_ = design_positions(model, physics);
  const NetworkShape shape = model.network();
  const std::vector<NetworkShape::Layer> layers = shape.layers();
  std::size_t lines = 0;
  for (const auto& [offset, in, out, hidden] : layers)
    lines += std::size_t(in + 1) * std::size_t(padded_to_line<S>(out) / kLine<S>) +
             std::size_t(out) * std::size_t(padded_to_line<S>(in) / kLine<S>);
  const std::size_t parts = std::size_t(model.card.members) * windows_;
  packed_.assign(lines * parts, Line{});
  plans_.reserve(parts);
  branches_.reserve(parts);
  Line* row = packed_.data();
  const auto write_row = [&](int count, auto&& value) {
    for (int k = 0; k < count; ++k) row[k / kLine<S>].value[k % kLine<S>] = S(value(k));
    row += padded_to_line<S>(count) / kLine<S>;
  };
  const auto write = [&](Plan<S>& plan, const double* weights, auto first, auto last) {
    plan.packed = row->value;
    for (auto layer = first; layer != last; ++layer) {
      const double* w = weights + layer->offset;
      for (int i = 0; i < layer->in; ++i) write_row(layer->out, [&](int o) { return w[o * layer->in + i]; });
      write_row(layer->out, [&](int o) { return w[layer->in * layer->out + o]; });
    }
    plan.transposed = row->value;
    for (auto layer = first; layer != last; ++layer)
      for (int o = 0; o < layer->out; ++o)
        write_row(layer->in, [&](int i) { return weights[layer->offset + o * layer->in + i]; });
  };
  for (std::size_t part = 0; part < parts; ++part) {
    const double* weights = &model.weights[part * std::size_t(shape.parameters())];
    const std::size_t first_input = part % windows_ * std::size_t(shape.inputs());
    plans_.push_back({{shape.trunk, nullptr, &center_[first_input], &scale_[first_input]},
                      nullptr,
                      nullptr,
                      params_.data(),
                      design_.data(),
                      int(design_.size()),
                      passes});
    const auto end = layers.begin() + (shape.branch ? shape.trunk.depth : shape.trunk.layers());
    write(plans_.back(), weights, layers.begin(), end);
    if (!shape.branch) continue;
    branches_.push_back({{*shape.branch, nullptr, nullptr, nullptr}, nullptr, nullptr, nullptr, nullptr, 0, nullptr});
    write(branches_.back(), weights, end, layers.end());
    plans_.back().branch = &branches_.back();
  }
}

template class Plans<float>;
template class Plans<double>;

}  // namespace residua
