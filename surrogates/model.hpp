#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/catalog.hpp"
#include "kernels/points.hpp"
#include "surrogates/card.hpp"
#include "surrogates/network_shape.hpp"

namespace residua {

/// The precision in which weights are stored and the surrogate computes.
enum class Precision { float32, float64 };

/// What a surrogate file is packed in: HDF5, which other programs read too, or a compact form that needs no HDF5
/// library.
enum class Container { hdf5, compact };

/// Points, and the outputs that the slow reference in double precision gave there when the file was saved; plant units.
struct SelfTest {
  std::size_t points = 0;
  std::vector<double> inputs;   ///< [inputs][points]
  std::vector<double> outputs;  ///< [outputs][points]
};

/// Everything a surrogate file holds. The network is dimensionless, as in kernels/points.hpp; the card is in plant
/// units.
struct Model {
  Card card;
  Precision precision = Precision::float32;
  Container container = Container::hdf5;  ///< that it was read from
  MlpShape shape;                         ///< of the trunk, if there is a branch
  std::optional<MlpShape> branch;         ///< with the design inputs as its inputs and tanh
  /// Times (plant units, rising, within the envelope) after which the next network answers; empty: one for all times.
  std::vector<double> seams;
  std::vector<double> weights;  ///< [members of the card][windows][network().parameters()]
  std::vector<double> center;   ///< [windows][network().inputs()]
  std::vector<double> scale;    ///< [windows][network().inputs()], positive
  SelfTest self_test;           ///< written by save(), whatever it held before

  std::size_t windows() const { return seams.size() + 1; }
  NetworkShape network() const { return {shape, branch}; }
};

/// Which of the networks between `seams` answers at a time.
std::size_t window_at(std::span<const double> seams, double time) noexcept;

/// A model of the physics with these parameters as design inputs: envelope, fixed parameters and outputs with the
/// defaults of the physics, a network of this width and depth with all weights zero, inputs neither shifted nor scaled.
/// A design input that the physics holds fixed has no range yet, which save() refuses: give it one. Throws Error if
/// there is no such physics or parameter, or for a network of impossible size.
[[gnu::visibility("default")]] Model new_model(std::string_view physics, std::span<const std::string> design, int width,
                                               int depth, Activation activation = Activation::tanh);

/// Gives the network of a model a branch of this size, which sees the design inputs instead; all its weights are zero.
/// Throws Error if the model then does not pass check().
[[gnu::visibility("default")]] void add_branch(Model& model, int width, int depth);

/// Throws Error if the model contradicts itself or the physics, holds what is not finite, or exceeds the limits of
/// kernels/points.hpp. `where` starts the message.
[[gnu::visibility("default")]] void check(const Model& model, const std::string& where);

/// For each design input of a checked model, its position in the parameters of the physics.
[[gnu::visibility("default")]] std::vector<int> design_positions(const Model& model, const PhysicsInfo& physics);
/// Plant units of each input of a checked model over the dimensionless ones.
[[gnu::visibility("default")]] std::vector<double> input_units(const Model& model, const PhysicsInfo& physics);
/// The parameters of a checked model in the order of the physics and dimensionless; those of design inputs are zero.
[[gnu::visibility("default")]] std::vector<double> fixed_parameters(const Model& model, const PhysicsInfo& physics);

/// The outputs at one point (the mean of all members), plant units, in double precision by the plain loops of
/// kernels/mlp.hpp: what the fast evaluation is judged by. The model must pass check().
[[gnu::visibility("default")]] std::vector<double> reference_outputs(const Model& model,
                                                                     std::span<const double> inputs);

}  // namespace residua
