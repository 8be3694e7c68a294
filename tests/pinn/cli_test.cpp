#include <fmt/format.h>

#include <cstdlib>
#include <regex>
#include <sstream>

#include "surrogates/surrogate.hpp"
#include "tests/pinn/command_line.hpp"
#include "tests/surrogates/full_model.hpp"

namespace residua {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

TEST_F(CommandLine, ExplainsItselfAndEveryCommand) {
  const Outcome all = residua("--help");
  EXPECT_EQ(all.code, 0);
  for (const std::string command : {"list", "new", "train", "validate", "fit", "info", "predict", "plot", "export",
                                    "record", "sweep", "report", "keygen", "sign", "verify"}) {
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
    for (const std::string command : {"info ", "validate ", "predict --at time=0.5 position=0.5 diffusivity=0.1 -- ",
                                      "plot -o p.png ", "export --header x.hpp "})
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
  expect_refused("fit rod.h5", {"--table"});
  expect_refused("fit rod.h5 --table short.csv", {"no measured output", "temperature"});
  expect_refused("fit rod.h5 --table short.csv --columns temperature=value", {"'value'", "time, position"});
  expect_refused("fit rod.h5 --table short.csv --sigma temperature=0", {"--sigma temperature", "above 0"});
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

  // sin(pi x) exp(-pi^2 a t)
  const Outcome both = residua("predict rod.h5 --at time=0.5 position=0.25 diffusivity=0.1 --reference");
  EXPECT_THAT(both.out,
              AllOf(StartsWith("time,position,diffusivity,temperature [-],temperature reference [-],status\n"),
                    HasSubstr(",0.431687"), EndsWith(",ok\n")));
}

TEST_F(CommandLine, ExportsAHeader) {
  const Outcome done = residua("export rod.h5 --header hot-rod.hpp");
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.out, HasSubstr("hot_rod::predict"));
  EXPECT_THAT(content(work("hot-rod.hpp")), HasSubstr("namespace hot_rod {"));
  expect_refused("export rod.h5", {"--compact", "--hdf5", "--header"});
  expect_refused("export rod.h5 --header absent/rod.hpp", {"absent/rod.hpp"});
}

TEST_F(CommandLine, ExportsBetweenContainers) {
  EXPECT_EQ(residua("export rod.h5 --compact rod.rsd").code, 0);
  EXPECT_EQ(residua("export rod.rsd --hdf5 again.h5").code, 0);
  const std::string ask = " --at time=0.5 position=0.5 diffusivity=0.1";
  const Outcome first = residua("predict rod.h5" + ask);
  for (const std::string file : {"rod.rsd", "again.h5"}) EXPECT_EQ(residua("predict " + file + ask).out, first.out);
  const std::string info = residua("info again.h5").out;
  EXPECT_THAT(info, HasSubstr("(written as compact)"));
  EXPECT_THAT(info, HasSubstr("(written as HDF5)"));
  EXPECT_THAT(info, HasSubstr(load(work("rod.h5")).card.digest));
}

/// A table of operating points of a rod: both inputs rise together.
std::string shifts() {
  std::string table = "time,diffusivity,operator\n";
  for (int k = 0; k < 40; ++k) table += fmt::format("{},{},7\n", 0.3 + 0.01 * k, 0.06 + 0.003 * k + 0.002 * (k % 3));
  return table;
}

TEST_F(CommandLine, RecordsWhereAPlantHasWorked) {
  write("shifts.csv", shifts());
  const Outcome done = residua("record rod.h5 shifts.csv --out known.h5 --source 'May, all shifts'");
  EXPECT_EQ(done.err, "");
  EXPECT_THAT(done.out, HasSubstr("40 points of 2 inputs"));
  const Surrogate known(work("known.h5"));
  EXPECT_EQ(known.card().experience.source, "May, all shifts");
  EXPECT_EQ(known.card().provenance.parents.at(0).digest, load(work("rod.h5")).card.digest);
  EXPECT_LT(known.unfamiliarity(std::vector<double>{0.4, 0.5, 0.09}), 1);
  EXPECT_GT(known.unfamiliarity(std::vector<double>{0.4, 0.5, 0.17}), 5);  // both usual, together never
  EXPECT_THAT(residua("info known.h5").out, HasSubstr("40 points of 2 inputs from May, all shifts"));
  write("short.csv", "time,diffusivity\n0.5,0.1\n");
  write("still.csv", [] {
    std::string text = "time,diffusivity\n";
    for (int k = 0; k < 40; ++k) text += fmt::format("{},0.1\n", 0.01 * k);
    return text;
  }());
  write("strange.csv", "speed\n1\n2\n");
  expect_refused("record rod.h5 short.csv --out a.h5", {"expected at least 20 rows", "found 1"});
  expect_refused("record rod.h5 still.csv --out a.h5", {"diffusivity", "vary"});
  expect_refused("record rod.h5 strange.csv --out a.h5", {"time, position, diffusivity"});
}

TEST_F(CommandLine, RecordsWhichTableItRead) {
  fs::create_directory(work("data"));
  write("data/shifts.csv", shifts());
  ASSERT_EQ(residua("record rod.h5 data/shifts.csv --out known.h5").code, 0);
  const std::vector<DatasetHash> datasets = Surrogate(work("known.h5")).card().provenance.datasets;
  ASSERT_EQ(datasets.size(), 1u);
  EXPECT_EQ(datasets[0].name, "shifts.csv");
  const std::string sum = "sha256sum '" + work("data/shifts.csv").string() + "' >'" + (here_ / "sum").string() + "'";
  ASSERT_EQ(std::system(sum.c_str()), 0);
  EXPECT_EQ(datasets[0].sha256, content(here_ / "sum").substr(0, 64));
  EXPECT_THAT(residua("info known.h5").out, HasSubstr("data         shifts.csv sha256 " + datasets[0].sha256));

  // The same table again adds nothing, another one is named beside it.
  ASSERT_EQ(residua("record known.h5 data/shifts.csv --out again.h5").code, 0);
  EXPECT_EQ(Surrogate(work("again.h5")).card().provenance.datasets.size(), 1u);
  write("data/shifts.csv", shifts() + "0.5,0.1,7\n");
  ASSERT_EQ(residua("record known.h5 data/shifts.csv --out more.h5").code, 0);
  const std::vector<DatasetHash> both = Surrogate(work("more.h5")).card().provenance.datasets;
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].sha256, datasets[0].sha256);
  EXPECT_NE(both[1].sha256, datasets[0].sha256);
}

TEST_F(CommandLine, ShowsTheWholeCard) {
  save(full_model(), work("full.h5"));
  const Outcome info = residua("info full.h5");
  EXPECT_EQ(info.code, 0) << info.err;
  EXPECT_THAT(info.out,
              AllOf(HasSubstr("stays within these errors, at all points of its grid, with a chance of 90 %"),
                    ::testing::ContainsRegex("mobile +0\\.005 .*kept by 91 % of cases"),
                    HasSubstr("seed 42, by version 0.1.0-3-gabc, 2026-01-31T12:00:00Z\n"),
                    HasSubstr("made from    " + std::string(64, 'c') + " (recorded where the plant has worked)\n"),
                    HasSubstr("data         tracer.h5 sha256 " + std::string(64, 'a') + "\n"),
                    HasSubstr("data         column.h5 sha256 " + std::string(64, 'b') + "\n"),
                    HasSubstr("experience   1000 points of 2 inputs from shifts of May")));
  EXPECT_THAT(residua("info --json full.h5").out,
              AllOf(HasSubstr("\"coverage\": 0.9"), HasSubstr("\"bound\": 0.005, \"covered\": 0.91"),
                    HasSubstr("\"code_version\": \"0.1.0-3-gabc\""),
                    HasSubstr("{\"digest\": \"" + std::string(64, 'c') + "\", \"change\": \"recorded where"),
                    HasSubstr("{\"name\": \"tracer.h5\", \"sha256\": \"" + std::string(64, 'a') + "\"}")));
}

/// Whether this checkout knows its commit, so that a program built from it does.
bool in_a_checkout() {
  return fs::exists(RESIDUA_SOURCE "/.git") &&
         std::system("git -C '" RESIDUA_SOURCE "' rev-parse --verify --quiet HEAD >/dev/null 2>&1") == 0;
}

TEST_F(CommandLine, SaysWhichCodeItIs) {
  const std::string version = residua("--version").out;
  EXPECT_THAT(version, ::testing::MatchesRegex(in_a_checkout() ? "[0-9.]+\\+[0-9a-f]{7,40}(-dirty)?\n" : "[0-9.]+\n"));
  ASSERT_EQ(residua("train rod.toml -q -o run").code, 0);
  EXPECT_EQ(Surrogate(work("run/surrogate.h5")).card().provenance.code_version + "\n", version);
  EXPECT_THAT(content(work("run/log.txt")), HasSubstr("residua     " + version));
}

TEST_F(CommandLine, TellsHowManyFreshCasesKeepToTheBound) {
  write("many.toml",
        "seed = 3\n" + std::regex_replace(content(work("rod.toml")), std::regex("cases = 4"), "cases = 256"));
  ASSERT_EQ(residua("train many.toml -q -o run").code, 0);
  const Outcome fresh = residua("validate run/surrogate.h5 --seed 7 --cases 400");
  ASSERT_EQ(fresh.code, 0) << fresh.err;
  EXPECT_THAT(fresh.out, AllOf(HasSubstr("on 400 unseen cases"), HasSubstr("stated for 90 % of new ones")));
  EXPECT_THAT(fresh.out, Not(HasSubstr("with a chance of")));  // what these cases would state themselves
  std::smatch found;
  ASSERT_TRUE(std::regex_search(fresh.out, found, std::regex("temperature .* ([0-9]+) of 400 cases: ([0-9.]+) %")));
  EXPECT_NEAR(std::stod(found[1]) / 400, 0.9, 0.06);  // a standard deviation of 0.03, were the cases independent
  EXPECT_NEAR(std::stod(found[2]), std::stod(found[1]) / 4, 0.06);

  expect_refused("validate run/surrogate.h5 --seed 3", {"--seed", "another than that of the training", "found 3"});
  expect_refused("validate run/surrogate.h5 --seed soon", {"--seed", "soon"});
  ASSERT_EQ(residua("train rod.toml -q -o few").code, 0);
  EXPECT_THAT(residua("validate few/surrogate.h5 --seed 7 --cases 4").out, HasSubstr("the file states no bound"));
}

/// The commands within the sentences of a page.
std::vector<std::string> commands_inside(const fs::path& page) {
  const std::string text = content(page);
  const std::regex command("`residua ([^`]+)`");
  std::vector<std::string> commands;
  for (std::sregex_iterator at(text.begin(), text.end(), command), end; at != end; ++at)
    commands.push_back((*at)[1].str());
  return commands;
}

TEST_F(CommandLine, DoesWhatThePageOnInferenceSays) {
  ASSERT_EQ(residua("train rod.toml -q -o run").code, 0);
  for (const char* name : {"surrogate.h5", "wall.h5"}) fs::copy_file(work("run/surrogate.h5"), work(name));
  write("shifts.csv", shifts());
  const std::vector<std::string> commands = commands_inside(RESIDUA_SOURCE "/docs/inference.md");
  EXPECT_THAT(commands,
              UnorderedElementsAre(StartsWith("export wall.h5 --compact"), StartsWith("export surrogate.h5 --header"),
                                   StartsWith("record surrogate.h5"), StartsWith("validate surrogate.h5")));
  for (const std::string& command : commands) {
    const Outcome done = residua(command);
    EXPECT_EQ(done.code, 0) << command << "\n" << done.err;
    EXPECT_EQ(done.err, "") << command;
  }
  for (const char* name : {"wall.rsd", "wall.hpp", "known.h5"}) EXPECT_TRUE(fs::exists(work(name))) << name;
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

  // The page's controller takes the detached signature, and no surrogate without one.
  const auto controller = [&] {
    const std::string run =
        "cd '" + work("").string() + "' && '" RESIDUA_PAGE_ON_SECURITY "' >'" + (here_ / "out").string() + "' 2>&1";
    const int status = std::system(run.c_str());
    return fmt::format("{} {}", WEXITSTATUS(status), content(here_ / "out"));
  };
  EXPECT_EQ(controller(), "0 heat_rod is trusted\n");
  fs::rename(work("surrogate.h5.sig"), work("away"));
  EXPECT_THAT(controller(), AllOf(StartsWith("1 "), HasSubstr("surrogate.h5"), HasSubstr("not signed")));
  fs::rename(work("away"), work("surrogate.h5.sig"));

  ASSERT_EQ(residua("sign surrogate.h5 --key plant.key").code, 0);
  EXPECT_THAT(residua("info surrogate.h5").out, HasSubstr("signed       by the key "));
  EXPECT_THAT(residua("info --json surrogate.h5").out, HasSubstr("\"signed_by\": \""));
  ASSERT_EQ(residua("keygen other").code, 0);
  expect_refused("keygen plant", {"plant.pub", "never overwritten"});
  expect_refused("verify rod.h5 --keys plant.pub", {"rod.h5", "not signed"});
  expect_refused("verify surrogate.h5 --keys other.pub", {"surrogate.h5", "not trusted", "other"});
  expect_refused("verify surrogate.h5 --keys plant.key", {"plant.key", "found a secret key"});
  expect_refused("verify surrogate.h5", {"--keys"});
  expect_refused("export rod.h5 --header x.hpp --keys plant.pub", {"rod.h5", "not signed"});
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
  EXPECT_THAT(dry.out, AllOf(HasSubstr("heat_rod"), HasSubstr("diffusivity"), HasSubstr("0.05 to 0.2"),
                             HasSubstr("interior               128 points, weight 1\n"), HasSubstr("sobol"),
                             HasSubstr("learning rate 0.01 to 0.001"), HasSubstr("lbfgs 40 steps"),
                             HasSubstr("history 50"), HasSubstr("4 unseen cases")));
  EXPECT_THAT(files(), UnorderedElementsAre("rod.h5", "rod.toml"));

  const Outcome train = residua("train rod.toml -q");
  ASSERT_EQ(train.code, 0) << train.err;
  EXPECT_EQ(train.err, "");
  EXPECT_THAT(train.out, AllOf(HasSubstr("all steps done after 200 steps"), HasSubstr("interior"),
                               HasSubstr("temperature"), HasSubstr("saved runs/rod/surrogate.h5")));
  EXPECT_EQ(content(work("runs/rod/run.toml")), content(work("rod.toml")));
  EXPECT_THAT(files(),
              UnorderedElementsAre("rod.h5", "rod.toml", "runs", "runs/rod", "runs/rod/run.toml", "runs/rod/log.txt",
                                   "runs/rod/metrics.csv", "runs/rod/checkpoint.pt", "runs/rod/surrogate.h5"));
  EXPECT_THAT(content(work("runs/rod/log.txt")),
              AllOf(HasSubstr("Z begun rod.toml\n"), HasSubstr("processor"), HasSubstr("stage 2 lbfgs from step 160"),
                    HasSubstr("checkpoint of step 200"), HasSubstr("saved surrogate.h5")));
  EXPECT_THAT(content(work("runs/rod/metrics.csv")), StartsWith("step,seconds,part,stage,loss,interior\n1,"));

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

TEST_F(CommandLine, DrawsAndReportsARun) {
  expect_refused("plot .", {"--out"});
  expect_refused("report .", {"no run there"});
  ASSERT_EQ(residua("train rod.toml -q -o run --stop-after 70").code, 0);
  ASSERT_EQ(residua("report run").code, 0);
  EXPECT_THAT(content(work("run/report.html")), HasSubstr("This training has not ended"));
  ASSERT_EQ(residua("train rod.toml -q -o run --resume").code, 0);
  const Outcome plot = residua("plot run");
  EXPECT_EQ(plot.code, 0) << plot.err;
  std::string drawn;
  for (const char* name : {"loss", "points", "temperature", "residual", "coverage"}) {
    const std::string file = fmt::format("run/plots/{}.png", name);
    drawn += file + "\n";
    EXPECT_THAT(content(work(file)), StartsWith("\x89PNG"));
  }
  EXPECT_EQ(plot.out, drawn);
  ASSERT_EQ(residua("report run").code, 0);
  const std::string page = content(work("run/report.html"));
  for (const char* part : {"<!doctype html>", "Errors", "temperature", "<svg", "BLAKE2b-256", "learning_rate = 1e-2",
                           "processor", "stage 2 lbfgs", "</html>"})
    EXPECT_THAT(page, HasSubstr(part));
  EXPECT_THAT(page, Not(HasSubstr("src=")));  // it stands alone
}

TEST_F(CommandLine, ResumesToTheSameSurrogate) {
  ASSERT_EQ(residua("train rod.toml -q -o whole").code, 0);
  ASSERT_EQ(residua("train rod.toml -q -o parts --stop-after 70").code, 0);
  EXPECT_FALSE(fs::exists(work("parts/surrogate.h5")));
  ASSERT_EQ(residua("train rod.toml -q -o parts --resume").code, 0);
  EXPECT_EQ(load(work("whole/surrogate.h5")).weights, load(work("parts/surrogate.h5")).weights);
}

TEST_F(CommandLine, PrintsAllOfARunBeforehand) {
  write("all.toml",
        "physics = 'heat'\nsampling = 'uniform'\n[envelope]\ndiffusivity = 0.1\n[weighting]\nmethod = 'ntk'\n"
        "[causal]\ntolerance = 0.3\n[march]\nwindows = 3\n[ensemble]\nmembers = 2\n[terms.left]\nweight = 5\n"
        "[[stage]]\noptimizer = 'soap'\nsteps = 10\nretain = true\nfactorised = true\nenvelope = {diffusivity = 0.3}\n"
        "[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = 5\nadaptive = 2\nsolver = 'matrix_free'\n");
  const Outcome dry = residua("train all.toml --dry-run");
  ASSERT_EQ(dry.code, 0) << dry.err;
  for (const char* part :
       {"uniform", "ntk, every 100", "tolerance 0.3, 16 slabs", "3 windows of time with seams at 0.333333, 0.666667",
        "2 members", "weight 5", "seam", "soap 10 steps", "retained", "factorised", "diffusivity 0.3", "power 2",
        "solver matrix_free", "90 steps"})
    EXPECT_THAT(dry.out, HasSubstr(part));
}

TEST_F(CommandLine, RefusesAnEnvelopeThatTheEquationsCannotHave) {
  write("negative.toml", "physics = 'heat_rod'\n[envelope]\ndiffusivity = [-0.1, 0.2]\n");
  write("share.toml", "physics = 'leach_column'\n[envelope]\nmobile_fraction = [0.5, 1.2]\n");
  write("slope.toml", "physics = 'kiln_wall'\n[envelope]\nconductivity_slope = -1e-3\n");
  write("rates.toml",
        "physics = 'heat_rod'\n[[stage]]\noptimizer = 'adam'\nlearning_rate = 1e-3\nfinal_learning_rate = 1e-2\n");
  expect_refused("train negative.toml", {"negative.toml:3: envelope.diffusivity", "0 to inf", "-0.1"});
  expect_refused("train share.toml", {"share.toml:3: envelope.mobile_fraction", "above 0 and below 1", "1.2"});
  for (const char* how : {"", " --dry-run"})
    expect_refused(fmt::format("train slope.toml{}", how),
                   {"slope.toml:2: envelope", "1 + conductivity_slope * T above 0", "gas_temperature=1500"});
  expect_refused("train rates.toml", {"rates.toml:2: stage: final_learning_rate", "at most"});
  expect_refused("train rod.toml -o rod.toml/run", {"rod.toml/run", "cannot be made"});
}

TEST_F(CommandLine, RefusesToWriteWhereItCannot) {
  for (const std::string command : {"export rod.h5 --compact rod.toml/x.rsd", "export rod.h5 --hdf5 rod.toml/x.h5",
                                    "export rod.h5 --header rod.toml/x.hpp", "plot rod.h5 -o rod.toml/x.png",
                                    "keygen rod.toml/x", "new leach -o rod.toml/x.toml", "report rod.toml"})
    expect_refused(command, {"rod.toml"});
  // Folders in the place of files, which not even root can write.
  fs::create_directories(work("log/log.txt"));
  expect_refused("train rod.toml -q -o log", {"log/log.txt", "cannot be written"});
  fs::create_directories(work("run/run.toml"));
  const Outcome run = residua("train rod.toml -q -o run");
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, AllOf(StartsWith("residua: run/run.toml: "), HasSubstr("failed")));
  EXPECT_FALSE(fs::exists(work("run/metrics.csv")));
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
  const std::string arguments =
      "fit column.h5 --table curve.csv --columns time=when flux=measured "
      "--at depth=1 retardation=2 mobile_fraction=0.7 peclet=60 ";
  const Outcome fit = residua(arguments + "--reference -o fit.png");
  EXPECT_EQ(fit.code, 0) << fit.err;
  EXPECT_THAT(fit.out,
              AllOf(HasSubstr("10 measured points, 1 inputs to fit"), HasSubstr("exchange=1.5\n"),
                    HasSubstr("exact (Laplace inversion)"), HasSubstr("95 % interval"), HasSubstr("noise of flux")));
  EXPECT_THAT(content(work("fit.png")), StartsWith("\x89PNG"));
  EXPECT_THAT(residua(arguments + "--json").out,
              AllOf(StartsWith("{\"rmse\""), HasSubstr("\"name\": \"exchange\", \"value\": 1.5")));
  expect_refused("fit column.h5 --table curve.csv --columns time=when flux=measured",
                 {"coordinate 'depth'", "--at depth="});
  expect_refused(arguments + "--bounds exchange=0:3", {"--bounds exchange", "0.2:5"});
  write("few.csv", "when,measured\n1,0.5\n");
  expect_refused("fit column.h5 --table few.csv --columns time=when flux=measured --at depth=1 retardation=2 peclet=60",
                 {"few.csv", "2 parameters", "found 1"});
}

}  // namespace
}  // namespace residua
