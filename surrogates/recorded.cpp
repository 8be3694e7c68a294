#include "surrogates/recorded.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace residua {

Recorded Recorded::of(Operation operation, std::initializer_list<Recorded> from) {
  Tape* tape = nullptr;
  for (const Recorded& scalar : from)
    if (scalar.tape_) tape = scalar.tape_;
  Tape::Step step{operation, 0, -1, {}};
  for (const Recorded& scalar : from) step.of.push_back(tape->position(scalar));
  // What may be exchanged stands in one order, so that a + b and b + a are one step.
  if (operation == Operation::add || operation == Operation::multiply) std::sort(step.of.begin(), step.of.end());
  return {tape, tape->position(step)};
}

Recorded operator+(const Recorded& a, const Recorded& b) {
  if (a.is_constant() && b.is_constant()) return a.value_ + b.value_;
  if (a.is(0)) return b;
  if (b.is(0)) return a;
  if (b.is_negated()) return a - -b;
  if (a.is_negated()) return b - -a;
  return Recorded::of(Operation::add, {a, b});
}

Recorded operator-(const Recorded& a, const Recorded& b) {
  if (a.is_constant() && b.is_constant()) return a.value_ - b.value_;
  if (a.is(0)) return -b;
  if (b.is(0)) return a;
  if (b.is_negated()) return a + -b;
  return Recorded::of(Operation::subtract, {a, b});
}

Recorded operator*(const Recorded& a, const Recorded& b) {
  if (a.is(0) || b.is(0)) return 0;
  if (a.is_constant() && b.is_constant()) return a.value_ * b.value_;
  if (a.is(1)) return b;
  if (b.is(1)) return a;
  if (a.is(-1)) return -b;
  if (b.is(-1)) return -a;
  return Recorded::of(Operation::multiply, {a, b});
}

Recorded operator/(const Recorded& a, const Recorded& b) {
  if (a.is_constant() && b.is_constant()) return a.value_ / b.value_;
  if (a.is(0)) return 0;
  if (b.is_constant() && std::isfinite(1 / b.value_)) return a * (1 / b.value_);
  return Recorded::of(Operation::divide, {a, b});
}

bool Recorded::is_negated() const { return tape_ && tape_->steps()[std::size_t(step_)].operation == Operation::negate; }

Recorded operator-(const Recorded& a) {
  if (a.is_constant()) return -a.value_;
  if (a.is_negated()) return {a.tape_, a.tape_->steps()[std::size_t(a.step_)].of[0]};
  return Recorded::of(Operation::negate, {a});
}

Recorded exp(const Recorded& a) {
  return a.is_constant() ? Recorded(std::exp(a.value_)) : Recorded::of(Operation::exp, {a});
}
Recorded log(const Recorded& a) {
  return a.is_constant() ? Recorded(std::log(a.value_)) : Recorded::of(Operation::log, {a});
}
Recorded sqrt(const Recorded& a) {
  return a.is_constant() ? Recorded(std::sqrt(a.value_)) : Recorded::of(Operation::sqrt, {a});
}
Recorded sin(const Recorded& a) {
  return a.is_constant() ? Recorded(std::sin(a.value_)) : Recorded::of(Operation::sin, {a});
}
Recorded cos(const Recorded& a) {
  return a.is_constant() ? Recorded(std::cos(a.value_)) : Recorded::of(Operation::cos, {a});
}
Recorded tanh(const Recorded& a) {
  return a.is_constant() ? Recorded(std::tanh(a.value_)) : Recorded::of(Operation::tanh, {a});
}

Recorded if_less(const Recorded& a, const Recorded& b, const Recorded& yes, const Recorded& no) {
  if (a.is_constant() && b.is_constant()) return a.value_ < b.value_ ? yes : no;
  if (yes.tape_ == no.tape_ && yes.step_ == no.step_ && yes.value_ == no.value_) return yes;
  return Recorded::of(Operation::if_less, {a, b, yes, no});
}

Recorded Tape::input(int number) { return {this, position(Step{Operation::input, 0, number, {}})}; }

int Tape::position(const Step& step) {
  const auto [found, is_new] = known_.try_emplace(
      {step.operation, std::bit_cast<std::uint64_t>(step.value), step.input, step.of}, int(steps_.size()));
  if (is_new) steps_.push_back(step);
  return found->second;
}

int Tape::position(const Recorded& scalar) {
  return scalar.is_constant() ? position(Step{Operation::constant, scalar.value_, -1, {}}) : scalar.step_;
}

}  // namespace residua
