// UdpGather: makes runs of single datagrams that go the same way, so that one system call carries many.
#pragma once

#include <functional>

#include "daemon/io/udp_socket.hpp"

namespace drawbridge {

class UdpGather {
 public:
  explicit UdpGather(std::function<void(const DatagramRun&)> send) : send_(std::move(send)) {}

  // Copied; leaves with others of the same path and size, at the latest at flush().
  void add(const Path& path, uint8_t ecn, ByteView datagram);
  void flush();

 private:
  std::function<void(const DatagramRun&)> send_;
  Path path_;
  uint8_t ecn_ = 0;
  size_t segment_ = 0;
  Bytes bytes_;
};

}  // namespace drawbridge
