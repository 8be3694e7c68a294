#pragma once
#include <string>
#include <vector>

#include "bench/problem.hpp"

namespace residua::bench {

// What a program exchanges with the peers of bench/peers. All of them throw Error for a file that cannot be written.

/// The problem: one line of JSON, then the arrays that it lists, as raw doubles one after another.
void write_problem(const Problem& problem, const std::string& path);

/// An answer: the loss, summed over the equations, and the gradient, as raw doubles.
void write_answer(const std::vector<double>& loss, const std::vector<double>& gradient, const std::string& path);

}  // namespace residua::bench
