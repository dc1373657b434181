// Every UDP socket of the daemon as one way out and one way in.
#pragma once

#include <vector>

#include "daemon/io/udp_socket.hpp"

namespace drawbridge {

class UdpEndpoints {
 public:
  explicit UdpEndpoints(Loop& loop, UdpSocket::Callbacks callbacks) : loop_(loop), callbacks_(std::move(callbacks)) {}

  // All of `addresses`, in order. Empty: port 7470 of every address, IPv4 and, where the machine has it, IPv6.
  Result<void> open(const std::vector<SocketAddress>& addresses);

  // As UdpSocket::send, through the socket that the path's local address belongs to, else the one that fits the
  // remote address best. A run that no socket can carry is dropped.
  size_t send(const DatagramRun& run);

  // As bound, with real ports.
  std::vector<SocketAddress> addresses() const;

 private:
  Result<void> add(const SocketAddress& address);
  UdpSocket* choose(const Path& path);

  Loop& loop_;
  UdpSocket::Callbacks callbacks_;
  ReceiveBuffers buffers_;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;
};

}  // namespace drawbridge
