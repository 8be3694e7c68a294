#pragma once
/// What a program includes that asks an installed Residua's surrogates on a GPU.
#include "surrogates/cuda/device_surrogate.hpp"
