// The network 8-64-64-64-64-3 with tanh in RTNeural, its shape known to the compiler: prints the p50, p99 and p99.9 of
// prediction in nanoseconds. bench/areas/inference.py compiles it against the copy that RESIDUA_RTNEURAL names.
#include <RTNeural/RTNeural.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

namespace {

using Tanh = RTNeural::TanhActivationT<float, 64>;
using Hidden = RTNeural::DenseT<float, 64, 64>;
using Model = RTNeural::ModelT<float, 8, 3, RTNeural::DenseT<float, 8, 64>, Tanh, Hidden, Tanh, Hidden, Tanh, Hidden,
                               Tanh, RTNeural::DenseT<float, 64, 3>>;

std::mt19937 generator(1);
float uniform(float size) { return std::uniform_real_distribution<float>(-size, size)(generator); }

template <class Layer>
void fill(Layer& layer, int in, int out) {
  std::vector<std::vector<float>> weights(out, std::vector<float>(in));
  std::vector<float> bias(out);
  for (auto& row : weights)
    for (float& w : row) w = uniform(std::sqrt(3.f / float(in)));
  for (float& b : bias) b = uniform(0.1f);
  layer.setWeights(weights);
  layer.setBias(bias.data());
}

}  // namespace

int main() {
  using Clock = std::chrono::steady_clock;
  constexpr int kPoints = 64, kCalls = 100000;
  static Model model;
  fill(model.get<0>(), 8, 64);
  fill(model.get<2>(), 64, 64);
  fill(model.get<4>(), 64, 64);
  fill(model.get<6>(), 64, 64);
  fill(model.get<8>(), 64, 3);
  model.reset();
  alignas(64) static float points[kPoints][8];
  for (auto& point : points)
    for (float& x : point) x = uniform(1);

  std::vector<std::int64_t> nanoseconds(kCalls);
  double sum = 0;
  for (int call = 0; call < kCalls; ++call) {
    const auto start = Clock::now();
    model.forward(points[call % kPoints]);
    asm volatile("" ::: "memory");
    const auto end = Clock::now();
    nanoseconds[call] = std::chrono::nanoseconds(end - start).count();
    sum += model.getOutputs()[call % 3];
  }
  if (!std::isfinite(sum) || sum == 0) return 1;
  std::sort(nanoseconds.begin(), nanoseconds.end());
  for (const int thousandths : {500, 990, 999})
    std::printf("%lld ", static_cast<long long>(nanoseconds[std::int64_t{kCalls} * thousandths / 1000]));
  std::printf("\n");
}
