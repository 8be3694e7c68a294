#pragma once
#include <cstdint>
#include <vector>

namespace residua {

/// `n` of the points whose squared residuals these are, in ascending order: a random choice without replacement where
/// the chance of a point is |r|^sharpness / mean + 1 (RAD: Wu, Zhu, Tan, Kartha & Lu, Comput. Methods Appl. Mech. Eng.
/// 403 (2023) 115671); by exponential keys (Efraimidis & Spirakis, Inf. Process. Lett. 97 (2006) 181).
std::vector<std::int64_t> choose_adaptively(const std::vector<double>& squares, std::int64_t n, double sharpness,
                                            std::uint64_t seed);

}  // namespace residua
