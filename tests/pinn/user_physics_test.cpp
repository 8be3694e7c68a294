#include <sys/stat.h>

#include "tests/pinn/command_line.hpp"

namespace residua {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Headers of the user's own, and a cache in the test's folder. Compiling one takes half a minute, so few tests do.
class OwnPhysics : public CommandLine {
 protected:
  OwnPhysics() { write("rod.hpp", replaced(content(RESIDUA_SOURCE "/kernels/physics/heat_rod.hpp"))); }

  /// The rod of the toolkit under other names.
  static std::string replaced(std::string text) {
    const std::pair<const char*, const char*> names[] = {{"HeatRod", "OwnRod"}, {"\"heat_rod\"", "\"own_rod\""}};
    for (const auto& [from, to] : names)
      for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; ++at)
        text.replace(at, std::string(from).size(), to);
    return text;
  }

  std::string cache() const { return "RESIDUA_CACHE='" + (here_ / "cache").string() + "'"; }
  Outcome with_cache(const std::string& arguments) const { return residua(arguments, cache()); }

  /// Refused in the last line of what is said; `says` may stand in any.
  void expect_no_physics(const std::string& arguments, const std::vector<std::string>& says) const {
    SCOPED_TRACE("residua " + arguments);
    const Outcome outcome = with_cache(arguments);
    EXPECT_EQ(outcome.code, 2);
    for (const std::string& part : says) EXPECT_THAT(outcome.err, HasSubstr(part));
  }

  /// The lines of a text from the one that starts with this on.
  static std::string from(const std::string& text, const std::string& start) {
    const std::size_t at = text.find("\n" + start);
    return at == text.npos ? "" : text.substr(at);
  }
};

TEST_F(OwnPhysics, TrainsToTheBitsOfTheSamePhysicsInTheToolkit) {
  // With a condition of its own, which the toolkit's rod does not have.
  std::string text = content(work("rod.hpp"));
  text.insert(text.find("  struct Interior"),
              "  static constexpr const char* ill_posed(const double* p) {\n"
              "    return p[a] < 10 ? nullptr : \"a diffusivity below 10\";\n  }\n");
  write("rod.hpp", text);
  write("own.toml", std::string(content(work("rod.toml"))).replace(0, 20, "physics = 'own_rod'"));
  ASSERT_EQ(residua("train rod.toml -q -o theirs").code, 0);
  const Outcome first = with_cache("train own.toml -q -o own --physics rod.hpp");
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("compiling"));
  const std::string network = "--at time=0.3 position=0.2 diffusivity=0.1";

  // Compiled once. The option may also stand before the command, or in the environment.
  const Outcome own = with_cache("--physics rod.hpp predict own/surrogate.h5 " + network);
  ASSERT_EQ(own.code, 0) << own.err;
  EXPECT_EQ(own.err, "");
  EXPECT_EQ(own.out, residua("predict theirs/surrogate.h5 " + network).out);
  EXPECT_EQ(residua("predict own/surrogate.h5 " + network, cache() + " RESIDUA_PHYSICS=rod.hpp").out, own.out);

  // Kept with the run, so that it can be repeated; needed to read the surrogate, but not a header made of it.
  EXPECT_EQ(content(work("own/physics.hpp")), content(work("rod.hpp")));
  expect_no_physics("info own/surrogate.h5", {"unknown physics 'own_rod'", "--physics"});
  ASSERT_EQ(with_cache("export own/surrogate.h5 --header own/cold.hpp --physics rod.hpp").code, 0);
  ASSERT_EQ(residua("export theirs/surrogate.h5 --header theirs/cold.hpp").code, 0);
  const std::string layers = "  static constexpr Network";
  ASSERT_NE(from(content(work("own/cold.hpp")), layers), "");
  EXPECT_EQ(from(content(work("own/cold.hpp")), layers), from(content(work("theirs/cold.hpp")), layers));

  write("fast.toml", "physics = 'own_rod'\n[envelope]\ndiffusivity = [1, 20]\n");
  expect_no_physics("train fast.toml --dry-run --physics rod.hpp",
                    {"fast.toml:2: envelope: expected a diffusivity below 10", "diffusivity=20"});

  // A run file to start from, and a sweep, whose trainings are processes of their own.
  ASSERT_EQ(with_cache("new custom --physics rod.hpp").code, 0);
  EXPECT_THAT(content(work("own_rod.toml")), HasSubstr("physics = \"own_rod\""));
  const Outcome sweep = with_cache("sweep own.toml --physics rod.hpp --vary network.width=4,6 -o sweep");
  EXPECT_EQ(sweep.code, 0) << sweep.err;

  // A name that is there already is refused.
  const Outcome twice = residua("new custom --physics rod.hpp", cache() + " RESIDUA_PHYSICS=rod.hpp");
  EXPECT_EQ(twice.code, 2);
  EXPECT_THAT(twice.err, AllOf(HasSubstr("physics 'own_rod'"), HasSubstr("a name of its own")));

  // What others may write is refused, be it the header, what it includes, the cache, or what is in it.
  const auto expect_distrust = [&](const fs::path& path) {
    const auto before = fs::status(path).permissions();
    fs::permissions(path, fs::perms::others_write, fs::perm_options::add);
    expect_no_physics("list --physics rod.hpp", {path.filename().string(), "others may write it", "chmod go-w"});
    fs::permissions(path, before);
  };
  expect_distrust(work("rod.hpp"));
  expect_distrust(here_ / "cache/physics");
  for (const auto& entry : fs::directory_iterator(here_ / "cache/physics")) expect_distrust(entry.path());
  EXPECT_EQ(with_cache("list --physics rod.hpp").code, 0);
}

TEST_F(OwnPhysics, RefusesAnEquationThatItsExactCaseDoesNotSolve) {
  std::string text = content(work("rod.hpp"));
  const std::string right = "u.d(T, t) - p[a]";
  text.replace(text.find(right), right.size(), "u.d(T, t) + p[a]");
  write("rod.hpp", text);
  expect_no_physics("list --physics rod.hpp",
                    {"exact case 'first mode decays' of own_rod", "equation 0 of its term interior", "is wrong"});
}

TEST_F(OwnPhysics, SaysWhereAHeaderIsWrong) {
  std::string text = content(work("rod.hpp"));
  text.replace(text.find("p[a] * u.d(T, x, x)"), 4, "p[b]");
  write("rod.hpp", text);
  const auto line = 1 + std::count(text.begin(), text.begin() + std::ptrdiff_t(text.find("p[b]")), '\n');
  const std::string where = work("rod.hpp").string() + ":" + std::to_string(line) + ":";
  const Outcome outcome = with_cache("list --physics rod.hpp");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr(where));
  const std::string last = outcome.err.substr(outcome.err.rfind('\n', outcome.err.size() - 2) + 1);
  EXPECT_THAT(last, AllOf(HasSubstr("residua: "), HasSubstr("does not compile"), HasSubstr(where), HasSubstr("'b'")));
  EXPECT_TRUE(fs::is_empty(here_ / "cache/physics"));
}

TEST_F(OwnPhysics, RefusesWhatIsNoPhysics) {
  expect_no_physics("list --physics nowhere.hpp", {"nowhere.hpp: cannot be read"});
  expect_no_physics("list --physics .", {"regular file"});
  write("empty.hpp", "#pragma once\n");
  expect_no_physics("list --physics empty.hpp", {"empty.hpp", "expected a physics", "adding_a_pde.md"});
  write("outside.hpp", "#include \"../outside.hpp\"\nstruct A {\n};\n");
  std::ofstream(here_ / "outside.hpp") << "\n";
  expect_no_physics("list --physics outside.hpp", {"includes ../outside.hpp", "beside this one or below"});
  write("sub.hpp", "#include \"part.hpp\"\nstruct A {\n};\n");
  write("part.hpp", "\n");
  fs::permissions(work("part.hpp"), fs::perms::group_write, fs::perm_options::add);
  expect_no_physics("list --physics sub.hpp", {"part.hpp", "others may write it"});
}

}  // namespace
}  // namespace residua
