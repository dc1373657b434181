// Every UDP socket of the daemon as one way out and one way in.
#pragma once

#include <map>
#include <vector>

#include "daemon/io/udp_socket.hpp"

namespace drawbridge {

class UdpEndpoints {
 public:
  // `strangers_per_second`: as UdpSocket::limit_strangers, in equal parts for the sockets that open() makes; none: no limit.
  explicit UdpEndpoints(Loop& loop, UdpSocket::Callbacks callbacks, std::optional<double> strangers_per_second = {})
      : loop_(loop), callbacks_(std::move(callbacks)), strangers_per_second_(strangers_per_second) {}

  // Once. All of `addresses`, in order. Empty: port 7470 of every address, IPv4 and, where the machine has it, IPv6.
  Result<void> open(const std::vector<SocketAddress>& addresses);

  // Up to `count` more sockets (IPv4, every address) on ports that the system chooses; gives these ports. They are not
  // among addresses(): nobody is told of them.
  std::vector<uint16_t> open_more(size_t count);
  void close(const std::vector<uint16_t>& ports);

  // As UdpSocket::send, through the socket that the path's local address belongs to, else the one that fits the
  // remote address best. A run that no socket can carry is dropped; so is one whose local address has only a port that
  // is no socket's any more.
  size_t send(const DatagramRun& run);

  // As bound, with real ports.
  std::vector<SocketAddress> addresses() const;

 private:
  Result<void> bind(const std::vector<SocketAddress>& addresses);
  Result<void> add(const SocketAddress& address);
  UdpSocket* choose(const Path& path);

  Loop& loop_;
  UdpSocket::Callbacks callbacks_;
  std::optional<double> strangers_per_second_;
  ReceiveBuffers buffers_;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;
  std::map<uint16_t, std::unique_ptr<UdpSocket>> more_;  // by port
};

}  // namespace drawbridge
