// A surrogate as a plant's program uses it: loaded from a file, then asked for one point or for a batch.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/cases.hpp"
#include "surrogates/file.hpp"
#include "surrogates/signature.hpp"
#include "surrogates/surrogate.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua::bench {
namespace {

struct Shape {
  const char* physics;
  int width, depth;
};

Model model_of(const Shape& shape, Precision precision) {
  return random_model(shape.physics, {.precision = precision, .width = shape.width, .depth = shape.depth});
}

Surrogate saved_and_loaded(const Model& model) {
  const TemporaryFolder folder;
  save(model, folder / "surrogate.h5");
  return Surrogate(folder / "surrogate.h5");
}

/// Points spread over the middle of the envelope, as rows [input][n].
std::vector<double> rows_of_points(const Model& model, std::size_t n) {
  const std::size_t inputs = model.card.inputs.size();
  std::vector<double> rows(inputs * n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto point = point_of(model, 1.8 * double(i) / double(n) - 0.9);
    for (std::size_t k = 0; k < inputs; ++k) rows[k * n + i] = point[k];
  }
  return rows;
}

/// Point i of rows.
std::vector<double> column(const std::vector<double>& rows, std::size_t n, std::size_t i) {
  std::vector<double> point;
  for (std::size_t k = i; k < rows.size(); k += n) point.push_back(rows[k]);
  return point;
}

double tolerance(Precision precision) { return precision == Precision::float32 ? 1e-4 : 1e-11; }

/// Largest error of a few of n answers [output][n] against the plain loops in double, each relative to the size of the
/// outputs in the sample.
double error_of(const Model& model, const std::vector<double>& in, const std::vector<double>& out, std::size_t n) {
  const std::size_t outputs = model.card.outputs.size();
  std::vector<double> difference(outputs), size(outputs);
  for (std::size_t i = 0; i < n; i += n / 16) {
    const auto expected = reference_outputs(model, column(in, n, i));
    for (std::size_t o = 0; o < outputs; ++o) {
      const double d = std::abs(out[o * n + i] - expected[o]);
      difference[o] = d <= difference[o] ? difference[o] : d;  // keeps a NaN
      size[o] = std::max(size[o], std::abs(expected[o]));
    }
  }
  double worst = 0;
  for (std::size_t o = 0; o < outputs; ++o) worst = difference[o] <= worst * size[o] ? worst : difference[o] / size[o];
  return worst;
}

/// A surrogate with points of its envelope, at which a few answers were found right.
struct Asked {
  static constexpr std::size_t kPoints = 64;
  Model model;
  Surrogate surrogate;
  std::vector<std::vector<double>> points;
  std::vector<double> out, jacobian, weights, gradient, product;
  std::string wrong;  ///< empty: nothing

  Asked(const Shape& shape, Precision precision)
      : model(model_of(shape, precision)), surrogate(saved_and_loaded(model)), out(surrogate.outputs().size()) {
    const auto rows = rows_of_points(model, kPoints);
    std::vector<double> answers(out.size() * kPoints);
    for (std::size_t i = 0; i < kPoints; ++i) {
      points.push_back(column(rows, kPoints, i));
      if (surrogate.predict(points[i], out) != Status::ok) wrong = "a point of the envelope is not ok";
      for (std::size_t o = 0; o < out.size(); ++o) answers[o * kPoints + i] = out[o];
    }
    if (const double error = error_of(model, rows, answers, kPoints); !(error < tolerance(precision)))
      wrong = fmt::format("wrong answer: relative error {:.1e}", error);
    jacobian.resize(out.size() * points[0].size());
    weights.assign(out.size(), 1);
    gradient.resize(points[0].size());
    product.resize(points[0].size());
  }
};

using Call = void (*)(Asked& asked, const std::vector<double>& in);
const std::pair<const char*, Call> kCalls[] = {
    {"one_point", [](Asked& a, const std::vector<double>& in) { a.surrogate.predict(in, a.out); }},
    {"jacobian", [](Asked& a, const std::vector<double>& in) { a.surrogate.jacobian(in, a.out, a.jacobian); }},
    {"vjp", [](Asked& a, const std::vector<double>& in) { a.surrogate.vjp(in, a.weights, a.out, a.gradient); }},
    {"hvp", [](Asked& a, const std::vector<double>& in) {
       a.surrogate.hvp(in, a.weights, in, a.out, a.gradient, a.product);
     }}};

/// Every call is timed by itself, so the latencies include one reading of the clock (some 20 ns).
void latency(benchmark::State& state, const Shape& shape, Precision precision, Call call) {
  using Clock = std::chrono::steady_clock;
  Asked asked(shape, precision);
  if (!asked.wrong.empty()) return state.SkipWithError(asked.wrong.c_str());
  std::vector<std::int64_t> nanoseconds(std::size_t(state.max_iterations));
  std::size_t n = 0;
  for (auto _ : state) {
    const auto start = Clock::now();
    call(asked, asked.points[n % Asked::kPoints]);
    benchmark::ClobberMemory();
    const auto end = Clock::now();
    nanoseconds[n++] = std::chrono::nanoseconds(end - start).count();
  }
  std::sort(nanoseconds.begin(), nanoseconds.end());
  for (const auto& [name, share] : {std::pair{"p50_ns", 0.5}, {"p99_ns", 0.99}, {"p99.9_ns", 0.999}})
    state.counters[name] = double(nanoseconds[std::size_t(share * double(n - 1))]);
}

/// From the path of a signed file to a surrogate that has passed its self-test.
void load_signed(benchmark::State& state, const Shape& shape, Precision precision, Container container) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "surrogate";
  const SecretKey key = SecretKey::generate("bench");
  save(model_of(shape, precision), path, container);
  sign_file(path, key, false);
  const LoadOptions options{SignaturePolicy::required, {key.public_key()}};
  for (auto _ : state) benchmark::DoNotOptimize(Surrogate(path, options));
}

void batch(benchmark::State& state, const Shape& shape, Precision precision, std::size_t n, int threads) {
  const Model model = model_of(shape, precision);
  const Surrogate surrogate = saved_and_loaded(model);
  const auto in = rows_of_points(model, n);
  std::vector<double> out(surrogate.outputs().size() * n);
  if (surrogate.predict(n, in, out) != Status::ok) return state.SkipWithError("a point of the envelope is not ok");
  if (const double error = error_of(model, in, out, n); !(error < tolerance(precision)))
    return state.SkipWithError(fmt::format("wrong answer: relative error {:.1e}", error).c_str());

  const auto stride = std::ptrdiff_t(n);
  for (auto _ : state) {
    surrogate.predict(n, Strided<const double>{in.data(), stride, 1}, Strided<double>{out.data(), stride, 1},
                      {{}, threads});
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t(n));
  state.counters["s_per_point"] =
      benchmark::Counter(double(n), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

}  // namespace

void register_inference() {
  // transport_2d has 8 inputs: the network of the comparison with other inference libraries.
  for (const Shape& shape : {Shape{"leach_column", 48, 4}, Shape{"kiln_wall", 32, 3}, Shape{"transport_2d", 64, 4}})
    for (const auto& [name, precision] : {std::pair{"float32", Precision::float32}, {"float64", Precision::float64}}) {
      const std::string stem = fmt::format("{}/{}x{}/{}", shape.physics, shape.width, shape.depth, name);
      for (const auto& [what, call] : kCalls)
        benchmark::RegisterBenchmark(fmt::format("inference/{}/{}", what, stem).c_str(), latency, shape, precision,
                                     call)
            ->Iterations(100000)
            ->Unit(benchmark::kNanosecond);
      for (const std::size_t n : {64, 4096, 65536})
        benchmark::RegisterBenchmark(fmt::format("inference/batch/{}/points:{}", stem, n).c_str(), batch, shape,
                                     precision, n, 1)
            ->Unit(benchmark::kMicrosecond);
      benchmark::RegisterBenchmark(("inference/batch_on_two_threads/" + stem + "/points:65536").c_str(), batch, shape,
                                   precision, 65536, 2)
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
      for (const auto& [what, container] :
           {std::pair{"load_hdf5", Container::hdf5}, {"load_compact", Container::compact}})
        benchmark::RegisterBenchmark(fmt::format("inference/{}/{}", what, stem).c_str(), load_signed, shape, precision,
                                     container)
            ->Unit(benchmark::kMillisecond);
    }
}

}  // namespace residua::bench
