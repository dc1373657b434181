#include "daemon/io/interface_monitor.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "daemon/io/interface_addresses.hpp"
#include "daemon/io/netlink.hpp"

namespace drawbridge {
namespace {

constexpr unsigned groups =
    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

struct News {
  bool interfaces = false;
  bool default_route = false;
};

void note(const nlmsghdr& header, News& news) {
  switch (header.nlmsg_type) {
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
      const auto* route = static_cast<const rtmsg*>(NLMSG_DATA(&header));
      // Routes to single networks come and go with containers; peers are reached by the default one.
      if (route->rtm_dst_len == 0 && route->rtm_table == RT_TABLE_MAIN && route->rtm_type == RTN_UNICAST)
        news.default_route = true;
      break;
    }
    case RTM_NEWLINK:
    case RTM_DELLINK:
    case RTM_NEWADDR:
    case RTM_DELADDR:
      news.interfaces = true;
      break;
    default:
      break;
  }
}

}  // namespace

InterfaceMonitor::InterfaceMonitor(Loop& loop, std::function<void()> changed)
    : netlink_(open_route_netlink(groups)), changed_(std::move(changed)), addresses_(interface_addresses()) {
  if (!netlink_) return;  // a sandbox without netlink: addresses as they were at start
  watch_ = FdWatch(loop, netlink_.get(), [this](unsigned) { read_news(); });
  watch_.want(FdWatch::readable);
}

void InterfaceMonitor::read_news() {
  News news;
  alignas(nlmsghdr) uint8_t buffer[16 * 1024];
  ssize_t length = 0;
  while ((length = recv(netlink_.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
    for_each_message({buffer, static_cast<size_t>(length)}, [&](const nlmsghdr& header) { note(header, news); });
  }
  // The kernel dropped news because we were slow: anything may have changed.
  if (length < 0 && errno == ENOBUFS) news.interfaces = true;
  if (!news.interfaces && !news.default_route) return;
  std::vector<SocketAddress> now = interface_addresses();
  if (now == addresses_ && !news.default_route) return;
  addresses_ = std::move(now);
  changed_();
}

}  // namespace drawbridge
