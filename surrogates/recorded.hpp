#pragma once
#include <cstdint>
#include <initializer_list>
#include <map>
#include <tuple>
#include <vector>

namespace residua {

enum class Operation : std::uint8_t {
  constant,
  input,
  add,
  subtract,
  multiply,
  divide,
  negate,
  exp,
  log,
  sqrt,
  sin,
  cos,
  tanh,
  if_less
};

class Tape;

/// A scalar that writes down what is computed with it instead of computing it: what a physics does to it can be printed
/// as the text of a program. Constants are computed at once. As good a scalar as a double or a Pack to the templates of
/// kernels/; valid as long as its tape.
class Recorded {
 public:
  using Base = double;

  Recorded() = default;
  Recorded(int constant) : value_(constant) {}
  Recorded(double constant) : value_(constant) {}

  bool is_constant() const { return !tape_; }
  bool is(double constant) const { return is_constant() && value_ == constant; }
  double value() const { return value_; }  ///< of a constant
  int step() const { return step_; }       ///< of its tape that gives it, if it is no constant

  friend Recorded operator+(const Recorded& a, const Recorded& b);
  friend Recorded operator-(const Recorded& a, const Recorded& b);
  friend Recorded operator*(const Recorded& a, const Recorded& b);
  friend Recorded operator/(const Recorded& a, const Recorded& b);
  friend Recorded operator-(const Recorded& a);
  friend Recorded exp(const Recorded& a);
  friend Recorded log(const Recorded& a);
  friend Recorded sqrt(const Recorded& a);
  friend Recorded sin(const Recorded& a);
  friend Recorded cos(const Recorded& a);
  friend Recorded tanh(const Recorded& a);
  friend Recorded if_less(const Recorded& a, const Recorded& b, const Recorded& yes, const Recorded& no);

 private:
  friend class Tape;
  bool is_negated() const;
  Recorded(Tape* tape, int step) : tape_(tape), step_(step) {}
  static Recorded of(Operation operation, std::initializer_list<Recorded> from);

  Tape* tape_ = nullptr;
  int step_ = -1;
  double value_ = 0;
};

/// What was computed, step by step, each from earlier ones. Nothing is computed twice, and what does not depend on the
/// inputs, or would not change a finite number, is not a step.
class Tape {
 public:
  struct Step {
    Operation operation;
    double value = 0;     ///< of a constant
    int input = -1;       ///< which
    std::vector<int> of;  ///< the steps that it is computed from
  };

  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  Recorded input(int number);
  const std::vector<Step>& steps() const { return steps_; }

 private:
  friend class Recorded;
  int position(const Step& step);
  int position(const Recorded& scalar);

  std::vector<Step> steps_;
  std::map<std::tuple<Operation, std::uint64_t, int, std::vector<int>>, int> known_;
};

}  // namespace residua
