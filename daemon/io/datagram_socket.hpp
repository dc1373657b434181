// Datagram sockets of local programs: one to a service's program, or one that this machine's programs send to. Unlike
// io/udp_socket, which carries the bridge itself, these want neither segmentation nor marks.
#pragma once

#include <functional>

#include "daemon/io/stream_socket.hpp"

namespace drawbridge {

// Bound, non-blocking.
Result<FileDescriptor> open_datagram_socket(const SocketAddress& address);
// Connected, non-blocking; never under way.
ConnectAttempt connect_datagrams(const SocketAddress& address);

// Receives what waits, a bounded number a turn, each whole. `take` gets one datagram and its sender and may keep neither.
// Gives errno of what ended it: EAGAIN when nothing more waits, 0 at the bound.
int receive_datagrams(int fd, const std::function<void(ByteView, const SocketAddress&)>& take);

}  // namespace drawbridge
