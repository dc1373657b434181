// UPnP Internet Gateway Device (WANIPConnection, WANPPPConnection) through miniupnpc. Calls block for seconds if the
// gateway is slow, and cannot be interrupted: never on the loop's thread.
#pragma once

#include <optional>

#include "daemon/nat/mapping_reply.hpp"

namespace drawbridge {

struct UpnpDevice {
  std::string control_url, service_type;
};

// At the gateway's address only: another computer of the network may claim to be a router. `search` bounds the
// search only.
std::optional<UpnpDevice> upnp_find(const Gateway& gateway, const Patience& search);

MappingReply upnp_external(const UpnpDevice& device);
// UDP. `lifetime` 0: permanent.
MappingReply upnp_map(const UpnpDevice& device, const SocketAddress& local, uint16_t external_port, std::chrono::seconds lifetime);
bool upnp_withdraw(const UpnpDevice& device, uint16_t external_port);

enum class UpnpEntry : uint8_t { ours, foreign, none, unknown };  // unknown: the gateway does not say
UpnpEntry upnp_entry(const UpnpDevice& device, const SocketAddress& local, uint16_t external_port);

}  // namespace drawbridge
