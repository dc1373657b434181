#include "daemon/io/local_endpoints.hpp"

#include <algorithm>

namespace drawbridge {

std::vector<SocketAddress> local_endpoints(const std::vector<SocketAddress>& bound,
                                           const std::vector<SocketAddress>& interfaces) {
  std::vector<SocketAddress> out;
  auto add = [&](SocketAddress address, uint16_t port) {
    address.port = port;
    if (std::find(out.begin(), out.end(), address) == out.end()) out.push_back(address);
  };
  for (const SocketAddress& interface : interfaces) {
    for (const SocketAddress& socket : bound) {
      if (socket.is_unspecified() && socket.is_v4() == interface.is_v4()) add(interface, socket.port);
    }
  }
  for (const SocketAddress& socket : bound) {
    if (!socket.is_unspecified()) add(socket, socket.port);
  }
  if (!out.empty()) return out;
  for (const SocketAddress& socket : bound) {
    if (socket.is_v4()) add(SocketAddress::v4(127, 0, 0, 1, 0), socket.port);
  }
  return out;
}

}  // namespace drawbridge
