// The packaged system service sees no home folders and writes nothing but its state (packaging/systemd). What an exposed
// service needs beyond that, root lets in by a drop-in beside the unit, one file a service:
//
//   /etc/systemd/system/drawbridged.service.d/expose-NAME.conf
//
// systemd reads it when the service starts. No program of ours with root's rights runs for this but the command line
// that the owner himself started as root.
#pragma once

#include <optional>
#include <string>

namespace drawbridge::cli {

// Where the units are; another place in tests.
struct UnitFolders {
  std::string manager = "/run/systemd/system";  // there while systemd runs this computer
  std::string drop_ins = "/etc/systemd/system/drawbridged.service.d";

  std::string drop_in(const std::string& service) const { return drop_ins + "/expose-" + service + ".conf"; }
};

// The drop-in's text for an absolute target; nothing if the service sees it anyway. `folder:` always needs one (it is
// to be written), `folder:ro:` and `unix:` where the unit hides the place. Throws CommandFailed (`invalid_argument`) for a path
// that no unit can name.
std::optional<std::string> drop_in_for(const std::string& service, const std::string& target);

// Sees to it that the system service has what `target` needs, before it is asked to expose it. Returns if so, or if it
// is not systemd that runs it. Otherwise throws CommandFailed with what is to be done: `state` when the drop-in is
// written (as root, now) but the service not started since; `not_allowed`, with the exact command, for who is not root.
void let_in(const UnitFolders& folders, const std::string& state, const std::string& service, const std::string& target);

// Takes the drop-in away after unexpose, also where the daemon does not know the service; a sentence on what is left to do, or an empty one.
std::string shut_out(const UnitFolders& folders, const std::string& state, const std::string& service);

}  // namespace drawbridge::cli
