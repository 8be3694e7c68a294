#include "surrogates/header.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <cmath>

#include "kernels/core/error.hpp"
#include "surrogates/content.hpp"
#include "surrogates/generated_text.hpp"
#include "surrogates/recorded_answer.hpp"

namespace residua {
namespace {

constexpr std::string_view kHome = "residua::generated";  // the namespace in the pasted text

/// The words of C++20 that are letters only and could be taken for the name of a file.
constexpr std::string_view kReserved =
    " alignas alignof and asm auto bitand bitor bool break case catch char class compl concept const consteval "
    "constexpr constinit continue decltype default delete do double else enum explicit export extern false float for "
    "friend goto if inline int long mutable namespace new noexcept not nullptr operator or private protected public "
    "register requires return short signed sizeof static std struct switch template this throw true try typedef typeid "
    "typename union unsigned using virtual void volatile while xor ";

/// A literal of the precision that gives the same number again.
std::string literal(double value, Precision precision) {
  const bool single = precision == Precision::float32;
  std::string text = single ? fmt::format("{}", float(value)) : fmt::format("{}", value);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return single ? text + "f" : text;
}

/// A string literal, whatever is in the text.
std::string text_literal(std::string_view text) {
  std::string all;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || byte < 0x20 || byte > 0x7e)
      all += fmt::format("\\{:03o}", byte);
    else
      all += c;
  }
  return '"' + all + '"';
}

/// {value(0), value(1), ...}
template <class Value>
std::string braced(int count, Value&& value, std::string_view between = ", ") {
  std::vector<std::string> all;
  for (int k = 0; k < count; ++k) all.push_back(value(k));
  return fmt::format("{{{}}}", fmt::join(all, between));
}

/// Prints the steps of an answer as statements of C++.
class Statements {
 public:
  Statements(const Model& model, const Tape& tape, const RecordedAnswer& answer)
      : model_(model), tape_(tape), answer_(answer) {
    const auto& steps = tape_.steps();
    needed_.resize(steps.size());
    for (const auto& channels : answer_.seen) need(channels);
    need(answer_.outputs);
    for (std::size_t s = steps.size(); s-- > 0;)
      for (const int from : steps[s].of)
        if (needed_[s]) needed_[std::size_t(from)] = true;
    for (std::size_t s = 0; s < steps.size(); ++s) {
      bool behind = steps[s].operation == Operation::input && steps[s].input >= answer_.inputs;
      for (const int from : steps[s].of) behind = behind || behind_[std::size_t(from)];
      behind_.push_back(behind);
    }
  }

  /// Those that can be computed before the network, or those that need it.
  std::string text(bool behind_network, std::string_view indent) const {
    std::string all;
    const auto& steps = tape_.steps();
    for (std::size_t s = 0; s < steps.size(); ++s)
      if (needed_[s] && behind_[s] == behind_network && !is_leaf(steps[s]))
        all += fmt::format("{}const Real t{} = {};\n", indent, s, expression(steps[s]));
    return all;
  }

  std::string name(const Recorded& scalar) const {
    return scalar.is_constant() ? constant(scalar.value()) : name(scalar.step());
  }

 private:
  static bool is_leaf(const Tape::Step& step) {
    return step.operation == Operation::constant || step.operation == Operation::input;
  }

  void need(const std::vector<Recorded>& scalars) {
    for (const Recorded& scalar : scalars)
      if (!scalar.is_constant()) needed_[std::size_t(scalar.step())] = true;
  }

  std::string constant(double value) const {
    if (!std::isfinite(model_.precision == Precision::float32 ? float(value) : value))
      throw Error(fmt::format("{}: with these fixed parameters a constant of the answer is not finite: found {}",
                              model_.card.physics, value));
    return literal(value, model_.precision);
  }

  std::string name(int step) const {
    const Tape::Step& s = tape_.steps()[std::size_t(step)];
    if (s.operation == Operation::constant) return constant(s.value);
    if (s.operation != Operation::input) return fmt::format("t{}", step);
    if (s.input < answer_.inputs) return fmt::format("x[{}]", s.input);
    const int output = s.input - answer_.inputs;
    return fmt::format("net[{}][{}]", output / answer_.channels, output % answer_.channels);
  }

  std::string expression(const Tape::Step& step) const {
    std::vector<std::string> of;
    for (const int from : step.of) of.push_back(name(from));
    switch (step.operation) {
      case Operation::add:
        return fmt::format("{} + {}", of[0], of[1]);
      case Operation::subtract:
        return fmt::format("{} - {}", of[0], of[1]);
      case Operation::multiply:
        return fmt::format("{} * {}", of[0], of[1]);
      case Operation::divide:
        return fmt::format("{} / {}", of[0], of[1]);
      case Operation::negate:
        return fmt::format("-{}", of[0]);
      case Operation::exp:
        return fmt::format("std::exp({})", of[0]);
      case Operation::log:
        return fmt::format("std::log({})", of[0]);
      case Operation::sqrt:
        return fmt::format("std::sqrt({})", of[0]);
      case Operation::sin:
        return fmt::format("std::sin({})", of[0]);
      case Operation::cos:
        return fmt::format("std::cos({})", of[0]);
      case Operation::tanh:
        return fmt::format("std::tanh({})", of[0]);
      case Operation::if_less:
        return fmt::format("{} < {} ? {} : {}", of[0], of[1], of[2], of[3]);
      case Operation::constant:
      case Operation::input:
        break;
    }
    return {};
  }

  const Model& model_;
  const Tape& tape_;
  const RecordedAnswer& answer_;
  std::vector<bool> needed_, behind_;  ///< for each step: whether a result depends on it, whether it on the network
};

/// The function that computes one answer.
std::string answer_function(const Model& model, const Tape& tape, const RecordedAnswer& answer) {
  const Statements statements(model, tape, answer);
  const auto channels = [&](int i) {
    return braced(answer.channels, [&](int k) { return statements.name(answer.seen[std::size_t(i)][std::size_t(k)]); });
  };
  std::string text =
      "  static void answer(const Real (&x)[kInputs], std::size_t window, Real (&y)[kOutputs]) noexcept {\n";
  text += statements.text(false, "    ");
  text += fmt::format("    const Real seen[kShape.inputs][kShape.channels] = {};\n",
                      braced(int(answer.seen.size()), channels));
  text += "    for (const auto& member : kNetworks) {\n      Real net[kShape.outputs][kShape.channels];\n";
  text += "      run<Real, kShape>(member[window], seen, net);\n";
  text += statements.text(true, "      ");
  for (std::size_t o = 0; o < answer.outputs.size(); ++o)
    text += fmt::format("      y[{}] += {};\n", o, statements.name(answer.outputs[o]));
  text += "    }\n";
  if (model.card.members > 1) text += fmt::format("    for (Real& mean : y) mean /= {};\n", model.card.members);
  return text + "  }\n";
}

/// A network of one member and window as an aggregate: docs in surrogates/generated.hpp.
std::string network_text(const Model& model, std::size_t member, std::size_t window) {
  const MlpShape& shape = model.shape;
  const double* weights =
      &model.weights[(member * model.windows() + window) * std::size_t(model.network().parameters())];
  const auto row = [&](int count, auto&& value) {
    return braced(count, [&](int k) { return literal(value(k), model.precision); });
  };
  const auto layer = [&](int l) {
    const int in = shape.fan_in(l), out = shape.fan_out(l);
    const double *w = weights + shape.offset(l), *biases = w + std::ptrdiff_t(in) * out;
    const std::string rows = braced(
        in, [&](int i) { return row(out, [&](int o) { return w[o * in + i]; }); }, ",\n");
    return fmt::format("{{{}, {}}}", rows, row(out, [&](int o) { return biases[o]; }));
  };
  const auto input_row = [&](const std::vector<double>& values) {
    return row(shape.inputs, [&](int i) { return values[window * std::size_t(shape.inputs) + std::size_t(i)]; });
  };
  const std::string hidden = braced(
      shape.depth - 1, [&](int l) { return layer(l + 1); }, ",\n");
  return fmt::format("{{{}, {},\n{},\n{},\n{}}}", input_row(model.center), input_row(model.scale), layer(0),
                     shape.depth > 1 ? fmt::format("{{{}}}", hidden) : "{}", layer(shape.depth));
}

std::string networks_text(const Model& model) {
  const auto windows = [&](int member) {
    return braced(
        int(model.windows()), [&](int w) { return network_text(model, std::size_t(member), std::size_t(w)); }, ",\n");
  };
  return fmt::format("  static constexpr Network<Real, kShape> kNetworks[{}][{}] =\n{};\n", model.card.members,
                     model.windows(), braced(model.card.members, windows, ",\n"));
}

std::string array_of_doubles(std::string_view name, const std::vector<double>& values) {
  const auto value = [&](int k) { return literal(values[std::size_t(k)], Precision::float64); };
  const int size = int(values.size());
  return fmt::format("  static constexpr std::array<double, {}> {}{{{}}};\n", size, name,
                     size > 0 ? braced(size, value) : "");
}

/// Rows of a self-test, a point each.
std::string points_text(std::string_view name, const std::vector<double>& values, std::size_t points) {
  const std::size_t rows = values.size() / points;
  const auto point = [&](int p) {
    const auto value = [&](int r) {
      return literal(values[std::size_t(r) * points + std::size_t(p)], Precision::float64);
    };
    return fmt::format("{{{}}}", braced(int(rows), value));
  };
  return fmt::format("  static constexpr std::array<std::array<double, {}>, {}> {}{{{}}};\n", rows, points, name,
                     braced(int(points), point, ",\n"));
}

std::string variables_text(std::string_view name, const std::vector<Variable>& variables) {
  const auto variable = [&](int k) {
    const Variable& v = variables[std::size_t(k)];
    return fmt::format("{{{}, {}, {}, {}}}", text_literal(v.name), text_literal(v.unit),
                       literal(v.lower, Precision::float64), literal(v.upper, Precision::float64));
  };
  return fmt::format("inline constexpr std::array<Variable, {}> {}{{{}}};\n", variables.size(), name,
                     braced(int(variables.size()), variable, ",\n"));
}

/// Plant units over the dimensionless ones.
std::string units_text(const Model& model) {
  const PhysicsInfo& physics = find_physics(model.card.physics);
  std::vector<double> outputs;
  for (const Quantity& output : physics.outputs) outputs.push_back(output.scale);
  return array_of_doubles("kInputUnit", input_units(model, physics)) + array_of_doubles("kOutputUnit", outputs);
}

std::string model_text(const Model& model) {
  Tape tape;
  const RecordedAnswer answer = record_answer(model, tape);
  std::string text = "namespace detail {\n\nstruct Model {\n";
  text += fmt::format("  using Real = {};\n", model.precision == Precision::float32 ? "float" : "double");
  text += fmt::format("  static constexpr std::size_t kInputs = {}, kOutputs = {};\n", model.card.inputs.size(),
                      model.card.outputs.size());
  text += fmt::format("  static constexpr Shape kShape{{{}, {}, {}, {}, {}, Activation::{}}};\n", model.shape.inputs,
                      model.shape.width, model.shape.depth, model.shape.outputs, answer.channels,
                      content::name_of(model.shape.activation));
  text += "  static constexpr const auto& kInput = inputs;\n";
  text += units_text(model) + array_of_doubles("kSeams", model.seams);
  text += points_text("kTestInputs", model.self_test.inputs, model.self_test.points);
  text += points_text("kTestOutputs", model.self_test.outputs, model.self_test.points);
  return text + networks_text(model) + "\n" + answer_function(model, tape, answer) + "};\n\n}  // namespace detail\n\n";
}

std::string card_text(const Card& card) {
  const Provenance& p = card.provenance;
  std::string text = variables_text("inputs", card.inputs) + variables_text("outputs", card.outputs);
  text += fmt::format("inline constexpr std::string_view physics = {};\n", text_literal(card.physics));
  text +=
      fmt::format("inline constexpr std::string_view digest = {};  // of the surrogate file's content, BLAKE2b-256\n",
                  text_literal(card.digest));
  text += fmt::format("inline constexpr std::string_view signed_by = {};  // a public key; empty: not signed\n",
                      text_literal(card.signature.key));
  return text + fmt::format("inline constexpr std::string_view created = {}, code_version = {};\n\n",
                            text_literal(p.created), text_literal(p.code_version));
}

constexpr std::string_view kCalls =
    R"(/// The answer at one point, both in the order of `inputs` and `outputs` and in plant units. Never throws, allocates,
/// locks or waits.
inline Status predict(const std::array<double, inputs.size()>& in, std::array<double, outputs.size()>& out) noexcept {
  return detail::predict<detail::Model>(in, out);
}

/// Whether this machine answers the points that were recorded when the surrogate was made as recorded: to be asked once,
/// before the first use.
inline bool self_test() noexcept { return detail::self_test<detail::Model>(); }

)";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size()) text.replace(at, what.size(), by);
  return text;
}

}  // namespace

std::string namespace_of(std::string_view name) {
  std::string clean;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      clean += c;
    else if (!clean.empty() && clean.back() != '_')
      clean += '_';
  }
  while (!clean.empty() && clean.back() == '_') clean.pop_back();
  if (clean.empty()) return "surrogate";
  if (std::isdigit(static_cast<unsigned char>(clean[0]))) clean = "surrogate_" + clean;
  if (kReserved.find(fmt::format(" {} ", clean)) != kReserved.npos) clean += "_surrogate";
  return clean;
}

std::string header_of(const Model& model, std::string_view name) {
  if (model.branch) throw Error(fmt::format("{}: has a branch: a header holds a single perceptron", name));
  if (model.self_test.points == 0) throw Error(fmt::format("{}: has no self-test: expected a model as loaded", name));
  const std::string space = namespace_of(name);
  std::string text = fmt::format(
      "// The surrogate {} of the physics {}, written by `residua export --header`: not to be edited.\n"
      "// Digest of the surrogate file: {}\n",
      space, model.card.physics, model.card.digest);
  text += replaced(std::string(generated_text()), kHome, space);
  text += fmt::format("\nnamespace {} {{\n\n", space);
  text += card_text(model.card) + model_text(model) + std::string(kCalls);
  return text + fmt::format("}}  // namespace {}\n", space);
}

}  // namespace residua
