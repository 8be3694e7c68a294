#pragma once
#include "tests/surrogates/random_model.hpp"

namespace residua {

/// A model with something in every field.
inline Model full_model(Precision precision = Precision::float64) {
  Model model =
      random_model("leach_column", {.precision = precision, .width = 5, .depth = 2, .activation = Activation::silu});
  model.card.inputs[0].upper = 6;
  model.card.fixed[0].value = 0.25;
  model.card.validation = {
      "reference by lines, 800 cells",
      64,
      {{1e-4, 2e-3, 3e-4, 0.01, 5e-3, 0.91}, {2e-4, 3e-3, 4e-4, 0.02, 6e-3, 0.9}, {3e-4, 4e-3, 5e-4, 0.03, 7e-3, 1}},
      0.9};
  model.card.provenance = {"[network]\nwidth = 5  # \xC2\xB5\n",
                           "0.1.0-3-gabc",
                           "2026-01-31T12:00:00Z",
                           {{"tracer.h5", std::string(64, 'a')}, {"column.h5", std::string(64, 'b')}},
                           42,
                           12.5,
                           {{0, 1.0}, {100, 0.01}},
                           {{std::string(64, 'c'), "recorded where the plant has worked"}}};
  model.card.experience = {"shifts of May",  1000, {model.card.inputs[3].name, model.card.inputs[2].name}, {3, 2},
                           {2, 0.5, 0.5, 1}, 2.5};
  return model;
}

}  // namespace residua
