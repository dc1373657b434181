// A flow is one user's connection carried through the bridge: bytes both ways, each direction ended on its own.
#pragma once

#include <cstdint>
#include <string>

namespace drawbridge {

// Unique within one Node for its life; 0 is never used.
using FlowId = uint64_t;

// Why a flow ended early. Sent as the QUIC application error code: never renumber.
enum class FlowReset : uint8_t {
  none = 0,
  aborted = 1,            // the local program reset its connection
  no_such_service = 2,    // unknown or not granted: a device cannot tell which
  target_refused = 3,     // the service's program does not accept connections
  target_unreachable = 4, // the service's host does not answer
  revoked = 5,
  too_many = 6,           // a limit on flows was reached
  connection_lost = 7,    // the bridge itself ended (a daemon restarted)
  grant_ended = 8,
  target_failed = 9,      // other failure at the target
};
const char* reset_name(FlowReset reset);  // snake_case

// Bytes through one flow, for `services`, the audit record and tests.
struct FlowCounters {
  uint64_t sent = 0;
  uint64_t received = 0;
};

}  // namespace drawbridge
