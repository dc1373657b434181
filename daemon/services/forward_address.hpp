// Where a device offers an office's service to its own programs: 127.83.x.y and a port, the same each time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "protocol/base/address.hpp"

namespace drawbridge {

// The 127.83.x.y of a service (port 0), spread by `name`; `taken` says which are another service's already.
SocketAddress forward_ip(const std::string& name, const std::function<bool(const SocketAddress&)>& taken);

// Ports to try, in order: the native one, then it + 20000, then those after it. Native 0: the service has no port of
// its own and gets one from 28000 on.
std::vector<uint16_t> forward_ports(uint16_t native);

}  // namespace drawbridge
