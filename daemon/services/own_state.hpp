// What no service may hand out, whoever exposes it: this node's own state. Its key makes others this computer, and its
// control socket takes every command, also those that the office's page does not offer.
#pragma once

#include <string>

#include "daemon/services/target.hpp"

namespace drawbridge {

// `not_allowed` if the target is a folder in which `state` lies (also through links; only a disk of which a part is
// mounted where the state lies is not known by that part), one in which `command:` services run (what is put there, they may
// start), or the control socket. Looks at the target once, for when it is exposed.
Result<void> check_own_state(const Target& target, const std::string& state);

// Whether `state` lies in the open folder: looks at `state` and what is above it only, never at the folder's disk.
bool lies_in(const std::string& state, int folder);

}  // namespace drawbridge
