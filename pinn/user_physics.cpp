#include "pinn/user_physics.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "kernels/fused.hpp"
#include "pinn/process.hpp"
#include "pinn/toolchain.hpp"
#include "pinn/trusted_file.hpp"
#include "surrogates/seal.hpp"
#include "surrogates/user_module.hpp"

namespace residua {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr std::size_t kMostText = std::size_t{1} << 20, kMostObject = std::size_t{256} << 20;

/// In the place of kernels/physics_list.hpp: the structs of the header that are physics.
constexpr const char* kPhysicsList = R"(#pragma once
#include <tuple>
#include "kernels/complete_physics.hpp"
#include "{header}"

namespace residua::inline RESIDUA_ISA {{

template <class T>
using IfPhysics = std::conditional_t<requires {{ typename T::Terms; }}, std::tuple<T>, std::tuple<>>;
using Registry = decltype(std::tuple_cat(IfPhysics<physics::{structs}>{{}}));
static_assert(std::tuple_size_v<Registry> > 0, "expected a physics in the header: a struct that has Terms");
static_assert([]<class... Ph>(std::tuple<Ph...>*) {{
  return (complete_physics<Ph>() && ...);
}}(static_cast<Registry*>(nullptr)));

}}  // namespace residua::inline RESIDUA_ISA
)";

/// What is compiled: sources of the toolkit, some of which share a translation unit since most of their time goes into
/// the headers. The first says soonest what is wrong with a header.
struct Unit {
  const char *name, *options;
  std::vector<const char*> sources;
};
const Unit kUnits[] = {
    {"description", "-O1", {"kernels/describe.cpp", "surrogates/user_module.cpp"}},
    {"kernels",
     "-O3",
     {"kernels/fused_body.hpp", "kernels/dense.cpp", "kernels/term_kernel.cpp", "kernels/weight_panels.cpp"}},
    {"inference", "-O2", {"surrogates/evaluator.cpp", "surrogates/adjoint.cpp", "surrogates/passes.cpp"}},
    {"ends", "-O1", {"surrogates/plain.cpp", "surrogates/recorded_ends.cpp", "surrogates/recorded.cpp"}},
};

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Words split(std::string_view text) {
  std::istringstream in{std::string(text)};
  return {std::istream_iterator<std::string>(in), {}};
}

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? value : nullptr;
}

fs::path sources() {
  const char* given = variable("RESIDUA_SOURCES");
  const fs::path folder = given ? given : kSources;
  if (!fs::exists(folder / "kernels/fused_body.hpp"))
    throw Error(
        fmt::format("{}: expected the toolkit's sources there, from which a physics is compiled; set "
                    "RESIDUA_SOURCES to where they are",
                    folder.string()));
  return folder;
}

fs::path cache_folder() {
  if (const char* own = variable("RESIDUA_CACHE")) return fs::path(own) / "physics";
  if (const char* cache = variable("XDG_CACHE_HOME")) return fs::path(cache) / "residua/physics";
  if (const char* home = variable("HOME")) return fs::path(home) / ".cache/residua/physics";
  throw Error("no folder for compiled physics: expected RESIDUA_CACHE, XDG_CACHE_HOME or HOME to be set");
}

/// Compiler and options that all units share.
Words compiler_command() {
  const std::string_view isa = active_isa();
  const auto* of_isa = std::ranges::find(kIsaOptions, isa, &std::remove_cvref_t<decltype(*kIsaOptions)>::isa);
  const char* given = variable("CXX");
  Words words{"/usr/bin/env"};
  std::ranges::copy(split(given ? given : kCompiler), std::back_inserter(words));
  for (const std::string_view options : {of_isa->options, kHotOptions})
    std::ranges::copy(split(options), std::back_inserter(words));
  for (const char* word : {"-std=c++20", "-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
                           "-fmax-errors=5", "-fdiagnostics-color=never"})
    words.emplace_back(word);
  words.push_back(fmt::format("-DRESIDUA_ISA={}", isa));
  return words;
}

/// Starts a program that says its words in English, into a file.
pid_t start(const Words& command, const fs::path& words) { return start_process(command, {"LC_ALL=C"}, words); }

/// Runs a program to its end, with its words in a file; its exit status.
int run(const Words& command, const fs::path& words) { return wait_for(start(command, words)); }

/// A folder that goes away with everything in it.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const fs::path& within) {
    std::string name = (within / "build-XXXXXX").string();
    if (!mkdtemp(name.data())) throw Error(fmt::format("{}: a folder in it cannot be made", within.string()));
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Those that somebody's compilation has left when it was killed.
void remove_old_builds(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const auto age = fs::file_time_type::clock::now() - entry.last_write_time(ignored);
    if (entry.path().filename().string().starts_with("build-") && age > std::chrono::hours(1))
      fs::remove_all(entry.path(), ignored);
  }
}

/// Says what the compiler has said, and gives the first complaint, which names file and line.
[[noreturn]] void refuse(const fs::path& header, const std::string& words) {
  constexpr std::size_t kMost = 6000;
  fmt::print(stderr, "{}{}", words.substr(0, kMost), words.size() > kMost ? "...\n" : "");
  std::istringstream lines(words);
  for (std::string line; std::getline(lines, line);)
    if (line.find("error:") != line.npos)
      throw Error(fmt::format("{}: does not compile as a physics: {}", header.string(), line));
  throw Error(fmt::format("{}: does not compile as a physics: the compiler failed without a word", header.string()));
}

const UserModule& load(const fs::path& object) {
  read_trusted(object, kMostObject);
  void* library = dlopen(object.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) throw Error(fmt::format("{}: cannot be loaded: {}", object.string(), dlerror()));
  const auto give = reinterpret_cast<GiveUserModule*>(dlsym(library, kUserModule));
  const UserModule* module = give ? give() : nullptr;
  if (!module || module->layout != kModuleLayout)
    throw Error(
        fmt::format("{}: does not fit this program, whose sources have changed since it was built: build it "
                    "again",
                    object.string()));
  return *module;
}

}  // namespace

UserPhysics::UserPhysics(fs::path header) : header_(std::move(header)) {
  read(header_.filename());
  // As in the toolkit: the lines that begin a struct, or give a name to an instance of a template.
  static const std::regex begins(R"((?:^|\n)(template[^\n]*\n)?(?:struct (\w+)(?: final)? *[:{]|using (\w+) *=))");
  const std::string& text = files_.front().text;
  for (std::sregex_iterator at(text.begin(), text.end(), begins), end; at != end; ++at)
    if (!(*at)[1].matched) structs_.push_back((*at)[2].matched ? (*at)[2] : (*at)[3]);
  if (structs_.empty())
    throw Error(
        fmt::format("{}: expected a physics, as docs/adding_a_pde.md has one, found no line that begins with "
                    "'struct Name'",
                    header_.string()));
}

void UserPhysics::read(const fs::path& within) {
  const fs::path path = header_.parent_path() / within;
  files_.push_back({path, within, read_trusted(path, kMostText)});
  static const std::regex include(R"re((?:^|\n)[ \t]*#[ \t]*include[ \t]*"([^"]+)")re");
  const std::string text = files_.back().text;
  for (std::sregex_iterator at(text.begin(), text.end(), include), end; at != end; ++at) {
    const fs::path other = (within.parent_path() / (*at)[1].str()).lexically_normal();
    const auto known = [&](const File& file) { return file.within == other; };
    if (!fs::exists(header_.parent_path() / other) || std::ranges::any_of(files_, known))
      continue;  // else the toolkit's
    if (other.is_absolute() || other.string().starts_with(".."))
      throw Error(fmt::format("{}: includes {}: expected headers of the toolkit, or beside this one or below",
                              path.string(), other.string()));
    read(other);
  }
}

std::string UserPhysics::key(const Words& compiler) const {
  std::string all = fmt::format("{}\n", fmt::join(compiler, " "));
  for (const File& file : files_) all += fmt::format("{} {}\n{}", file.path.string(), file.text.size(), file.text);
  std::vector<fs::path> files;
  for (const char* folder : {"kernels", "surrogates"})
    for (const auto& entry : fs::recursive_directory_iterator(sources() / folder))
      if (entry.path().extension() == ".hpp" || entry.path().extension() == ".cpp") files.push_back(entry.path());
  std::ranges::sort(files);
  for (const fs::path& file : files) all += file.string() + '\n' + read_text(file);
  return digest_of(std::as_bytes(std::span(all))).substr(0, 32);
}

void UserPhysics::write_sources(const fs::path& folder) const {
  for (const File& file : files_) {
    const fs::path copy = folder / "user" / file.within;
    fs::create_directories(copy.parent_path());
    write_file(copy, fmt::format("#line 1 \"{}\"\n{}", file.path.string(), file.text));
  }
  fs::create_directories(folder / "kernels");
  write_file(
      folder / "kernels/physics_list.hpp",
      fmt::format(fmt::runtime(kPhysicsList), fmt::arg("header", (folder / "user" / header_.filename()).string()),
                  fmt::arg("structs", fmt::join(structs_, ">{}, IfPhysics<physics::"))));
  for (const Unit& unit : kUnits) {
    std::string text;
    for (const char* source : unit.sources) text += fmt::format("#include \"{}\"\n", source);
    write_file(folder / (std::string(unit.name) + ".cpp"), text);
  }
}

void UserPhysics::compile(const Words& compiler, const fs::path& object) const {
  const TemporaryFolder folder(object.parent_path());
  const auto in = [&](const std::string& name) { return folder.path() / name; };
  write_sources(folder.path());
  Words link = compiler;
  link.insert(link.end(), {"-shared", "-o", in("physics.so"), "-Wl,-z,defs"});
  std::vector<pid_t> running;
  for (const Unit& unit : kUnits) {
    Words words = compiler;
    // The folder comes first: its list of physics hides the toolkit's.
    words.insert(words.end(), {unit.options, "-I", folder.path(), "-I", sources(), "-c", "-o",
                               in(fmt::format("{}.o", unit.name)), in(fmt::format("{}.cpp", unit.name))});
    running.push_back(start(words, in(fmt::format("{}.words", unit.name))));
    link.push_back(in(fmt::format("{}.o", unit.name)));
  }
  std::string failed;
  for (std::size_t k = 0; k < running.size(); ++k)
    if (wait_for(running[k]) != 0 && failed.empty()) failed = read_text(in(fmt::format("{}.words", kUnits[k].name)));
  if (!failed.empty()) refuse(header_, failed);
  link.insert(link.end(), {"-lmvec", "-lm"});
  if (run(link, in("link.words")) != 0) refuse(header_, read_text(in("link.words")));
  fs::permissions(in("physics.so"), fs::perms::owner_all);
  fs::rename(in("physics.so"), object);
}

Words UserPhysics::add() {
  const fs::path cache = cache_folder();
  make_private_folder(cache);
  const Words compiler = compiler_command();
  key_ = key(compiler);
  const fs::path object = cache / (key_ + ".so");
  if (!fs::exists(object)) {
    remove_old_builds(cache);
    fmt::print(stderr, "compiling {} for {}: half a minute, and only once\n", header_.string(), active_isa());
    compile(compiler, object);
  }
  module_ = &load(object);
  for (const ExactDefect& d : module_->defects())
    throw Error(
        fmt::format("{}: the exact case '{}' of {} leaves {:.2g} of equation {} of its term {}: expected nothing; "
                    "either of the two is wrong",
                    header_.string(), d.exact_case, d.physics, d.residual, d.equation, d.term));
  add_kernels(module_->kernels);
  add_inference(module_->kernels.physics, module_->inference);
  Words names;
  for (const PhysicsInfo& info : module_->kernels.physics) names.emplace_back(info.name);
  return names;
}

cuda::UserDeviceModule UserPhysics::on_device() const {
  const UserModule* module = module_;
  cuda::UserDeviceModule device;
  for (const PhysicsInfo& info : module->kernels.physics) device.names.emplace_back(info.name);
  device.terms = [module](int physics) { return int(module->kernels.physics[std::size_t(physics)].terms.size()) + 1; };
  device.sizes = [module](TermId id) {
    const TermKernel<double>* kernel = module->kernels.twice(id);
    if (!kernel) throw Error(fmt::format("cuda: no term {} of physics {} of a header", id.term, id.physics));
    return cuda::TermSizes{kernel->features, kernel->fields, kernel->equations, kernel->propagated, module->curved(id)};
  };
  device.with_headers = [this](const std::function<void(const Words&)>& use) {
    const TemporaryFolder folder(cache_folder());
    write_sources(folder.path());
    use({folder.path(), sources()});
  };
  const auto kept = [stem = (cache_folder() / key_).string()](const std::string& name) {
    return fs::path(stem + "." + name + ".cubin");
  };
  device.recall = [kept](const std::string& name) {
    return fs::exists(kept(name)) ? read_trusted(kept(name), kMostObject) : std::string();
  };
  device.keep = [kept](const std::string& name, std::string_view bytes) {
    write_file(kept(name), bytes);
    fs::permissions(kept(name), fs::perms::owner_read | fs::perms::owner_write);
  };
  return device;
}

}  // namespace residua
