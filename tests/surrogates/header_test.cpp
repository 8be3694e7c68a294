#include "surrogates/header.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

int occurrences(std::string_view what, std::string_view text) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; ++at) ++count;
  return count;
}

struct Reply {
  Status status;
  std::vector<double> out;
};

/// Headers of several models in one program, which is compiled with nothing of Residua in reach, ends if anything is
/// allocated, and answers points on its standard input.
class Program {
 public:
  void add(std::string name, const Model& model) {
    save(model, folder_ / name);
    const Model complete = load(folder_ / name);
    std::ofstream(folder_ / (name + ".hpp")) << header_of(complete, name);
    surrogates_.emplace_back(folder_ / name);
    inputs_.push_back(complete.card.inputs);
    names_.push_back(std::move(name));
  }

  std::size_t size() const { return names_.size(); }
  const std::string& name(std::size_t which) const { return names_[which]; }
  const Surrogate& surrogate(std::size_t which) const { return surrogates_[which]; }

  /// What the compiler says to all headers together; empty: nothing.
  std::string compile(const std::string& compiler, const std::string& options) {
    std::ofstream main(folder_ / "main.cpp");
    for (const std::string& name : names_) main << fmt::format("#include \"{}.hpp\"\n", name);
    main << R"(#include <cstdio>
#include <cstdlib>
void* operator new(std::size_t) { std::abort(); }
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}
template <class Status, std::size_t kIn, std::size_t kOut>
void ask(Status (*predict)(const std::array<double, kIn>&, std::array<double, kOut>&) noexcept, bool ready) {
  std::array<double, kIn> in{};
  std::array<double, kOut> out{};
  for (double& value : in)
    if (std::scanf("%lf", &value) != 1) std::abort();
  std::printf("%d", ready ? int(predict(in, out)) : -1);
  for (const double value : out) std::printf(" %.17g", value);
  std::printf("\n");
}
int main() {
  int which = 0;
  while (std::scanf("%d", &which) == 1) switch (which) {
)";
    for (std::size_t k = 0; k < size(); ++k)
      main << fmt::format("      case {}: ask({}::predict, {}::self_test()); break;\n", k, names_[k], names_[k]);
    main << "    }\n}\n";
    main.close();
    run(fmt::format("{} -std=c++20 {} main.cpp -o program >said 2>&1 || echo failed >>said", compiler, options));
    return read_text(folder_ / "said");
  }

  /// Answers to points, each with the number of the surrogate that it is for.
  std::vector<Reply> ask(const std::vector<std::pair<std::size_t, std::vector<double>>>& points) {
    std::ofstream questions(folder_ / "questions");
    for (const auto& [which, in] : points) {
      questions << which;
      for (const double value : in) questions << fmt::format(" {}", value);
      questions << "\n";
    }
    questions.close();
    EXPECT_EQ(run("./program <questions >answers"), 0);
    std::vector<Reply> replies;
    std::ifstream answers(folder_ / "answers");
    for (std::string line; std::getline(answers, line);) {
      const char* at = line.c_str();
      char* end = nullptr;
      Reply reply{Status(std::strtol(at, &end, 10)), {}};
      for (at = end; *at; at = end) reply.out.push_back(std::strtod(at, &end));
      replies.push_back(std::move(reply));
    }
    return replies;
  }

  /// Libraries that the program loads.
  std::string libraries() {
    run("ldd program >libraries");
    return read_text(folder_ / "libraries");
  }

 private:
  int run(const std::string& command) const {
    return std::system(fmt::format("cd '{}' && {}", folder_.path().string(), command).c_str());
  }

  TemporaryFolder folder_;
  std::vector<std::string> names_;
  std::vector<Surrogate> surrogates_;
  std::vector<std::vector<Variable>> inputs_;
};

/// Random weights in several windows of time, or in several members of an ensemble.
Model with_parts(Model model, int members, std::vector<double> seams) {
  model.card.members = members;
  model.seams = std::move(seams);
  const std::size_t parts = std::size_t(members) * model.windows(), own = model.weights.size();
  std::mt19937 random(3);
  for (std::size_t k = own; k < own * parts; ++k)
    model.weights.push_back(model.weights[k - own] * (1 + 0.5 * double(random()) / double(random.max())));
  const std::vector<double> center = model.center, scale = model.scale;
  for (std::size_t w = 1; w < model.windows(); ++w)
    for (std::size_t i = 0; i < center.size(); ++i) {
      model.center.push_back(center[i] + 0.1 * double(w));
      model.scale.push_back(scale[i] * (1 + 0.3 * double(w)));
    }
  return model;
}

/// Points drawn from the envelope and a little beyond.
std::vector<std::vector<double>> points_around(const Surrogate& surrogate, int count) {
  std::mt19937 random(7);
  std::vector<std::vector<double>> points(static_cast<std::size_t>(count));
  for (std::size_t p = 0; p < points.size(); ++p)
    for (const Variable& v : surrogate.inputs()) {
      const double beyond = p % 4 == 0 ? 0.2 : 0, share = double(random()) / double(random.max());
      points[p].push_back(v.lower + (v.upper - v.lower) * ((1 + beyond) * share));
    }
  return points;
}

void expect_like_the_library(Program& program, double tolerance) {
  std::vector<std::pair<std::size_t, std::vector<double>>> points;
  for (std::size_t k = 0; k < program.size(); ++k)
    for (std::vector<double>& in : points_around(program.surrogate(k), 40)) points.emplace_back(k, std::move(in));
  const std::vector<Reply> replies = program.ask(points);
  ASSERT_EQ(replies.size(), points.size());

  std::vector<std::vector<double>> largest(program.size());
  std::vector<Reply> expected;
  for (const auto& [which, in] : points) {
    Reply reply{Status::ok, std::vector<double>(program.surrogate(which).outputs().size())};
    reply.status = program.surrogate(which).predict(in, reply.out);
    largest[which].resize(reply.out.size());
    for (std::size_t o = 0; o < reply.out.size(); ++o)
      if (std::isfinite(reply.out[o])) largest[which][o] = std::max(largest[which][o], std::abs(reply.out[o]));
    expected.push_back(std::move(reply));
  }
  int outside = 0;
  for (std::size_t p = 0; p < points.size(); ++p) {
    const std::size_t which = points[p].first;
    EXPECT_EQ(replies[p].status, expected[p].status) << program.name(which) << " at " << fmt::format("point {}", p);
    outside += expected[p].status == Status::outside;
    ASSERT_EQ(replies[p].out.size(), expected[p].out.size());
    for (std::size_t o = 0; o < expected[p].out.size(); ++o)
      if (std::isfinite(expected[p].out[o])) {
        EXPECT_NEAR(replies[p].out[o], expected[p].out[o], tolerance * largest[which][o])
            << program.name(which) << " output " << o << " at point " << p;
      }
  }
  EXPECT_GT(outside, int(program.size()));
}

constexpr const char* kOptions = "-O1 -Wall -Wextra -Wpedantic -Wshadow -Werror";

TEST(Header, AnswersLikeTheLibraryForEveryPhysics) {
  Program program;
  for (const PhysicsInfo& info : catalog()) program.add(std::string(info.name), random_model(info.name));
  ASSERT_EQ(program.compile(RESIDUA_CXX, kOptions), "");
  expect_like_the_library(program, 1e-11);
  EXPECT_THAT(program.libraries(), testing::Not(testing::HasSubstr("residua")));
}

TEST(Header, AnswersInSinglePrecisionWithinItsRounding) {
  Program program;
  for (const PhysicsInfo& info : catalog())
    program.add(std::string(info.name), random_model(info.name, {.precision = Precision::float32, .width = 20}));
  ASSERT_EQ(program.compile(RESIDUA_CXX, kOptions), "");
  expect_like_the_library(program, 1e-5);
}

TEST(Header, HasEveryKindOfNetwork) {
  Program program;
  for (const char* physics : {"heat_rod", "leach_column"})
    for (const auto& [activation, name] :
         {std::pair{Activation::sin, "sin"}, {Activation::silu, "silu"}, {Activation::gelu, "gelu"}})
      program.add(fmt::format("{}_{}", physics, name), random_model(physics, {.width = 9, .activation = activation}));
  program.add("shallow", random_model("kiln_wall_step", {.width = 1, .depth = 1}));
  program.add("wide", random_model("kiln_wall_step", {.width = 65, .depth = 2}));
  program.add("windows", with_parts(random_model("leach_column"), 1, {2, 3.5}));
  program.add("ensemble", with_parts(random_model("leach_column"), 3, {}));
  program.add("both", with_parts(random_model("kiln_wall"), 2, {5}));
  ASSERT_EQ(program.compile(RESIDUA_CXX, kOptions), "");
  expect_like_the_library(program, 1e-11);
}

TEST(Header, SaysWhatIsOutsideAndWhatIsNotANumber) {
  Program program;
  const Model model = random_model("kiln_wall");
  program.add("wall", model);
  ASSERT_EQ(program.compile(RESIDUA_CXX, kOptions), "");
  std::vector<double> inside = point_of(model, 0.2), edge = inside, outside = inside, nan = inside, infinite = inside;
  edge[1] = model.card.inputs[1].upper;
  std::vector<double> near = inside;
  near[1] = std::nextafter(model.card.inputs[1].upper, 1e9);
  outside[1] = model.card.inputs[1].upper + 1;
  nan[2] = std::numeric_limits<double>::quiet_NaN();
  infinite[0] = -std::numeric_limits<double>::infinity();
  const std::vector<Reply> replies =
      program.ask({{0, inside}, {0, edge}, {0, outside}, {0, nan}, {0, infinite}, {0, near}});
  ASSERT_EQ(replies.size(), 6u);
  EXPECT_EQ(replies[0].status, Status::ok);
  EXPECT_EQ(replies[1].status, Status::ok);
  EXPECT_EQ(replies[2].status, Status::outside);
  EXPECT_EQ(replies[5].status, Status::near);
  EXPECT_TRUE(std::isfinite(replies[2].out[0]));
  for (const std::size_t bad : {3, 4}) {
    EXPECT_EQ(replies[bad].status, Status::not_finite);
    EXPECT_TRUE(std::isnan(replies[bad].out[0]));
  }
}

TEST(Header, CompilesWithoutAWordOfClang) {
  if (std::system("command -v clang++ >/dev/null") != 0) GTEST_SKIP() << "clang++ is not installed";
  Program program;
  program.add("columns", with_parts(random_model("leach_column"), 2, {2}));
  program.add("shallow", random_model("heat_rod", {.precision = Precision::float32, .depth = 1}));
  ASSERT_EQ(program.compile("clang++", kOptions), "");
  expect_like_the_library(program, 1e-5);
}

TEST(Header, DoesWhatThePageOnInferenceShows) {
  const std::string page = read_text(RESIDUA_PAGE);
  const std::size_t begin = page.find("#include \"wall.hpp\"");
  ASSERT_NE(begin, page.npos);
  const TemporaryFolder folder;
  save(random_model("kiln_wall", {.precision = Precision::float32}), folder / "surrogate.h5");
  std::ofstream(folder / "wall.hpp") << header_of(load(folder / "surrogate.h5"), "wall");
  std::ofstream(folder / "main.cpp") << page.substr(begin, page.find("```", begin) - begin);
  const std::string command = fmt::format("cd '{}' && {} -std=c++20 {} main.cpp -o program && ./program >said",
                                          folder.path().string(), RESIDUA_CXX, kOptions);
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_THAT(read_text(folder / "said"), testing::MatchesRegex("[-.0-9e+]+ K after 5 h\n"));
}

TEST(Header, RefusesToCompileWhereWhatIsNotFiniteCannotBeTold) {
  Program program;
  program.add("rod", random_model("heat_rod"));
  for (const char* option : {"-ffast-math", "-ffinite-math-only"})
    EXPECT_THAT(program.compile(RESIDUA_CXX, option), testing::HasSubstr("#error")) << option;
  EXPECT_EQ(program.compile(RESIDUA_CXX, "-ffast-math -fno-finite-math-only"), "");
}

TEST(Header, FailsItsSelfTestWhereAWeightIsWrong) {
  const TemporaryFolder folder;
  save(random_model("heat_rod"), folder / "rod");
  Model model = load(folder / "rod");
  model.weights[3] += 1e-3;
  std::ofstream(folder / "rod.hpp") << header_of(model, "rod");
  std::ofstream(folder / "main.cpp") << "#include \"rod.hpp\"\nint main() { return rod::self_test() ? 0 : 7; }\n";
  const std::string command =
      fmt::format("cd '{}' && {} -std=c++20 main.cpp -o program && {{ ./program; test $? = 7; }}",
                  folder.path().string(), RESIDUA_CXX);
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(Header, IsMadeInANamespaceThatCompiles) {
  EXPECT_EQ(namespace_of("kiln_wall"), "kiln_wall");
  EXPECT_EQ(namespace_of("../a wall-2."), "a_wall_2");
  EXPECT_EQ(namespace_of("7th"), "surrogate_7th");
  EXPECT_EQ(namespace_of("new"), "new_surrogate");
  EXPECT_EQ(namespace_of("_"), "surrogate");
}

TEST(Header, QuotesWhatTheFileSays) {
  const TemporaryFolder folder;
  Model model = random_model("heat_rod");
  model.card.provenance.code_version = "1\"; int x; // \\\n\xc2\xb0";
  save(model, folder / "rod");
  EXPECT_THAT(header_of(load(folder / "rod"), "rod"),
              testing::HasSubstr(R"(code_version = "1\042; int x; // \134\012\302\260")"));
}

TEST(Header, RefusesABranchAndAModelThatWasNeverSaved) {
  const auto message_of = [](const Model& model) -> std::string {
    try {
      header_of(model, "x");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message_of(random_model("heat_rod", {.branch_width = 8})), testing::HasSubstr("branch"));
  EXPECT_THAT(message_of(random_model("heat_rod")), testing::HasSubstr("self-test"));
}

TEST(Header, ComputesNothingTwiceAndNothingThatIsKnown) {
  const TemporaryFolder folder;
  save(random_model("heat_rod"), folder / "rod");
  const std::string text = header_of(load(folder / "rod"), "rod");
  // T = sin(pi x) + t x (1 - x) net
  EXPECT_EQ(occurrences("const Real t", text), 7);
  EXPECT_EQ(occurrences("std::sin(t", text), 1);
  EXPECT_THAT(text, testing::HasSubstr("seen[kShape.inputs][kShape.channels] = {{x[0]}, {x[1]}, {x[2]}};"));
}

}  // namespace
}  // namespace residua
