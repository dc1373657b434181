// InterfaceMonitor: says when this machine's network has changed: an address, a cable, the default route.
#pragma once

#include <functional>
#include <vector>

#include "daemon/io/watch.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

class InterfaceMonitor {
 public:
  // `changed` is called from the loop, at most once a turn, when addresses() differs from before or the default
  // route has changed.
  InterfaceMonitor(Loop& loop, std::function<void()> changed);

  // As interface_addresses(), at the newest change.
  const std::vector<SocketAddress>& addresses() const { return addresses_; }

 private:
  void read_news();

  FileDescriptor netlink_;
  std::function<void()> changed_;
  std::vector<SocketAddress> addresses_;
  FdWatch watch_;
};

}  // namespace drawbridge
