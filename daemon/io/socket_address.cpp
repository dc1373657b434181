#include "daemon/io/socket_address.hpp"

#include <netinet/in.h>

#include <cstring>

namespace drawbridge {

SystemAddress to_system(const SocketAddress& address) {
  SystemAddress out;
  if (address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    std::memcpy(&v4->sin_addr, address.ip.data() + 12, 4);
    out.length = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    v6->sin6_scope_id = address.scope_id;
    std::memcpy(&v6->sin6_addr, address.ip.data(), 16);
    out.length = sizeof *v6;
  }
  return out;
}

SocketAddress from_system(const sockaddr* address) {
  SocketAddress out;
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    const auto* ip = reinterpret_cast<const uint8_t*>(&v4->sin_addr);
    return SocketAddress::v4(ip[0], ip[1], ip[2], ip[3], ntohs(v4->sin_port));
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    std::memcpy(out.ip.data(), &v6->sin6_addr, 16);
    out.port = ntohs(v6->sin6_port);
    if (out.is_link_local()) out.scope_id = v6->sin6_scope_id;
  }
  return out;
}

namespace {

template <typename Ask>
SocketAddress ask_socket(int fd, Ask ask) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (ask(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return from_system(reinterpret_cast<sockaddr*>(&storage));
}

}  // namespace

SocketAddress own_address(int fd) {
  return ask_socket(fd, getsockname);
}
SocketAddress peer_address(int fd) {
  return ask_socket(fd, getpeername);
}

}  // namespace drawbridge
