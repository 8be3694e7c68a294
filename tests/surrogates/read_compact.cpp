// A program of the library without HDF5: reads a compact file, and says what it makes of an HDF5 file.
#include <cstdio>
#include <residua/surrogate.hpp>
#include <vector>

int main(int, char** arguments) try {
  const residua::Surrogate surrogate(arguments[1]);
  std::vector<double> in, out(surrogate.outputs().size());
  for (const residua::Variable& v : surrogate.inputs()) in.push_back((v.lower + v.upper) / 2);
  if (surrogate.predict(in, out) != residua::Status::ok) return 1;
  std::printf("read: %s = %g %s\n", surrogate.outputs()[0].name.c_str(), out[0], surrogate.outputs()[0].unit.c_str());
} catch (const residua::Error& error) {
  std::printf("%s\n", error.what());
  return 1;
}
