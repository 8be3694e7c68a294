// Batches that lie anywhere in memory, on any number of threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "surrogates/share_out.hpp"
#include "tests/surrogates/count_allocations.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

/// Points over the envelope and a little beyond, as rows [input][n].
template <class T>
std::vector<T> points_of(const Model& model, std::size_t n) {
  std::vector<T> rows(model.card.inputs.size() * n);
  for (std::size_t p = 0; p < n; ++p) {
    const std::vector<double> point = point_of(model, -1 + 2.1 * double(p) / double(n));
    for (std::size_t i = 0; i < point.size(); ++i) rows[i * n + p] = T(point[i]);
  }
  return rows;
}

template <class T>
void expect_same_wherever_points_lie(Precision precision) {
  const Model model = random_model("transport_2d", {.precision = precision});
  const Surrogate surrogate = loaded(model);
  const std::size_t n = 333, inputs = surrogate.inputs().size(), outputs = surrogate.outputs().size();
  const std::vector<T> rows = points_of<T>(model, n);
  std::vector<T> expected(outputs * n);
  const Status worst = surrogate.predict(n, rows, expected);

  // Records of a point each, with room for the answers behind its inputs, backwards.
  const std::size_t record = inputs + outputs + 3;
  const T untouched = -1234;
  std::vector<T> records(record * n, untouched);
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t i = 0; i < inputs; ++i) records[(n - 1 - p) * record + i] = rows[i * n + p];
  const Strided<const T> in{&records[(n - 1) * record], 1, -std::ptrdiff_t(record)};
  const Strided<T> out{&records[(n - 1) * record + inputs], 1, -std::ptrdiff_t(record)};
  EXPECT_EQ(surrogate.predict(n, in, out), worst);
  for (std::size_t p = 0; p < n; ++p) {
    for (std::size_t e = 0; e < outputs; ++e) ASSERT_EQ(*out.at(e, p), expected[e * n + p]) << p;
    for (std::size_t k = inputs + outputs; k < record; ++k) ASSERT_EQ(records[p * record + k], untouched);
  }
}

TEST(Batch, AnswersTheSameWhereverPointsLie) {
  expect_same_wherever_points_lie<double>(Precision::float64);
  expect_same_wherever_points_lie<double>(Precision::float32);
  expect_same_wherever_points_lie<float>(Precision::float32);
}

TEST(Batch, AnswersTheSameOnAnyNumberOfThreads) {
  const Model model = random_model("kiln_wall", {.precision = Precision::float32});
  const Surrogate surrogate = loaded(model);
  const auto n = std::ptrdiff_t(5000 + 7);
  std::vector<double> rows = points_of<double>(model, std::size_t(n));
  rows[3000] = std::numeric_limits<double>::quiet_NaN();
  const std::size_t outputs = surrogate.outputs().size();
  std::vector<double> expected(outputs * std::size_t(n));
  std::vector<Status> each(static_cast<std::size_t>(n));
  EXPECT_EQ(surrogate.predict(std::size_t(n), rows, expected, each), Status::not_finite);
  for (const int threads : {-1, 0, 2, 3, 8, 1000}) {
    std::vector<double> out(expected.size());
    std::vector<Status> found(each.size());
    EXPECT_EQ(surrogate.predict(std::size_t(n), Strided<const double>{rows.data(), n, 1},
                                Strided<double>{out.data(), n, 1}, {found, threads}),
              Status::not_finite);
    EXPECT_EQ(found, each);
    out[3000] = expected[3000] = 0;  // one output, and not a number
    EXPECT_EQ(out, expected) << threads << " threads";
  }
}

TEST(Batch, OfNoPointsIsFine) {
  const Surrogate surrogate = loaded(random_model("heat_rod"));
  EXPECT_EQ(surrogate.predict(0, Strided<const double>{}, Strided<double>{}, {{}, 4}), Status::ok);
}

TEST(Batch, AsksForAStatusOfEachPointOrNone) {
  const Model model = random_model("heat_rod");
  const Surrogate surrogate = loaded(model);
  const std::vector<double> rows = points_of<double>(model, 5);
  std::vector<double> out(5 * surrogate.outputs().size());
  std::vector<Status> each(4);
  EXPECT_EQ(
      surrogate.predict(5, Strided<const double>{rows.data(), 5, 1}, Strided<double>{out.data(), 5, 1}, {each, 1}),
      Status::wrong_size);
}

TEST(Batch, AllocatesNothingOnOneThread) {
  if (!kCountsAllocations) GTEST_SKIP() << "allocations are not counted under sanitizers";
  const Model model = random_model("heat_rod");
  const Surrogate surrogate = loaded(model);
  const std::vector<double> rows = points_of<double>(model, 100);
  std::vector<double> out(100 * surrogate.outputs().size());
  const std::size_t before = allocations();
  surrogate.predict(100, Strided<const double>{rows.data(), 100, 1}, Strided<double>{out.data(), 100, 1});
  EXPECT_EQ(allocations(), before);
}

TEST(Batch, IsDoneByTheCallerWhereThereIsNoMemoryForThreads) {
  if (!kCountsAllocations) GTEST_SKIP() << "memory cannot be taken away under sanitizers";
  std::atomic<int> done = 0;
  out_of_memory = true;
  share_out(100, 8, [&](std::size_t) noexcept { ++done; });
  out_of_memory = false;
  EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace residua
