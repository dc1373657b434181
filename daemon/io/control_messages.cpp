#include "daemon/io/control_messages.hpp"

#include <cassert>
#include <cstring>

namespace drawbridge {
namespace {

template <typename T>
T value_of(const cmsghdr* header) {
  T value{};
  std::memcpy(&value, CMSG_DATA(header), std::min(sizeof value, header->cmsg_len - CMSG_LEN(0)));
  return value;
}

void read_v4(const cmsghdr* header, ReceivedControl& out) {
  if (header->cmsg_type == IP_PKTINFO) {
    auto info = value_of<in_pktinfo>(header);
    auto* ip = reinterpret_cast<const uint8_t*>(&info.ipi_addr);
    out.local = SocketAddress::v4(ip[0], ip[1], ip[2], ip[3], 0);
  } else if (header->cmsg_type == IP_TOS) {
    out.ecn = value_of<uint8_t>(header) & 3;
  }
}

void read_v6(const cmsghdr* header, ReceivedControl& out) {
  if (header->cmsg_type == IPV6_PKTINFO) {
    auto info = value_of<in6_pktinfo>(header);
    std::memcpy(out.local.ip.data(), &info.ipi6_addr, 16);
    if (out.local.is_link_local()) out.local.scope_id = info.ipi6_ifindex;
  } else if (header->cmsg_type == IPV6_TCLASS) {
    out.ecn = static_cast<uint8_t>(value_of<int>(header)) & 3;
  }
}

}  // namespace

ControlWriter::ControlWriter(msghdr& message, ControlBuffer& buffer) : message_(message) {
  message_.msg_control = buffer.bytes;
  message_.msg_controllen = 0;
}

void ControlWriter::add(int level, int type, const void* value, size_t length) {
  assert(message_.msg_controllen + CMSG_SPACE(length) <= sizeof(ControlBuffer));
  auto* header = reinterpret_cast<cmsghdr*>(static_cast<uint8_t*>(message_.msg_control) + message_.msg_controllen);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(length);
  std::memcpy(CMSG_DATA(header), value, length);
  message_.msg_controllen += CMSG_SPACE(length);
}

void ControlWriter::source(const SocketAddress& local) {
  if (local.is_v4()) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, local.ip.data() + 12, 4);
    add(IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, local.ip.data(), 16);
    info.ipi6_ifindex = local.scope_id;
    add(IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
  }
}

void ControlWriter::ecn(uint8_t codepoint, bool v4) {
  int value = codepoint;
  add(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, &value, sizeof value);
}

void ControlWriter::segment_size(uint16_t size) {
  add(IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
}

void ControlWriter::hop_limit(uint8_t routers, bool v4) {
  int value = routers;
  add(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_HOPLIMIT, &value, sizeof value);
}

ReceivedControl read_control(msghdr& message) {
  ReceivedControl out;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == IPPROTO_IP) read_v4(header, out);
    if (header->cmsg_level == IPPROTO_IPV6) read_v6(header, out);
    if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO) {
      out.segment_size = static_cast<size_t>(value_of<int>(header));
    }
  }
  return out;
}

}  // namespace drawbridge
