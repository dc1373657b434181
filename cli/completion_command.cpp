// completion: what a shell offers after "drawbridge".
#include "cli/command_table.hpp"
#include "cli/completion.hpp"

namespace drawbridge::cli {

void add_completion_command(CommandTable& table) {
  auto shell = std::make_shared<std::string>();
  const CLI::App& app = table.app();
  auto* command = table.add("completion", "Print what a shell needs to complete drawbridge's commands",
                            [shell, &app](Session& session) {
                              Shell chosen = *shell == "bash" ? Shell::bash : *shell == "zsh" ? Shell::zsh : Shell::fish;
                              session.out.raw(completion_script(chosen, completed_commands(app)));
                              return ExitCode::done;
                            });
  command->add_option("SHELL", *shell)->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

}  // namespace drawbridge::cli
