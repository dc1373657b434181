// Between SocketAddress and the operating system's sockaddr.
#pragma once

#include <sys/socket.h>

#include "keys/result.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

struct SystemAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

// An IPv4 address becomes AF_INET, any other AF_INET6.
SystemAddress to_system(const SocketAddress& address);
// An AF_INET or AF_INET6 address; anything else gives an unspecified address with port 0.
SocketAddress from_system(const sockaddr* address);

// The address that a bound socket really has (its port, when 0 was asked for), and the one it is connected to.
SocketAddress own_address(int fd);
SocketAddress peer_address(int fd);

}  // namespace drawbridge
