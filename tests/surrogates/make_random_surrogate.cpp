// Writes a surrogate with random weights: make_random_surrogate PHYSICS FILE, compact if FILE ends with .rsd
#include <cstdio>
#include <filesystem>

#include "kernels/core/error.hpp"
#include "tests/surrogates/random_model.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s PHYSICS FILE\n", argv[0]);
    return 2;
  }
  try {
    const bool compact = std::filesystem::path(argv[2]).extension() == ".rsd";
    residua::save(residua::random_model(argv[1], {.width = 32, .depth = 3}), argv[2],
                  compact ? residua::Container::compact : residua::Container::hdf5);
  } catch (const residua::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
