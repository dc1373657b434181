#include "daemon/services/socket_owner.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>

namespace drawbridge {
namespace {

struct Question {
  nlmsghdr header{};
  inet_diag_req_v2 request{};
};

void put_address(const SocketAddress& address, __be32* out) {
  if (address.is_v4()) {
    std::memcpy(out, address.ip.data() + 12, 4);
  } else {
    std::memcpy(out, address.ip.data(), 16);
  }
}

Question question(SocketOwners::Kind kind, const SocketAddress& client, const SocketAddress& server, uint32_t sequence) {
  Question out;
  out.header.nlmsg_len = sizeof out;
  out.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  out.header.nlmsg_flags = NLM_F_REQUEST;
  out.header.nlmsg_seq = sequence;
  out.request.sdiag_family = client.is_v4() ? AF_INET : AF_INET6;
  bool stream = kind == SocketOwners::Kind::stream;
  out.request.sdiag_protocol = stream ? IPPROTO_TCP : IPPROTO_UDP;
  out.request.idiag_states = 0xffffffff;
  // For UDP the kernel looks for who would receive from `src` at `dst`: the two are swapped (udp_diag.c).
  const SocketAddress& source = stream ? client : server;
  const SocketAddress& destination = stream ? server : client;
  out.request.id.idiag_sport = htons(source.port);
  out.request.id.idiag_dport = htons(destination.port);
  put_address(source, out.request.id.idiag_src);
  put_address(destination, out.request.id.idiag_dst);
  std::memset(out.request.id.idiag_cookie, 0xff, sizeof out.request.id.idiag_cookie);  // INET_DIAG_NOCOOKIE
  return out;
}

}  // namespace

SocketOwners::SocketOwners() : netlink_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {}

std::optional<uid_t> SocketOwners::owner(Kind kind, const SocketAddress& client, const SocketAddress& server) {
  Question asked = question(kind, client, server, ++sequence_);
  if (send(netlink_.get(), &asked, sizeof asked, 0) != sizeof asked) return std::nullopt;
  // The kernel answers inside the call above, so this never waits.
  alignas(nlmsghdr) uint8_t answer[4096];
  ssize_t length = recv(netlink_.get(), answer, sizeof answer, MSG_DONTWAIT);
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer);
  if (length < static_cast<ssize_t>(NLMSG_SPACE(sizeof(inet_diag_msg))) || header->nlmsg_seq != sequence_)
    return std::nullopt;
  if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  const auto* found = static_cast<const inet_diag_msg*>(NLMSG_DATA(header));
  // A socket that its program has closed has no inode and says user 0.
  if (found->idiag_inode == 0) return std::nullopt;
  return found->idiag_uid;
}

}  // namespace drawbridge
