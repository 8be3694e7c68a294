#pragma once
#include <cstdint>
#include <vector>

namespace residua {

/// The points whose |residual| is above the mean of all, in ascending order, from their squared residuals; never all of
/// them. Kept from one draw to the next, while the others are released and drawn anew from the whole domain, they
/// gather where the residual stays large: R3 (retain, resample, release), Daw, Bu, Wang, Perdikaris & Karpatne, ICML
/// 2023, arXiv 2207.02338.
std::vector<std::int64_t> above_mean(const std::vector<double>& squares);

}  // namespace residua
