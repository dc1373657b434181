// PCP (RFC 6887), MAP only, for IPv4. Blocks for as long as `patience` says: never on the loop's thread.
#pragma once

#include "daemon/nat/mapping_reply.hpp"
#include "daemon/nat/pcp_message.hpp"

namespace drawbridge {

// What the gateway grants is in the reply: address, port and lifetime may be others than asked for. A gateway that speaks
// NAT-PMP only is `silent` here.
MappingReply pcp_map(const Gateway& gateway, const PcpMapRequest& request, const Patience& patience);

}  // namespace drawbridge
