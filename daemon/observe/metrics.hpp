// The daemon's counters as Prometheus text: docs/spec/metrics.md, which a test holds to this. No identities: neither
// names, ids nor addresses.
#pragma once

#include <string>

#include "protocol/node.hpp"

namespace drawbridge {

// What no query of the node tells: counted from its start.
struct Counters {
  uint64_t connected = 0, suspended = 0, resumed = 0, disconnected = 0, path_changes = 0, paired = 0, refused = 0, local_refused = 0;
  uint64_t flows = 0, failed_flows = 0, failed_writes = 0;
  uint64_t received_datagrams = 0, received_bytes = 0, sent_bytes = 0;  // of UDP

  void count(const Event& event);
};

// The state of a moment, beside what the node says.
struct Gauges {
  WallTime started_at;
  size_t open_flows = 0;
  bool reserve_short = false;
};

std::string metrics_text(const Node& node, Now now, const Counters& counters, const Gauges& gauges);

}  // namespace drawbridge
