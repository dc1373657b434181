// Whose program is at the other end of a TCP connection of this machine: asked of the kernel (sock_diag(7)).
#pragma once

#include <sys/types.h>

#include <optional>

#include "daemon/io/file_descriptor.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

class SocketOwners {
 public:
  SocketOwners();

  // The user who owns the socket bound to `client` and connected to `server` (both of one family). Empty: no such
  // socket, or its program has closed it already and nobody owns it.
  std::optional<uid_t> owner(const SocketAddress& client, const SocketAddress& server);

 private:
  FileDescriptor netlink_;
  uint32_t sequence_ = 0;
};

}  // namespace drawbridge
