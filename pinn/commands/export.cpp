#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/commands/derived.hpp"
#include "surrogates/header.hpp"

namespace residua::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string surrogate, keys, header, compact, hdf5;
};

void write_header(const Model& model, const fs::path& path) {
  const std::string name = path.stem().string(), text = header_of(model, name);
  write_file(path, text);
  fmt::print("header       {} ({} KiB): {}::predict\n", path.string(), (text.size() + 1023) / 1024, namespace_of(name));
}

void write_as(const Model& model, Container container, const char* what, const fs::path& path) {
  save_derived(model, fmt::format("written as {}", what), path, container);
  fmt::print("{:<12} {} ({} KiB)\n", what, path.string(), (fs::file_size(path) + 1023) / 1024);
}

void export_command(const Options& o) {
  if (o.header.empty() && o.compact.empty() && o.hdf5.empty())
    throw Error("export: nothing to write: expected --compact, --hdf5 or --header FILE");
  const Model model = load_parent(o.surrogate, o.keys);
  if (!o.compact.empty()) write_as(model, Container::compact, "compact", o.compact);
  if (!o.hdf5.empty()) write_as(model, Container::hdf5, "HDF5", o.hdf5);
  if (!o.header.empty()) write_header(model, o.header);
}

}  // namespace

void add_export(CLI::App& app) {
  auto* command = app.add_subcommand("export", "write a surrogate in another form");
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->surrogate, "surrogate file")->required();
  command->add_option("--compact", o->compact, "surrogate file that needs no HDF5 where it is read, such as wall.rsd");
  command->add_option("--hdf5", o->hdf5, "surrogate file that HDF5's tools can read");
  command->add_option("--header", o->header,
                      "C++20 header that answers by itself, with the standard library only; its stem is the namespace");
  command->add_option("--keys", o->keys,
                      "export only what one of these public keys has signed: STEM.pub, or several such lines");
  command->callback([o] { export_command(*o); });
}

}  // namespace residua::commands
