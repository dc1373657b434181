// NAT-PMP (RFC 6886) through libnatpmp. Calls block, for as long as `patience` says: never on the loop's thread.
#pragma once

#include "daemon/nat/mapping_reply.hpp"

namespace drawbridge {

MappingReply nat_pmp_external(const Gateway& gateway, const Patience& patience);

// UDP. `lifetime` 0 withdraws. What the gateway grants is in the reply: port and lifetime may be others.
MappingReply nat_pmp_map(const Gateway& gateway, uint16_t port, uint16_t external_port, std::chrono::seconds lifetime,
                         const Patience& patience);

}  // namespace drawbridge
