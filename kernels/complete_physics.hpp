#pragma once
#include <iterator>
#include <string_view>

#include "kernels/core/physics.hpp"

namespace residua::inline RESIDUA_ISA {

/// Says in words what a physics lacks, before the kernels fail to compile on it; true if it lacks nothing.
template <class Ph>
constexpr bool complete_physics() {
  static_assert(
      requires { std::string_view(Ph::name); }, "a physics needs a text 'name'");
  static_assert(
      requires { std::string_view(Ph::summary); }, "a physics needs a text 'summary'");
  static_assert(
      requires { Ph::kCoords; } && requires { Ph::kParams; } && requires { Ph::kFields; },
      "a physics needs enumerations that end in kCoords, kParams and kFields");
  static_assert(
      requires { Ph::coords[0].lower; } && requires { Ph::params[0].lower; } && requires { Ph::fields[0].lower; },
      "a physics needs the tables of Quantity 'coords', 'params' and 'fields'");
  static_assert(std::size(Ph::coords) == Ph::kCoords && std::size(Ph::params) == Ph::kParams &&
                    std::size(Ph::fields) == Ph::kFields,
                "the tables coords, params and fields need as many entries as their enumerations");
  static_assert(Ph::kCoords <= kMaxCoords, "a physics has at most so many coordinates as kMaxCoords");
  for_each_term<Ph>([]<class Term>() {
    static_assert(
        requires { std::string_view(Term::name); }, "a term of the loss needs a text 'name'");
    static_assert(std::size(Term::region) == Ph::kCoords, "the region of a term needs a Side for each coordinate");
  });
  return true;
}

}  // namespace residua::inline RESIDUA_ISA
