#include "pinn/run_file.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "pinn/problem.hpp"
#include "tests/pinn/thrown.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string message_for(const std::string& text) {
  return thrown_by([&] { Problem(RunFile::parse(text, "run.toml")); });
}

/// A mistake, the line it is in, and what the message must say.
struct Mistake {
  std::string name, text;
  int line;
  std::vector<std::string> says;
};

class RunFileMistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(RunFileMistakes, GiveOneLineThatSaysWhereWhatExpectedAndFound) {
  const Mistake& mistake = GetParam();
  const std::string message = message_for(mistake.text);
  EXPECT_THAT(message, StartsWith("run.toml:" + std::to_string(mistake.line) + ": "));
  EXPECT_THAT(message, Not(HasSubstr("\n")));
  EXPECT_LT(message.size(), 400u) << message;
  for (const std::string& part : mistake.says) EXPECT_THAT(message, HasSubstr(part));
}

const std::string kRod = "physics = 'heat_rod'\n", kAdam = kRod + "[[stage]]\noptimizer = 'adam'\n";

INSTANTIATE_TEST_SUITE_P(
    , RunFileMistakes,
    ::testing::Values(
        Mistake{"UnknownPhysics",
                "seed = 1\nphysics = 'heat_rot'",
                2,
                {"physics", "expected", "heat_rod", "leach_column", "heat_rot"}},
        Mistake{"PhysicsThatIsNoText", "physics = 3", 1, {"physics", "heat_rod", "3"}},
        Mistake{"WordThatTheLineEnds", kRod + "seed = tr\n\n", 2, {"expected 'true'", "'tr"}},
        Mistake{"UnknownKey", kRod + "sed = 1", 2, {"'sed'", "seed", "network", "envelope", "terms", "stage"}},
        Mistake{
            "UnknownKeyInATable", kAdam + "steps = 1\nrate = 1", 5, {"'rate'", "[stage]", "learning_rate", "resample"}},
        Mistake{"UnknownKeyInANestedTable",
                kRod + "[terms.interior]\nsize = 1",
                3,
                {"'size'", "[terms.interior]", "points, weight"}},
        Mistake{"UnknownTerm", kRod + "[terms.inlet]\npoints = 1", 2, {"'inlet'", "[terms]", "interior"}},
        Mistake{"UnknownInput",
                kRod + "[envelope]\npeclet = 1",
                3,
                {"'peclet'", "[envelope]", "time", "position", "diffusivity"}},
        Mistake{"KeyWithALineBreak", kRod + "\"a\\nb\" = 1", 2, {"expected one of"}},
        Mistake{"KeyWithAControlCharacter", kRod + "\"a\\u007Fb\" = 1", 2, {"unknown key 'a?b'"}},
        Mistake{"TextForANumber", kAdam + "steps = 'many'", 4, {"stage.steps", "expected a whole number", "many"}},
        Mistake{"FractionForAWholeNumber", kAdam + "steps = 1.5", 4, {"stage.steps", "expected a whole number", "1.5"}},
        Mistake{
            "TruthForANumber", kAdam + "learning_rate = true", 4, {"stage.learning_rate", "expected a number", "true"}},
        Mistake{
            "TableForANumber", kRod + "[network.width]\na = 1\nb = 2", 2, {"network.width", "expected a whole number"}},
        Mistake{"NumberForATable", kRod + "terms = 1", 2, {"terms", "expected a table", "1"}},
        Mistake{"ListForATable", kRod + "[[terms]]\na = 1\n[[terms]]\na = 2", 2, {"terms", "expected a table"}},
        Mistake{"TableForAList", kRod + "[stage]\nsteps = 1", 2, {"stage", "[[stage]]"}},
        Mistake{"EmptyListOfStages", kRod + "stage = []", 2, {"stage", "[[stage]]"}},
        Mistake{
            "StageWithoutOptimizer", kRod + "[[stage]]\nsteps = 1", 2, {"stage", "optimizer", "levenberg_marquardt"}},
        Mistake{"UnknownOptimizer", kRod + "[[stage]]\noptimizer = 'sgd'", 3, {"stage.optimizer", "adam, ", "sgd"}},
        Mistake{"SettingOfAnotherOptimizer", kAdam + "history = 5", 4, {"'history'", "[stage]", "learning_rate"}},
        Mistake{"MarchWithoutTime",
                "physics = 'kiln_axial_steady'\n[march]\nwindows = 3",
                2,
                {"march", "first coordinate is the time", "kiln_axial_steady"}},
        Mistake{"NoWindows", kRod + "[march]\nwindows = 0", 3, {"march.windows", "from 1", "0"}},
        Mistake{
            "WindowsAndSeams", kRod + "[march]\nwindows = 2\nseams = [0.5]", 2, {"march", "windows", "seams", "both"}},
        Mistake{"SeamsThatFall", kRod + "[march]\nseams = [0.5, 0.2]", 3, {"march.seams", "rising", "0.2"}},
        Mistake{"SeamOutsideTheTime", kRod + "[march]\nseams = [1.5]", 3, {"march.seams", "between 0 and 1", "1.5"}},
        Mistake{"SeamThatIsNoNumber", kRod + "[march]\nseams = ['late']", 3, {"march.seams", "numbers", "late"}},
        Mistake{"OneSeamWithoutAList", kRod + "[march]\nseams = 0.5", 3, {"march.seams", "rising numbers", "0.5"}},
        Mistake{"UnknownSolver",
                kRod + "[[stage]]\noptimizer = 'levenberg_marquardt'\nsolver = 'sparse'",
                4,
                {"stage.solver", "automatic, dense, matrix_free", "sparse"}},
        Mistake{"SolverOfAdam", kAdam + "solver = 'dense'", 4, {"'solver'", "[stage]", "learning_rate"}},
        Mistake{
            "NumberForATruth", kAdam + "factorised = 1", 4, {"stage.factorised", "expected true or false", "found 1"}},
        Mistake{"FactorsOfLbfgs",
                kRod + "[[stage]]\noptimizer = 'lbfgs'\nfactorised = true",
                4,
                {"'factorised'", "[stage]", "history"}},
        Mistake{"NegativeSteps", kAdam + "steps = -1", 4, {"stage.steps", "from 0", "-1"}},
        Mistake{"NegativeSeed", kRod + "seed = -1", 2, {"seed", "from 0", "-1"}},
        Mistake{"NotANumber", kAdam + "learning_rate = nan", 4, {"stage.learning_rate", "expected a number", "nan"}},
        Mistake{"NoWidth", kRod + "[network]\nwidth = 0", 3, {"network.width", "from 1", "0"}},
        Mistake{"TooManyLayers", kRod + "[network]\ndepth = 13", 3, {"network.depth", "to 12", "13"}},
        Mistake{"NoPoints", kRod + "[terms.interior]\npoints = 0", 3, {"terms.interior.points", "from 1", "0"}},
        Mistake{
            "NegativeWeight", kRod + "[terms]\ninterior = {weight = -1}", 3, {"terms.interior.weight", "from 0", "-1"}},
        Mistake{"UnknownActivation",
                kRod + "[network]\nactivation = 'relu'",
                3,
                {"network.activation", "tanh, sin, silu, gelu", "relu"}},
        Mistake{"ActivationOverTwoLines",
                kRod + "[network]\nactivation = \"re\\nlu\"",
                3,
                {"network.activation", "tanh, sin, silu, gelu"}},
        Mistake{
            "EmptyActivation", kRod + "[network]\nactivation = ''", 3, {"network.activation", "tanh, sin, silu, gelu"}},
        Mistake{
            "UnknownPrecision", kAdam + "precision = 'float16'", 4, {"stage.precision", "float32, float64", "float16"}},
        Mistake{"ReversedRange",
                kRod + "[envelope]\ndiffusivity = [0.2, 0.1]",
                3,
                {"envelope.diffusivity", "lower <= upper", "0.2"}},
        Mistake{"RangeOfThree",
                kRod + "[envelope]\ndiffusivity = [1, 2, 3]",
                3,
                {"envelope.diffusivity", "[lower, upper]", "3"}},
        Mistake{"InfiniteRange", kRod + "[envelope]\ntime = [0, inf]", 3, {"envelope.time", "[lower, upper]", "inf"}},
        Mistake{
            "CoordinateFixedToOneValue", kRod + "[envelope]\ntime = 1", 3, {"envelope.time", "[lower, upper]", "1"}},
        Mistake{"NegativeTime", kRod + "[envelope]\ntime = [-1, 1]", 3, {"envelope.time", "0 to inf", "-1"}},
        Mistake{"DepthBehindTheWall",
                "physics = 'kiln_wall'\n[envelope]\ndepth = [0, 2]",
                3,
                {"envelope.depth", "0 to 1", "[ 0, 2 ]"}},
        Mistake{"NegativeRadius",
                "physics = 'cylinder_cooling'\n[envelope]\nradius = [-0.5, 1]",
                3,
                {"envelope.radius", "0 to 1", "-0.5"}},
        Mistake{"DivisorOfZero",
                "physics = 'leach_column'\n[envelope]\npeclet = 0",
                3,
                {"envelope.peclet", "above 0, found 0"}},
        Mistake{"DivisorFromZeroOn",
                "physics = 'kiln_wall'\n[envelope]\nthickness = [0, 0.2]",
                3,
                {"envelope.thickness", "above 0, found [ 0, 0.2"}},
        Mistake{"AllWaterMobile",
                "physics = 'leach_column'\n[envelope]\nmobile_fraction = 1",
                3,
                {"envelope.mobile_fraction", "above 0 and below 1", "found 1"}},
        Mistake{"WallThatDoesNotConductWhereItIsHottest",
                "physics = 'kiln_wall'\n[envelope]\nconductivity_slope = [-7e-4, 0]",
                2,
                {"envelope", "1 + conductivity_slope * T above 0", "gas_temperature=1500", "initial_temperature=300",
                 "conductivity_slope=-0.0007", "ambient_temperature=298"}},
        Mistake{"FaceThatDoesNotConduct",
                "physics = 'wall_conduction'\n[envelope]\nouter_temperature = 2000\nconductivity_slope = [-6e-4, 0]",
                2,
                {"envelope", "1 + conductivity_slope * T above 0", "outer_temperature=2000"}},
        Mistake{"CoordinateOverAnEmptyRange",
                kRod + "[envelope]\nposition = [1, 1]",
                3,
                {"envelope.position", "[lower, upper]", "1"}},
        Mistake{"UnknownWeighting",
                kRod + "[weighting]\nmethod = 'softadapt'",
                3,
                {"weighting.method", "fixed, gradient_norm, ntk, relobralo", "softadapt"}},
        Mistake{"WeightingEveryNoSteps", kRod + "[weighting]\nevery = 0", 3, {"weighting.every", "from 1", "0"}},
        Mistake{"NegativeTolerance", kRod + "[causal]\ntolerance = -1", 3, {"causal.tolerance", "from 0", "-1"}},
        Mistake{"OneSlabOfTime", kRod + "[causal]\nchunks = 1", 3, {"causal.chunks", "from 2", "1"}},
        Mistake{"UnknownKeyOfCausality",
                kRod + "[causal]\nslabs = 4",
                3,
                {"'slabs'", "[causal]", "tolerance, chunks, every"}},
        Mistake{"CausalityWithoutTime",
                "physics = 'wall_conduction'\n[causal]\ntolerance = 1",
                2,
                {"causal", "coordinate 'time'", "wall_conduction"}},
        Mistake{"NumberForTruth", kAdam + "retain = 1", 4, {"stage.retain", "true or false", "1"}},
        Mistake{"UnknownParameterOfAStage",
                kAdam + "[stage.envelope]\npeclet = 1",
                5,
                {"'peclet'", "[stage.envelope]", "diffusivity"}},
        Mistake{"CoordinateOfAStage", kAdam + "envelope = {time = [0, 1]}", 4, {"'time'", "[stage.envelope]"}},
        Mistake{"RangeOfAStageWhereTheRunHasAValue",
                kAdam + "envelope = {diffusivity = [0.1, 0.2]}\n[envelope]\ndiffusivity = 0.1",
                4,
                {"stage.envelope.diffusivity", "expected a number", "0.2"}},
        Mistake{"StageOutsideTheEnvelope",
                kAdam + "envelope = {diffusivity = 0.3}",
                4,
                {"stage.envelope.diffusivity", "0.05 to 0.2"}},
        Mistake{"LastStageElsewhere",
                kAdam + "envelope = {diffusivity = 0.1}",
                2,
                {"stage", "the last stage", "the envelope of the run"}},
        Mistake{"GradingWithoutTime",
                "physics = 'wall_conduction'\n[terms.interior]\ngrading = 2",
                2,
                {"terms.interior", "grading", "time", "wall_conduction"}},
        Mistake{"NoTermLeft", kRod + "[terms]\ninterior = {weight = 0}", 2, {"terms", "weight", "interior"}},
        Mistake{"SyntaxError", kRod + "[[stage\nsteps = 1", 2, {}},
        Mistake{"TheSameKeyTwice", kRod + "seed = 1\nseed = 2", 3, {"seed"}}),
    [](const auto& test) { return test.param.name; });

TEST(RunFile, WithoutPhysicsIsRefused) {
  EXPECT_THAT(message_for("seed = 1"),
              AllOf(HasSubstr("run.toml"), HasSubstr("'physics' is missing"), HasSubstr("expected")));
  EXPECT_THAT(message_for(""), HasSubstr("'physics' is missing"));
}

TEST(RunFile, ThatCannotBeReadIsNamed) {
  const TemporaryFolder folder;
  for (const auto& path : {folder / "absent.toml", folder.path()})
    EXPECT_THAT(thrown_by([&] { RunFile::read(path); }),
                AllOf(HasSubstr(path.string()), HasSubstr("expected a run file")));
}

TEST(RunFile, SaysEverythingThatTrainingNeeds) {
  const std::string text =
      "physics = 'leach_column'\nseed = 7\ncheckpoint_every = 11\nvalidation_cases = 5\n"
      "[network]\nwidth = 20\ndepth = 5\nactivation = 'silu'\n"
      "[envelope]\ntime = [0, 4]\npeclet = 50\nexchange = [0.5, 2]\n"
      "[terms.interior]\npoints = 100\n[terms.inlet]\npoints = 10\nweight = 3.5\n"
      "[weighting]\nmethod = 'ntk'\nevery = 12\n[causal]\ntolerance = 0.5\nchunks = 8\nevery = 3\n"
      "[[stage]]\noptimizer = 'adam'\nsteps = 30\nlearning_rate = 1e-2\nfinal_learning_rate = 1e-4\nresample = "
      "2\nprecision = 'float64'\nretain = true\nfactorised = true\nenvelope = {peclet = 20, exchange = [1, 2]}\n"
      "[[stage]]\noptimizer = 'lbfgs'\nsteps = 40\nhistory = 6\nresample = 8\nmore_points = 2\nprecision = "
      "'float32'\nadaptive = 1.5\n";
  const TemporaryFolder folder;
  std::ofstream(folder / "leach.toml") << text;
  const RunFile run = RunFile::read(folder / "leach.toml");
  EXPECT_EQ(run.text, text);
  EXPECT_EQ(run.physics, "leach_column");
  EXPECT_EQ(run.seed, 7u);
  EXPECT_EQ(run.checkpoint_every, 11);
  EXPECT_EQ(run.validation_cases, 5);
  EXPECT_EQ(run.width, 20);
  EXPECT_EQ(run.depth, 5);
  EXPECT_EQ(name_of(run.activation), "silu");
  ASSERT_EQ(run.envelope.size(), 3u);
  EXPECT_EQ(run.envelope.at("time").upper, 4);
  EXPECT_EQ(run.envelope.at("peclet").lower, 50);
  EXPECT_EQ(run.envelope.at("peclet").upper, 50);
  EXPECT_EQ(run.envelope.at("exchange").lower, 0.5);
  EXPECT_EQ(run.terms.at("interior").points, 100);
  EXPECT_EQ(run.terms.at("interior").weight, 1);
  EXPECT_EQ(run.terms.at("inlet").points, 10);
  EXPECT_EQ(run.terms.at("inlet").weight, 3.5);
  EXPECT_EQ(run.balance.method, Balance::ntk);
  EXPECT_EQ(run.balance.every, 12);
  ASSERT_TRUE(run.causal);
  EXPECT_EQ(run.causal->tolerance, 0.5);
  EXPECT_EQ(run.causal->chunks, 8);
  EXPECT_EQ(run.causal->every, 3);
  ASSERT_EQ(run.stages.size(), 2u);
  EXPECT_EQ(run.steps(), 70);
  const Stage &adam = run.stages[0], &lbfgs = run.stages[1];
  EXPECT_EQ(adam.method, Method::adam);
  EXPECT_EQ(adam.steps, 30);
  EXPECT_EQ(adam.learning_rate, 1e-2);
  EXPECT_EQ(adam.final_learning_rate, 1e-4);
  EXPECT_EQ(adam.resample, 2);
  EXPECT_TRUE(adam.float64);
  EXPECT_TRUE(adam.retain);
  EXPECT_EQ(adam.envelope.at("peclet").lower, 20);
  EXPECT_EQ(adam.envelope.at("exchange").lower, 1);
  EXPECT_TRUE(adam.factorised);
  EXPECT_EQ(lbfgs.method, Method::lbfgs);
  EXPECT_EQ(lbfgs.steps, 40);
  EXPECT_EQ(lbfgs.history, 6);
  EXPECT_EQ(lbfgs.resample, 8);
  EXPECT_EQ(lbfgs.more_points, 2);
  EXPECT_EQ(lbfgs.adaptive, 1.5);
  EXPECT_FALSE(lbfgs.float64);
  EXPECT_FALSE(lbfgs.retain);
  EXPECT_TRUE(lbfgs.envelope.empty());
}

/// A run file that writes out the ranges that it could leave out.
std::string spelled_out(const PhysicsInfo& physics) {
  std::string text = fmt::format("physics = '{}'\n[envelope]\n", physics.name);
  const RunFile plain = RunFile::parse(text, "plain");
  for (const auto table : {physics.coords, physics.params})
    for (const Quantity& q : table) {
      const Range range = plain.range(q);
      text += range.lower < range.upper ? fmt::format("{} = [{}, {}]\n", q.name, range.lower, range.upper)
                                        : fmt::format("{} = {}\n", q.name, range.lower);
    }
  return text;
}

TEST(RunFile, MayHaveTheDefaultEnvelopeOfEveryPhysics) {
  for (const PhysicsInfo& physics : catalog()) EXPECT_NO_THROW(RunFile::parse(spelled_out(physics), "run"));
}

TEST(RunFile, OfEveryConfigurationIsAccepted) {
  int found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(RESIDUA_SOURCE "/configs")) {
    if (entry.path().extension() != ".toml") continue;
    EXPECT_NO_THROW(Problem(RunFile::read(entry.path()))) << entry.path();
    ++found;
  }
  EXPECT_GT(found, 20);
}

TEST(RunFile, MayHaveASlopeThatLeavesTheWallConducting) {
  const RunFile run = RunFile::parse("physics = 'kiln_wall'\n[envelope]\nconductivity_slope = [-6e-4, 1e-3]\n", "run");
  EXPECT_EQ(run.envelope.at("conductivity_slope").lower, -6e-4);
  // Cooler gas lets the conductivity fall faster.
  EXPECT_NO_THROW(RunFile::parse(
      "physics = 'kiln_wall'\n[envelope]\ngas_temperature = [900, 1000]\nconductivity_slope = -9e-4\n", "run"));
}

TEST(RunFile, MayHavePositionsBelowZeroOnARing) {
  const RunFile run = RunFile::parse("physics = 'advection'\n[envelope]\nposition = [-3, 3]\n", "run");
  EXPECT_EQ(run.envelope.at("position").lower, -3);
}

TEST(RunFile, DrawsTimesAsThePhysicsWants) {
  const auto grading = [](const std::string& text) { return RunFile::parse(text, "run").terms.at("interior").grading; };
  EXPECT_EQ(grading("physics = 'kiln_wall'"), 2);
  EXPECT_EQ(grading("physics = 'kiln_wall'\n[terms.interior]\ngrading = 1"), 1);
  EXPECT_EQ(grading("physics = 'leach_column'"), 1);
}

TEST(RunFile, MayLeaveOutAllButThePhysics) {
  const RunFile run = RunFile::parse("physics = 'kiln_wall'", "short");
  EXPECT_TRUE(run.envelope.empty());
  EXPECT_EQ(run.terms.size(), 3u);   // interior, hot_face, shell
  ASSERT_EQ(run.stages.size(), 3u);  // a warm-up, the method that finishes, and that on many points
  EXPECT_EQ(run.stages[0].method, Method::adam);
  EXPECT_EQ(run.stages[1].method, Method::levenberg_marquardt);
  EXPECT_EQ(run.stages[2].method, Method::levenberg_marquardt);
  EXPECT_GT(run.stages[2].more_points, run.stages[1].more_points);
  EXPECT_EQ(run.activation, Activation::tanh);
  EXPECT_EQ(run.balance.method, Balance::fixed);
  EXPECT_FALSE(run.causal);
}

TEST(RunFile, GivesFewerInputsFewerPointsAndWeights) {
  const auto of = [](const std::string& envelope) {
    return RunFile::parse("physics = 'heat'\n[envelope]\ndiffusivity = " + envelope, "short");
  };
  const RunFile one = RunFile::parse(
                    "physics = 'wall_conduction'\n[envelope]\ninner_temperature = 900\n"
                    "outer_temperature = 450\nconductivity_slope = 5e-4\nradius_ratio = 1.4\n",
                    "short"),
                two = of("0.1"), three = of("[0.1, 0.2]");
  EXPECT_LT(one.width, two.width);
  EXPECT_LT(two.width, three.width);
  EXPECT_LT(one.terms.at("interior").points, two.terms.at("interior").points);
  EXPECT_LT(two.terms.at("interior").points, three.terms.at("interior").points);
}

TEST(RunFile, LowersTheLearningRateToATenthUnlessToldOtherwise) {
  EXPECT_DOUBLE_EQ(RunFile::parse(kAdam + "learning_rate = 1e-4", "run").stages[0].final_learning_rate, 1e-5);
  EXPECT_EQ(
      RunFile::parse(kAdam + "learning_rate = 1e-4\nfinal_learning_rate = 1e-4", "run").stages[0].final_learning_rate,
      1e-4);
}

}  // namespace
}  // namespace residua
