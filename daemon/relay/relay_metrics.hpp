// The relay's counters as Prometheus text. No identities: neither addresses nor mailboxes.
#pragma once

#include <string>

#include "protocol/relay/relay_server.hpp"

namespace drawbridge {

struct RelayTraffic {
  uint64_t udp_dropped_full = 0;        // the socket's buffer was full
  uint64_t websocket_dropped_slow = 0;  // the client did not read
  uint64_t websocket_connections = 0;   // open now
};

std::string metrics_text(const relay::RelayServer& server, const RelayTraffic& traffic);

}  // namespace drawbridge
