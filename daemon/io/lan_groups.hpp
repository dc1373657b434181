// LanGroups: this machine's share of LAN discovery (docs/spec/traversal.md): by which interfaces a question to the
// groups leaves, and what comes in from them. The core decides when to ask, and what an answer is.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "daemon/io/interface_addresses.hpp"
#include "daemon/io/udp_socket.hpp"

namespace drawbridge {

// One way to a group: by this interface, from this socket.
struct LanWay {
  uint32_t interface = 0;  // the kernel's number
  bool v4 = true;
  SocketAddress local;     // of ours; unspecified: the kernel chooses
  bool operator==(const LanWay&) const = default;
};

// From the sockets' addresses as bound and the local networks' addresses: one way for each family and interface that a
// socket reaches. Sockets on loopback have none.
std::vector<LanWay> lan_ways(const std::vector<SocketAddress>& bound, const std::vector<InterfaceAddress>& networks);

class LanGroups {
 public:
  // `received`: one datagram that came to a group; its path's local address is unspecified, so that what answers it
  // leaves by an ordinary socket.
  LanGroups(Loop& loop, std::function<void(const DatagramRun&)> received);
  ~LanGroups();

  // On each change of the network. The kernel is told of membership only while listening.
  void use(std::vector<LanWay> ways);
  void listen(bool wanted);

  // The same datagram once for each interface; empty: not a group's, or no way there.
  std::vector<Path> paths(const Path& to_group) const;

 private:
  class Listener;
  void join();

  Loop& loop_;
  std::function<void(const DatagramRun&)> received_;
  std::vector<LanWay> ways_;
  bool wanted_ = false;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace drawbridge
