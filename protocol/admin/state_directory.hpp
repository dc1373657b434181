// Where a node keeps its state, and the names of the files there that the daemon and the command line both use.
#pragma once

#include <optional>
#include <string>

#include "keys/result.hpp"

namespace drawbridge::admin {

constexpr const char* control_socket_name = "control.sock";
constexpr const char* key_file_name = "key";    // keys/key_file.hpp, mode 0600; written by `drawbridge init` only
constexpr const char* name_file_name = "name";  // the node's name, UTF-8, one line; written by `drawbridge init` only

constexpr const char* system_state_directory = "/var/lib/drawbridge";

// What the choice depends on; the environment is read by the caller. An empty string counts as absent.
struct StateChoice {
  std::string flag;                  // --state
  std::string environment;           // $DRAWBRIDGE_STATE
  bool system_socket_opens = false;  // the caller may open system_state_directory's control socket
  std::string xdg_state_home;        // $XDG_STATE_HOME
  std::string home;                  // $HOME
};

// First of: flag, environment, the system's directory if its socket opens, $XDG_STATE_HOME/drawbridge,
// ~/.local/state/drawbridge. `not_found` if all are absent. XDG paths that are not absolute are ignored, as the XDG
// Base Directory Specification says.
Result<std::string> choose_state_directory(const StateChoice& choice);

}  // namespace drawbridge::admin
