#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "kernels/core/error.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/version.hpp"

/// Exit codes: 0 done; 1 something failed inside; 2 the request cannot be met as asked (one line on stderr says why).
int main(int argc, char** argv) {
  CLI::App app{"Residua: physics-informed surrogates of kiln and leach processes"};
  app.set_version_flag("--version", residua::kVersion);
  app.require_subcommand(1);
  residua::commands::add_list(app);
  residua::commands::add_train(app);
  residua::commands::add_validate(app);
  residua::commands::add_info(app);
  residua::commands::add_predict(app);
  residua::commands::add_plot(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const residua::Error& e) {
    std::fprintf(stderr, "residua: %s\n", e.what());
    return 2;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "residua: unexpected failure: %s\n", e.what());
    return 1;
  }
}
