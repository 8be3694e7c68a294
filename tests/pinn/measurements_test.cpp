#include "pinn/measurements.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "tests/pinn/thrown.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

class FromTable : public ::testing::Test {
 protected:
  FromTable() {
    save(random_model("leach_column"), folder_ / "column.h5");
    surrogate_.emplace(folder_ / "column.h5");
    table_.add("time", "", {0.5, 1, 2, 3.5, 5, 7});
    table_.add("flux", "", {0, 0.1, 0.3, 0.7, kNone, 0.95});
    table_.add("operator", "", {1, 1, 2, 2, 3, 3});
  }
  Measurements read() const { return read_measurements(table_, *surrogate_, options_); }

  TemporaryFolder folder_;
  std::optional<Surrogate> surrogate_;
  Table table_;
  MeasurementOptions options_{{}, {{"depth", 1.}, {"retardation", 1.5}}, {}, 0};
};

TEST_F(FromTable, TakesColumnsOfInputsAndOutputsAndLeavesFreeWhatIsNotKnown) {
  const Measurements m = read();
  ASSERT_EQ(m.by_row.size(), 1u);
  EXPECT_EQ(m.by_row[0].first, 0u);
  EXPECT_EQ(m.by_row[0].second, table_["time"]);
  ASSERT_EQ(m.observations.size(), 5u);  // one cell is empty
  EXPECT_EQ(m.observations[4].row, 5u);
  EXPECT_EQ(m.observations[4].output, 2u);
  EXPECT_EQ(m.values(), (std::vector<double>{0, 0.1, 0.3, 0.7, 0.95}));
  const auto free = free_parameters(*surrogate_, m);
  ASSERT_EQ(free.size(), 3u);
  EXPECT_EQ(free[0].name, "peclet");
  EXPECT_EQ(free[0].lower, 20);
  EXPECT_EQ(free[0].upper, 120);
  EXPECT_EQ(free[0].value, 70);
  EXPECT_EQ(free[1].name, "mobile_fraction");
  EXPECT_EQ(free[2].name, "exchange");
}

TEST_F(FromTable, TakesSigmaByNumberAndByColumn) {
  options_.sigma = {{"flux", 0.02}, {"mobile", 0.03}};
  table_.add("mobile", "", {0.1, 0.2, 0.3, 0.4, 0.5, 0.6});
  table_.add("flux_sigma", "", {1, 2, 3, 4, 5, 6});
  const Measurements m = read();
  for (const Observation& o : m.observations) EXPECT_EQ(o.sigma, o.output == 0 ? 0.03 : double(o.row + 1));
  ASSERT_EQ(m.observations.size(), 11u);
}

TEST_F(FromTable, ModelHasTheDerivativesOfItsValues) {
  table_.add("depth", "", {0.2, 0.4, 1, 1, 0.6, 1});
  table_.add("mobile", "", {0.1, 0.2, 0.3, 0.4, 0.5, 0.6});
  options_.known = {{"retardation", 1.5}};
  for (const double pulse : {0., 1.5}) {
    SCOPED_TRACE(pulse);
    options_.pulse = pulse;
    const Measurements m = read();
    const std::size_t n = m.observations.size();
    ASSERT_EQ(n, 11u);
    const FitModel model = surrogate_model(*surrogate_, m);
    const std::vector<double> at{50, 0.7, 2};
    std::vector<double> values(n), plain(n), jacobian(3 * n), up(n), down(n);
    model(at, values, jacobian);
    model(at, plain, {});
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(values[i], plain[i], 1e-12);
    for (std::size_t k = 0; k < 3; ++k) {
      auto moved = at;
      moved[k] = at[k] * (1 + 1e-5);
      model(moved, up, {});
      moved[k] = at[k] * (1 - 1e-5);
      model(moved, down, {});
      for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(jacobian[i * 3 + k] * at[k], (up[i] - down[i]) / 2e-5, 1e-7);
    }
  }
}

TEST_F(FromTable, PulseTakesTheStepBackAfterItsEnd) {
  const auto values_of = [&](std::vector<double> times, double pulse) {
    Table table;
    table.add("flux", "", std::vector<double>(times.size(), 0.5));
    table.add("time", "", std::move(times));
    options_.pulse = pulse;
    const Measurements m = read_measurements(table, *surrogate_, options_);
    std::vector<double> values(m.observations.size());
    surrogate_model(*surrogate_, m)(std::vector{50., 0.7, 2.}, values, {});
    return values;
  };
  const auto step = values_of({1, 2, 4, 2.5}, 0), pulse = values_of({1, 2, 4}, 1.5);
  EXPECT_DOUBLE_EQ(pulse[0], step[0]);
  EXPECT_DOUBLE_EQ(pulse[1], step[1] - values_of({0.5}, 0)[0]);
  EXPECT_DOUBLE_EQ(pulse[2], step[2] - step[3]);
}

TEST_F(FromTable, ReferenceAnswersTheSameRowsInAnyOrder) {
  // The breakthrough of the exact solution at the outlet rises with time, whatever the order of rows.
  Table table;
  table.add("time", "", {7, 0.5, 3.5, 3.5});
  table.add("depth", "", {1, 1, 1, 0.5});
  table.add("flux", "", {0, 0, 0, 0});
  options_.known = {{"retardation", 1.5}};
  const Measurements m = read_measurements(table, *surrogate_, options_);
  std::vector<double> values(4), jacobian(12);
  reference_model(*surrogate_, m)(std::vector{50., 0.7, 2.}, values, jacobian);
  EXPECT_LT(values[1], 0.05);
  EXPECT_LT(values[1], values[2]);
  EXPECT_LT(values[2], values[0]);
  EXPECT_LT(values[2], values[3]);  // it comes earlier further up
  EXPECT_NEAR(values[0], 1, 0.05);
}

TEST_F(FromTable, SaysWhatItExpected) {
  const auto says = [&](const MeasurementOptions& options, const std::vector<std::string>& parts) {
    const std::string message = thrown_by([&] { read_measurements(table_, *surrogate_, options); });
    for (const std::string& part : parts) EXPECT_THAT(message, HasSubstr(part));
  };
  auto o = options_;
  o.known.push_back({"peklet", 3});
  says(o, {"input 'peklet'", "expected one of time, depth, peclet, retardation"});
  o = options_;
  o.columns = {{"flow", "flux"}};
  says(o, {"'flow'", "expected one of mobile, immobile, flux"});
  o = options_;
  o.columns = {{"flux", "outlet"}};
  says(o, {"no column 'outlet'", "time, flux"});
  o = options_;
  o.known = {{"retardation", 1.5}};
  says(o, {"coordinate 'depth' has no value"});
  o = options_;
  o.known.push_back({"time", 3});
  says(o, {"--at time=3", "no column"});
  o = options_;
  for (const char* name : {"peclet", "mobile_fraction", "exchange"}) o.known.push_back({name, 1});
  says(o, {"every input is known"});
  table_ = {};
  table_.add("time", "", {1, 2});
  says(options_, {"no measured output", "mobile, immobile, flux"});
}

}  // namespace
}  // namespace residua
