// Control messages (cmsg(3)) of UDP sockets: local address, ECN, segment size.
#pragma once

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "protocol/base/address.hpp"

namespace drawbridge {

// Room for every control message that we send or ask for.
struct alignas(cmsghdr) ControlBuffer {
  uint8_t bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + 3 * CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(in_pktinfo))];
};

// Appends control messages to a msghdr whose msg_control is a ControlBuffer.
class ControlWriter {
 public:
  ControlWriter(msghdr& message, ControlBuffer& buffer);
  // From which address of ours the datagram leaves; the kernel refuses one that is not ours.
  void source(const SocketAddress& local);
  void ecn(uint8_t codepoint, bool v4);
  void segment_size(uint16_t size);
  void hop_limit(uint8_t routers, bool v4);

 private:
  void add(int level, int type, const void* value, size_t length);

  msghdr& message_;
};

struct ReceivedControl {
  SocketAddress local;  // port 0; unspecified if the kernel did not say
  uint8_t ecn = 0;
  std::optional<size_t> segment_size;
};
ReceivedControl read_control(msghdr& message);

}  // namespace drawbridge
