// Surrogates on a device, against the CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "kernels/cuda/device_array.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "surrogates/cuda/device_surrogate.hpp"
#include "tests/surrogates/page_on_gpu.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

template <class Io>
void expect_the_answers_of_the_cpu(const char* physics, Precision precision, double tolerance) {
  const TemporaryFolder folder;
  const Model model = random_model(physics, {.precision = precision, .width = 32, .depth = 3});
  save(model, folder / "model.h5");
  const Surrogate cpu(folder / "model.h5");
  const DeviceSurrogate gpu(folder / "model.h5");
  const std::size_t n = 10007, inputs = cpu.inputs().size(), outputs = cpu.outputs().size();
  std::vector<Io> in(inputs * n), expected(outputs * n);
  for (std::size_t p = 0; p < n; ++p) {
    const std::vector<double> point = point_of(model, -1.02 + 2.2 * double(p) / double(n));
    for (std::size_t i = 0; i < inputs; ++i) in[i * n + p] = Io(point[i]);
  }
  std::vector<Status> each(n);
  cpu.predict(n, in, expected, each);

  cuda::DeviceArray<Io> d_in(in), d_out(outputs * n);
  cuda::DeviceArray<Status> d_each(n);
  const std::size_t bytes = gpu.workspace_bytes(n);
  cuda::DeviceArray<unsigned char> workspace(bytes);
  gpu.predict(n, d_in.data(), d_out.data(), d_each.data(), workspace.data(), bytes, nullptr);
  const std::vector<Io> found = d_out.host();
  EXPECT_EQ(d_each.host(), each);
  for (std::size_t k = 0; k < found.size(); ++k)
    ASSERT_NEAR(found[k], expected[k], tolerance * (1 + std::abs(double(expected[k])))) << physics << " " << k;
  EXPECT_THROW(gpu.predict(n, d_in.data(), d_out.data(), nullptr, workspace.data(), bytes - 1, nullptr), Error);
}

TEST(DeviceSurrogate, AnswersAsTheCpuDoes) {
  if (!cuda::available()) GTEST_SKIP() << "no CUDA device answers";
  for (const char* physics : {"leach_column", "kiln_axial", "transport_2d"}) {
    expect_the_answers_of_the_cpu<double>(physics, Precision::float64, 1e-10);
    expect_the_answers_of_the_cpu<float>(physics, Precision::float32, 1e-4);
  }
}

TEST(DeviceSurrogate, DoesWhatThePageOnInferenceShows) {
  if (!cuda::available()) GTEST_SKIP() << "no CUDA device answers";
  const TemporaryFolder folder;
  const Model model = random_model("leach_column");
  save(model, folder / "surrogate.h5");
  const Surrogate cpu(folder / "surrogate.h5");
  const std::size_t n = 50, outputs = cpu.outputs().size();
  std::vector<double> in, expected(outputs * n);
  for (const double v : point_of(model, 0.2)) in.insert(in.end(), n, v);
  std::vector<Status> each(n);
  cpu.predict(n, in, expected, each);

  cuda::DeviceArray<double> d_in(in), d_out(outputs * n);
  cuda::DeviceArray<Status> d_each(n);
  cuda::DeviceArray<unsigned char> workspace(DeviceSurrogate(folder / "surrogate.h5").workspace_bytes(n));
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  page_on_gpu(n, d_in.data(), d_out.data(), d_each.data(), workspace.data(), nullptr);
  std::filesystem::current_path(before);
  EXPECT_EQ(d_each.host(), each);
  EXPECT_THAT(d_out.host(), testing::Pointwise(testing::DoubleNear(1e-9), expected));
}

TEST(DeviceSurrogate, SaysThatThereIsNoDevice) {
  if (cuda::available()) GTEST_SKIP() << "there is a device";
  const TemporaryFolder folder;
  save(random_model("heat_rod"), folder / "rod.h5");
  try {
    const DeviceSurrogate gpu(folder / "rod.h5");
    FAIL() << "expected an Error";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("cannot go to a GPU"));
  }
}

}  // namespace
}  // namespace residua
