#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string_view>

#include "kernels/core/error.hpp"
#include "pinn/code_version.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/commands/own_physics.hpp"

/// Exit codes: 0 done; 1 something failed inside, or a run of a sweep; 2 the request cannot be met as asked (one line
/// on stderr says why); 128 + its number when a signal ended it in good order.
int main(int argc, char** argv) {
  CLI::App app{"Residua: physics-informed surrogates of kiln and leach processes"};
  app.set_version_flag("--version", residua::kCodeVersion);
  app.require_subcommand(0, 1);  // none is refused below: CLI11 would not name a mistyped one
  app.failure_message(
      [](const CLI::App*, const CLI::Error& e) { return fmt::format("residua: {}: try residua --help\n", e.what()); });
  residua::commands::add_physics_option(app);
  residua::commands::add_list(app);
  residua::commands::add_new(app);
  residua::commands::add_train(app);
  residua::commands::add_report(app);
  residua::commands::add_sweep(app);
  residua::commands::add_validate(app);
  residua::commands::add_fit(app);
  residua::commands::add_info(app);
  residua::commands::add_predict(app);
  residua::commands::add_plot(app);
  residua::commands::add_export(app);
  residua::commands::add_record(app);
  residua::commands::add_keygen(app);
  residua::commands::add_sign(app);
  residua::commands::add_verify(app);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) throw residua::Error("expected a command: try residua --help");
    return 0;
  } catch (const residua::commands::Ended& e) {
    return e.status;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const residua::Error& e) {
    std::fprintf(stderr, "residua: %s\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    const std::string_view what = e.what();  // torch appends a stack trace
    fmt::print(stderr, "residua: unexpected failure: {}\n", what.substr(0, what.find('\n')));
    return 1;
  }
}
