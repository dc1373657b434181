// Opens and configures the descriptor of a UdpSocket.
#pragma once

#include "daemon/io/file_descriptor.hpp"
#include "keys/result.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

// Bound, non-blocking, with local address, ECN and GRO reported, large buffers, and no fragmentation.
// Error: `already_exists` if the port is taken, `io` otherwise.
Result<FileDescriptor> open_udp(const SocketAddress& address);

}  // namespace drawbridge
