// Finding a router's UPnP description: SSDP (UPnP Device Architecture 1.1, section 1.3). miniupnpc's own search waits its
// time out for every kind of device, seconds for a router that answers in a millisecond; this one ends with the answer.
#pragma once

#include <optional>

#include "daemon/nat/mapping_reply.hpp"

namespace drawbridge {

// Asks by multicast in the gateway's network and by unicast at the gateway, again after a third of the time; blocks until
// the gateway itself has answered with a URL of its own, or `patience` is over.
std::optional<std::string> ssdp_search(const Gateway& gateway, const Patience& patience);

// The description's URL in an answer, if it is one of a router and stands at `gateway`. Nothing for anything else.
std::optional<std::string> ssdp_location(std::string_view answer, const SocketAddress& gateway);

// Whether an "http://192.168.1.1:5000/..." is at that address.
bool is_url_at(std::string_view url, const SocketAddress& address);

}  // namespace drawbridge
