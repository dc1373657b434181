// What one question to a gateway has brought, in any of the protocols.
#pragma once

#include "daemon/nat/gateway.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge {

struct MappingReply {
  GatewayState state = GatewayState::silent;  // `mapped` stands for a good answer here
  SocketAddress external;                     // of a question for the address: port 0
  std::chrono::seconds lifetime{};
  uint32_t epoch = 0;                         // PCP, NAT-PMP: seconds since the gateway's mappings began
  bool permanent_only = false, conflict = false;
  std::string reason;

  bool good() const { return state == GatewayState::mapped; }
};

// How long a question may take, and a descriptor whose readiness ends the wait at once (-1: none).
struct Patience {
  Duration longest{};
  int interrupt = -1;
};

}  // namespace drawbridge
