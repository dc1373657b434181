// Whose program is at the other end of a connection of this machine: asked of the kernel (sock_diag(7)).
#pragma once

#include <sys/types.h>

#include <optional>

#include "daemon/io/file_descriptor.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

class SocketOwners {
 public:
  SocketOwners();

  enum class Kind { stream, datagram };  // TCP, UDP

  // The user who owns the socket at `client` that sends to `server` (both of one family). Empty: no such socket, or its
  // program has closed it already and nobody owns it.
  std::optional<uid_t> owner(Kind kind, const SocketAddress& client, const SocketAddress& server);

 private:
  FileDescriptor netlink_;
  uint32_t sequence_ = 0;
};

}  // namespace drawbridge
