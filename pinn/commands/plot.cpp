#include "pinn/plot.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "kernels/core/error.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/commands/given.hpp"
#include "pinn/run_folder.hpp"
#include "pinn/run_pictures.hpp"
#include "pinn/slices.hpp"

namespace residua::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string subject, picture, output, format = "png";
  std::vector<std::string> at;
};

void plot_surrogate(const Options& o) {
  if (o.picture.empty()) throw Error("--out is required: expected a picture, ending in .png or .svg");
  slices(Surrogate(o.subject), o.output, parse_given(o.at)).save(o.picture);
}

void plot_run(const Options& o) {
  const RunFolder folder(o.subject);
  const fs::path place = o.picture.empty() ? folder.plots() : fs::path(o.picture);
  const auto pictures = pictures_of(folder);
  std::error_code failed;
  fs::create_directories(place, failed);
  if (failed) throw Error(fmt::format("{}: cannot be made: {}", place.string(), failed.message()));
  for (const RunPicture& picture : pictures) {
    const fs::path file = place / fmt::format("{}.{}", picture.name, o.format);
    save_panels(picture.panels, int(picture.panels.size()), file);
    fmt::print("{}\n", file.string());
  }
}

}  // namespace

void add_plot(CLI::App& app) {
  auto* command = app.add_subcommand("plot", "draw a run, or a surrogate's output against its reference (PNG or SVG)");
  auto o = std::make_shared<Options>();
  command->add_option("subject", o->subject, "folder of a run, or surrogate file")->required();
  command->add_option(
      "-o,--out", o->picture,
      "of a surrogate: picture, ending in .png or .svg; of a run: folder (default: plots in that of the run)");
  auto* output = command->add_option("--output", o->output, "of a surrogate: which output (default: the first)");
  auto* at =
      command
          ->add_option("--at", o->at, "of a surrogate: other values of inputs than the default case: name=number ...")
          ->expected(-1);
  command->add_option("--format", o->format, "of a run's pictures")
      ->check(CLI::IsMember({"png", "svg"}))
      ->capture_default_str()
      ->excludes(output)
      ->excludes(at);
  command->callback([o] {
    if (fs::exists(RunFolder(o->subject).run_file()))
      plot_run(*o);
    else
      plot_surrogate(*o);
  });
}

}  // namespace residua::commands
