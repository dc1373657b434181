// A process that is nothing but a relay: no identity of a node, no database, no control socket.
#pragma once

#include "daemon/config.hpp"
#include "daemon/storage/state_directory.hpp"

namespace drawbridge {

// Serves until SIGTERM or SIGINT, and then as long as draining takes; a second signal ends at once. SIGHUP: certificates
// are read again.
Result<void> serve_relay_only(const StateDirectory& state, const Config& config);

}  // namespace drawbridge
