#include "protocol/admin/state_directory.hpp"

namespace drawbridge::admin {

Result<std::string> choose_state_directory(const StateChoice& choice) {
  if (!choice.flag.empty()) return choice.flag;
  if (!choice.environment.empty()) return choice.environment;
  if (choice.system_socket_opens) return std::string(system_state_directory);
  if (choice.xdg_state_home.starts_with('/')) return choice.xdg_state_home + "/drawbridge";
  if (!choice.home.empty()) return choice.home + "/.local/state/drawbridge";
  return Error{ErrorCode::not_found, "There is no home folder to keep the state in.",
               "Name a folder with --state DIR."};
}

}  // namespace drawbridge::admin
