// Link: one client's way to the relay.
#pragma once

#include "protocol/base/address.hpp"

namespace drawbridge::relay {

struct Link {
  Path path;            // remote: the client's address, as the relay sees it
  uint64_t stream = 0;  // 0: UDP; else the number of a WebSocket connection, never used again

  // UDP: which of the relay's own addresses a datagram came to may change.
  bool same_client(const Link& other) const { return path.remote == other.path.remote && stream == other.stream; }
};

}  // namespace drawbridge::relay
