#pragma once
#include <string_view>

namespace residua {

/// The text of surrogates/generated.hpp.
std::string_view generated_text();

}  // namespace residua
