#pragma once
/// What a program that uses an installed Residua includes.
#include "surrogates/surrogate.hpp"
