#pragma once
/// What a program includes that steps an installed Residua's surrogates in a control loop.
#include "surrogates/stepper.hpp"
