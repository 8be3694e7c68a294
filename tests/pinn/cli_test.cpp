#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Outcome {
  int code;
  std::string out, err;
};

/// Runs the program in a folder of its own, which holds a surrogate with random weights, rod.h5, and a run file,
/// rod.toml.
class CommandLine : public ::testing::Test {
 protected:
  CommandLine() {
    fs::create_directory(here_ / "work");
    save(random_model("heat_rod"), work("rod.h5"));
    write(
        "rod.toml",
        "physics = 'heat_rod'\nvalidation_cases = 4\n[network]\nwidth = 16\ndepth = 2\n[terms.interior]\npoints = 128\n"
        "[[stage]]\noptimizer = 'adam'\nsteps = 160\nlearning_rate = 1e-2\n[[stage]]\noptimizer = 'lbfgs'\nsteps = "
        "40\n");
  }

  fs::path work(const std::string& name) const { return here_ / "work" / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(work(name), std::ios::binary) << text;
  }

  Outcome residua(const std::string& arguments, const std::string& environment = "") const {
    const std::string command = "cd '" + (here_ / "work").string() + "' && " + environment + " '" RESIDUA_PROGRAM "' " +
                                arguments + " >'" + (here_ / "out").string() + "' 2>'" + (here_ / "err").string() +
                                "' </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(here_ / "out"), content(here_ / "err")};
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(here_ / "work"))
      names.push_back(fs::relative(entry.path(), here_ / "work"));
    return names;
  }

  /// The request is refused with one line that says this, and nothing has come or gone.
  void expect_refused(const std::string& arguments, const std::vector<std::string>& says,
                      const std::string& environment = "") const {
    SCOPED_TRACE("residua " + arguments);
    const auto before = files();
    const Outcome outcome = residua(arguments, environment);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, AllOf(StartsWith("residua: "), EndsWith("\n")));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (const std::string& part : says) EXPECT_THAT(outcome.err, HasSubstr(part));
    EXPECT_THAT(files(), ::testing::UnorderedElementsAreArray(before));
  }

  TemporaryFolder here_;
};

TEST_F(CommandLine, ExplainsItselfAndEveryCommand) {
  const Outcome all = residua("--help");
  EXPECT_EQ(all.code, 0);
  for (const std::string command :
       {"list", "train", "validate", "info", "predict", "plot", "keygen", "sign", "verify"}) {
    EXPECT_THAT(all.out, HasSubstr(command));
    const Outcome one = residua(command + " --help");
    EXPECT_EQ(one.code, 0) << command;
    EXPECT_THAT(one.out, HasSubstr("--help"));
    EXPECT_EQ(one.err, "");
  }
  EXPECT_THAT(residua("--version").out, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+.*\n"));
}

TEST_F(CommandLine, ListsThePhysics) {
  const Outcome all = residua("list");
  EXPECT_EQ(all.code, 0);
  for (const PhysicsInfo& physics : catalog()) EXPECT_THAT(all.out, HasSubstr(std::string(physics.name)));
  const Outcome one = residua("list leach_column");
  EXPECT_EQ(one.code, 0);
  for (const char* part : {"peclet", "flux", "interior inlet", "pore volumes"}) EXPECT_THAT(one.out, HasSubstr(part));
}

TEST_F(CommandLine, RefusesWhatItDoesNotKnow) {
  expect_refused("", {"expected a command"});
  expect_refused("trian", {"trian"});
  expect_refused("train", {"run_file"});
  expect_refused("train rod.toml --fast", {"--fast"});
  expect_refused("train rod.toml --stop-after soon", {"--stop-after", "soon"});
  expect_refused("list heat_rot", {"heat_rot", "heat_rod"});
}

TEST_F(CommandLine, RefusesBadRunFiles) {
  write("bad.toml", "physics = 'heat_rod'\n[[stage]]\noptimizer = 'adam'\nstep = 1\n");
  write("torn.toml", "physics = 'heat_rod'\n[[stage\n");
  expect_refused("train absent.toml", {"absent.toml", "expected a run file"});
  expect_refused("train bad.toml", {"bad.toml:4", "'step'", "steps"});
  expect_refused("train torn.toml", {"torn.toml:2"});
  expect_refused("train .", {"expected a run file"});
}

TEST_F(CommandLine, RefusesToResumeWhatIsNotThere) {
  expect_refused("train rod.toml -q --resume -o elsewhere", {"checkpoint.pt", "no checkpoint there"});
}

TEST_F(CommandLine, LeavesARunAloneThatItCannotResume) {
  ASSERT_EQ(residua("train rod.toml -q -o run --stop-after 20").code, 0);
  const std::string run = content(work("run/run.toml")), checkpoint = content(work("run/checkpoint.pt"));
  write("other.toml", content(work("rod.toml")) + "# changed\n");
  expect_refused("train other.toml -q -o run --resume", {"another run"});
  EXPECT_EQ(content(work("run/run.toml")), run);
  EXPECT_EQ(content(work("run/checkpoint.pt")), checkpoint);
}

TEST_F(CommandLine, RefusesFilesThatAreNoSurrogates) {
  write("garbage.h5", std::string(3000, 'g'));
  write("empty.h5", "");
  write("half.h5", content(work("rod.h5")).substr(0, 4000));
  for (const std::string file : {"garbage.h5", "empty.h5", "half.h5", "absent.h5", "."})
    for (const std::string command :
         {"info ", "validate ", "predict --at time=0.5 position=0.5 diffusivity=0.1 -- ", "plot -o p.png "})
      expect_refused(command + file, {file});
}

TEST_F(CommandLine, RefusesBadQuestions) {
  write("nan.csv", "time,position,diffusivity\n0.5,0.5,0.1\n0.5,nan,0.1\n");
  write("short.csv", "time,position\n0.5,0.5\n");
  write("ragged.csv", "time,position,diffusivity\n0.5,0.5\n");
  expect_refused("predict rod.h5", {"input 'time' has no value", "--at time=NUMBER"});
  expect_refused("predict rod.h5 --at time=0.5 position=0.5 diffusivity=0.1 speed=2",
                 {"'speed'", "time, position, diffusivity"});
  expect_refused("predict rod.h5 --at time=soon", {"--at", "name=number", "time=soon"});
  expect_refused("predict rod.h5 --at time=nan", {"--at", "name=number", "time=nan"});
  expect_refused("predict rod.h5 --at time", {"--at", "name=number", "'time'"});
  expect_refused("predict rod.h5 --table nan.csv", {"nan.csv", "3", "position"});
  expect_refused("predict rod.h5 --table short.csv", {"'diffusivity'", "column"});
  expect_refused("predict rod.h5 --table ragged.csv", {"ragged.csv"});
  expect_refused("predict rod.h5 --table absent.csv", {"absent.csv"});
  expect_refused("validate rod.h5 --cases 0", {"--cases"});
  expect_refused("validate rod.h5 --pulse 1", {"--table"});
  expect_refused("validate rod.h5 --table short.csv --time-column when", {"when", "time"});
  expect_refused("validate rod.h5", {"run file"});  // random weights come from none
}

TEST_F(CommandLine, RefusesPicturesThatItCannotDraw) {
  expect_refused("plot rod.h5", {"--out"});
  expect_refused("plot rod.h5 -o p.jpg", {"p.jpg", ".png or .svg"});
  expect_refused("plot rod.h5 -o absent/p.png", {"absent"});
  expect_refused("plot rod.h5 -o p.png --output pressure", {"'pressure'", "temperature"});
  expect_refused("plot rod.h5 -o p.png --at speed=1", {"'speed'", "position, diffusivity"});
  fs::create_directory(here_ / "bin");
  expect_refused("plot rod.h5 -o p.png", {"gnuplot-nox"}, "PATH='" + (here_ / "bin").string() + "'");
}

TEST_F(CommandLine, PredictsPointsAndTables) {
  const std::string header = "time,position,diffusivity,temperature [-],status\n";
  const Outcome inside = residua("predict rod.h5 --at time=0.5 position=0.25 diffusivity=0.1");
  EXPECT_EQ(inside.code, 0);
  EXPECT_THAT(inside.out, AllOf(StartsWith(header + "0.5,0.25,0.1,"), EndsWith(",ok\n")));
  EXPECT_THAT(residua("predict rod.h5 --at time=0.5 position=0.25 diffusivity=3").out, EndsWith(",outside\n"));

  write("points.csv", "position,time\n0.25,0.5\n0.75,2\n");
  const Outcome table = residua("predict rod.h5 --table points.csv --at diffusivity=0.1");
  EXPECT_EQ(table.code, 0);
  EXPECT_THAT(table.out, AllOf(StartsWith(inside.out), HasSubstr("\n2,0.75,0.1,"), EndsWith(",outside\n")));
}

/// The lines of the blocks ```sh of a page.
std::string commands_of(const fs::path& page) {
  std::istringstream lines(content(page));
  std::string commands, line;
  for (bool inside = false; std::getline(lines, line);)
    if (line.starts_with("```"))
      inside = line == "```sh";
    else if (inside)
      commands += line + '\n';
  return commands;
}

TEST_F(CommandLine, SignsAndVerifiesAsThePageOnSecuritySays) {
  const std::string commands = commands_of(RESIDUA_SOURCE "/docs/security.md");
  ASSERT_THAT(commands, AllOf(HasSubstr("keygen"), HasSubstr("openssl")));
  write("page.sh", "set -e\nresidua() { '" RESIDUA_PROGRAM "' \"$@\"; }\n" + commands);
  save(random_model("heat_rod"), work("surrogate.h5"));
  const std::string command =
      "cd '" + work("").string() + "' && sh page.sh >'" + (here_ / "out").string() + "' 2>&1 </dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0) << content(here_ / "out");
  EXPECT_THAT(
      content(here_ / "out"),
      AllOf(HasSubstr("surrogate.h5: signed as plant"), HasSubstr("surrogate.h5: signed by plant, heat_rod of 20"),
            HasSubstr("surrogate.h5.sig: signed as plant"), HasSubstr("Signature Verified Successfully")));
  EXPECT_THAT(residua("info surrogate.h5").out, HasSubstr("signed       no"));

  ASSERT_EQ(residua("sign surrogate.h5 --key plant.key").code, 0);
  EXPECT_THAT(residua("info surrogate.h5").out, HasSubstr("signed       by the key "));
  EXPECT_THAT(residua("info --json surrogate.h5").out, HasSubstr("\"signed_by\": \""));
  ASSERT_EQ(residua("keygen other").code, 0);
  expect_refused("keygen plant", {"plant.pub", "never overwritten"});
  expect_refused("verify rod.h5 --keys plant.pub", {"rod.h5", "not signed"});
  expect_refused("verify surrogate.h5 --keys other.pub", {"surrogate.h5", "not trusted", "other"});
  expect_refused("verify surrogate.h5 --keys plant.key", {"plant.key", "found a secret key"});
  expect_refused("verify surrogate.h5", {"--keys"});
  expect_refused("sign rod.h5 --key plant.pub", {"plant.pub"});
  expect_refused("sign rod.toml --key plant.key", {"rod.toml", "not a Residua surrogate"});
  std::string changed = content(work("surrogate.h5"));
  changed[3000] ^= 1;
  write("changed.h5", changed);
  expect_refused("verify changed.h5 --keys plant.pub", {"changed.h5", "changed after it was signed"});
  expect_refused("info changed.h5", {"changed.h5", "changed after it was signed"});
}

TEST_F(CommandLine, TrainsShowsPredictsDrawsAndValidates) {
  const Outcome dry = residua("train rod.toml --dry-run");
  EXPECT_EQ(dry.code, 0);
  EXPECT_THAT(dry.out, AllOf(HasSubstr("heat_rod"), HasSubstr("diffusivity"), HasSubstr("0.05 to 0.2")));
  EXPECT_THAT(files(), UnorderedElementsAre("rod.h5", "rod.toml"));

  const Outcome train = residua("train rod.toml -q");
  ASSERT_EQ(train.code, 0) << train.err;
  EXPECT_EQ(train.err, "");
  EXPECT_THAT(train.out, AllOf(HasSubstr("all steps done after 200 steps"), HasSubstr("interior"),
                               HasSubstr("temperature"), HasSubstr("saved runs/rod/surrogate.h5")));
  EXPECT_EQ(content(work("runs/rod/run.toml")), content(work("rod.toml")));
  EXPECT_THAT(files(), UnorderedElementsAre("rod.h5", "rod.toml", "runs", "runs/rod", "runs/rod/run.toml",
                                            "runs/rod/checkpoint.pt", "runs/rod/surrogate.h5"));

  const Outcome info = residua("info runs/rod/surrogate.h5");
  EXPECT_EQ(info.code, 0);
  EXPECT_THAT(info.out,
              AllOf(HasSubstr("heat_rod"), HasSubstr("4 unseen cases"), HasSubstr("diffusivity"), HasSubstr("seed 1")));
  EXPECT_EQ(residua("info --run-file runs/rod/surrogate.h5").out, content(work("rod.toml")));
  EXPECT_THAT(
      residua("info --json runs/rod/surrogate.h5").out,
      AllOf(StartsWith("{\n"), EndsWith("}\n"), HasSubstr("\"physics\": \"heat_rod\""), HasSubstr("\"cases\": 4")));

  // exp(-a pi^2 t) sin(pi x) at t = 0.5, x = 0.5, a = 0.1
  const Outcome predict = residua("predict runs/rod/surrogate.h5 --at time=0.5 position=0.5 diffusivity=0.1");
  const std::size_t start = predict.out.find("\n0.5,0.5,0.1,");
  ASSERT_NE(start, std::string::npos) << predict.out;
  EXPECT_NEAR(std::atof(predict.out.c_str() + start + 13), 0.6104980, 0.03);

  const Outcome validate = residua("validate runs/rod/surrogate.h5 --cases 4");
  EXPECT_EQ(validate.code, 0) << validate.err;
  const auto errors_of = [](const std::string& text) {
    const std::size_t from = text.find("errors against"), to = text.find("(relative L2");
    return from < to ? text.substr(from, to - from) : "";
  };
  EXPECT_NE(errors_of(info.out), "");
  EXPECT_EQ(errors_of(validate.out), errors_of(info.out));  // the card says what anybody can repeat
  EXPECT_THAT(validate.out, HasSubstr("hardest case: diffusivity="));

  const Outcome png = residua("plot runs/rod/surrogate.h5 -o rod.png"),
                svg = residua("plot runs/rod/surrogate.h5 -o rod.svg --at position=0.3");
  EXPECT_EQ(png.code, 0) << png.err;
  EXPECT_EQ(svg.code, 0) << svg.err;
  EXPECT_EQ(png.err + svg.err, "");
  EXPECT_THAT(content(work("rod.png")), StartsWith("\x89PNG\r\n\x1a\n"));
  EXPECT_THAT(content(work("rod.svg")), AllOf(HasSubstr("<svg"), HasSubstr("position = 0.3"), HasSubstr("</svg>")));
}

TEST_F(CommandLine, ResumesToTheSameSurrogate) {
  ASSERT_EQ(residua("train rod.toml -q -o whole").code, 0);
  ASSERT_EQ(residua("train rod.toml -q -o parts --stop-after 70").code, 0);
  EXPECT_FALSE(fs::exists(work("parts/surrogate.h5")));
  ASSERT_EQ(residua("train rod.toml -q -o parts --resume").code, 0);
  EXPECT_EQ(load(work("whole/surrogate.h5")).weights, load(work("parts/surrogate.h5")).weights);
}

TEST_F(CommandLine, FitsAMeasuredCurve) {
  save(random_model("leach_column"), work("column.h5"));
  // A curve of the surrogate's own, so that the fit has to find the inputs it was made with.
  write("times.csv", "time\n0.5\n1\n1.5\n2\n2.5\n3\n4\n5\n6\n7\n");
  const Outcome made = residua(
      "predict column.h5 --table times.csv --at depth=1 peclet=60 retardation=2 mobile_fraction=0.7 exchange=1.5");
  ASSERT_EQ(made.code, 0) << made.err;
  std::string curve = "when,measured\n";
  std::istringstream lines(made.out);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream cut(line);
    for (std::string cell; std::getline(cut, cell, ',');) cells.push_back(cell);
    ASSERT_EQ(cells.size(), 10u) << line;
    curve += cells[0] + "," + cells[8] + "\n";  // flux
  }
  write("curve.csv", curve);
  const Outcome fit = residua(
      "validate column.h5 --table curve.csv --time-column when --value-column measured --output flux "
      "--at depth=1 retardation=2 mobile_fraction=0.7 peclet=60 -o fit.png");
  EXPECT_EQ(fit.code, 0) << fit.err;
  EXPECT_THAT(fit.out, AllOf(HasSubstr("10 measured points, 1 inputs to fit"),
                             HasSubstr("RMSE 0.0000   exchange=1.5\n"), HasSubstr("exact (Laplace inversion)")));
  EXPECT_THAT(content(work("fit.png")), StartsWith("\x89PNG"));
}

}  // namespace
}  // namespace residua
