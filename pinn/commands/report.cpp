#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <memory>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/plot.hpp"
#include "pinn/run_folder.hpp"
#include "pinn/run_pictures.hpp"
#include "surrogates/surrogate.hpp"

namespace residua::commands {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStyle =
    "body{font:16px/1.5 sans-serif;color:#222;max-width:62em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{padding:.2em .8em;border-bottom:1px solid #ccc;text-align:left}"
    "td.n,th.n{text-align:right}pre{background:#f5f5f5;padding:1em;overflow-x:auto;font-size:13px;white-space:pre-wrap}"
    "svg{width:100%;height:auto}figure{margin:1em 0;break-inside:avoid}figcaption{color:#444}"
    "@media print{body{max-width:none;margin:0}pre{border:1px solid #ccc}}";

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string escaped(const std::string& text) {
  std::string html;
  for (const char c : text) html += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return html;
}

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? "" : fmt::format("<h2>{}</h2>\n{}\n", title, body);
}
std::string verbatim(const std::string& text) {
  return text.empty() ? "" : fmt::format("<pre>{}</pre>", escaped(text));
}

std::string variables(const char* title, std::span<const Variable> all) {
  std::string rows;
  for (const Variable& v : all)
    rows += fmt::format("<tr><td>{}</td><td class=n>{:g}</td><td class=n>{:g}</td><td>{}</td></tr>\n", escaped(v.name),
                        v.lower, v.upper, escaped(v.unit));
  return fmt::format("<table><tr><th>{}</th><th class=n>from</th><th class=n>to</th><th>unit</th></tr>\n{}</table>\n",
                     title, rows);
}

std::string errors(const Card& card) {
  if (card.validation.outputs.empty()) return "<p>Not validated: the toolkit has no reference for this physics.</p>";
  std::string rows;
  for (std::size_t o = 0; o < card.outputs.size(); ++o) {
    const OutputError& e = card.validation.outputs[o];
    rows += fmt::format(
        "<tr><td>{}</td><td class=n>{:.2e}</td><td class=n>{:.2e}</td><td class=n>{:.2e}</td>"
        "<td class=n>{:.3g} {}</td></tr>\n",
        escaped(card.outputs[o].name), e.median, e.worst, e.default_case, e.max_abs, escaped(card.outputs[o].unit));
  }
  return fmt::format(
      "<p>Against {} on {} unseen cases; relative L2 norm of the difference over a case's grid.</p>\n<table>"
      "<tr><th>output</th><th class=n>median</th><th class=n>worst</th><th class=n>default case</th>"
      "<th class=n>largest anywhere</th></tr>\n{}</table>",
      escaped(card.validation.reference), card.validation.cases, rows);
}

std::string lineage(const Card& card) {
  const Provenance& p = card.provenance;
  std::string text =
      fmt::format("surrogate.h5  BLAKE2b-256 {}\ncreated       {} by version {}, seed {}, {:.1f} s of training\n",
                  card.digest, p.created, p.code_version, p.seed, p.training_seconds);
  for (const DatasetHash& d : p.datasets) text += fmt::format("data          {} sha256 {}\n", d.name, d.sha256);
  if (p.datasets.empty()) text += "data          none: trained from the equations alone\n";
  return text;
}

/// The picture as SVG text, without the head that only a file of its own has.
std::string inline_svg(const RunPicture& picture) {
  const fs::path file = fs::temp_directory_path() / fmt::format("residua-{}-{}.svg", getpid(), picture.name);
  save_panels(picture.panels, int(picture.panels.size()), file);
  const std::string svg = content(file);
  fs::remove(file);
  return svg.substr(std::min(svg.find("<svg"), svg.size()));
}

void report_command(const std::string& path, std::string out) {
  const RunFolder folder(path);
  std::string figures, validation, envelope, origin;
  for (const RunPicture& picture : pictures_of(folder))
    figures +=
        fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", inline_svg(picture), escaped(picture.caption));
  if (fs::exists(folder.surrogate())) {
    const Surrogate surrogate(folder.surrogate());
    validation = errors(surrogate.card());
    envelope = variables("input", surrogate.inputs()) + variables("output, as expected", surrogate.outputs());
    origin = verbatim(lineage(surrogate.card()));
  } else {
    validation = "<p>This training has not ended: there is no surrogate yet.</p>";
  }
  if (out.empty()) out = folder.report().string();
  const std::string name = escaped(fs::absolute(folder.path()).lexically_normal().filename().string());
  write_file(
      out, fmt::format("<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>{0}</title><style>{1}</style>"
                       "</head><body>\n<h1>Training run {0}</h1>\n",
                       name, kStyle) +
               section("Errors", validation) + section("Operating envelope", envelope) + section("Pictures", figures) +
               section("Lineage", origin) + section("Run file", verbatim(content(folder.run_file()))) +
               section("Log and environment", verbatim(content(folder.log()))) + "</body></html>\n");
  fmt::print("{}\n", out);
}

}  // namespace

void add_report(CLI::App& app) {
  auto* command = app.add_subcommand("report", "one page of a run: errors, pictures, run file, lineage, log (HTML)");
  auto folder = std::make_shared<std::string>(), out = std::make_shared<std::string>();
  command->add_option("run", *folder, "folder of a run")->required();
  command->add_option("-o,--out", *out, "file of the page (default: report.html in that folder)");
  command->callback([folder, out] { report_command(*folder, *out); });
}

}  // namespace residua::commands
