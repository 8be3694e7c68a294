#pragma once

namespace CLI {
class App;
}

// Each adds one command to the program; the command runs when its name is parsed.
namespace residua::commands {

/// Thrown by a command that has said all there is to say: by what a signal has ended in good order (128 + its number),
/// or by a sweep of which a run has failed (1).
struct Ended {
  int status;
};

void add_list(CLI::App& app);
void add_new(CLI::App& app);
void add_train(CLI::App& app);
void add_report(CLI::App& app);
void add_sweep(CLI::App& app);
void add_validate(CLI::App& app);
void add_fit(CLI::App& app);
void add_info(CLI::App& app);
void add_record(CLI::App& app);
void add_predict(CLI::App& app);
void add_export(CLI::App& app);
void add_plot(CLI::App& app);
void add_keygen(CLI::App& app);
void add_sign(CLI::App& app);
void add_verify(CLI::App& app);

}  // namespace residua::commands
