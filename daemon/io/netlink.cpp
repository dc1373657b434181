#include "daemon/io/netlink.hpp"

#include <sys/socket.h>

namespace drawbridge {

FileDescriptor open_route_netlink(unsigned groups) {
  FileDescriptor fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (fd && bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return fd;
}

bool for_each_message(ByteView datagram, const std::function<void(const nlmsghdr&)>& each) {
  const auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data());
  auto left = static_cast<unsigned>(datagram.size());
  for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
    if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) return false;
    each(*header);
  }
  return true;
}

void dump_route(uint16_t request, const std::function<void(const nlmsghdr&)>& each) {
  struct {
    nlmsghdr header{};
    rtgenmsg family{};
  } question;
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = request;
  question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  FileDescriptor fd = open_route_netlink(0);
  if (!fd || send(fd.get(), &question, sizeof question, 0) < 0) return;
  alignas(nlmsghdr) uint8_t buffer[16 * 1024];
  ssize_t length = 0;
  do {
    length = recv(fd.get(), buffer, sizeof buffer, 0);
  } while (length > 0 && for_each_message({buffer, static_cast<size_t>(length)}, each));
}

}  // namespace drawbridge
