#include "daemon/io/lan_groups.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "daemon/io/socket_address.hpp"
#include "protocol/traversal/lan_search.hpp"

namespace drawbridge {
namespace {

constexpr int datagrams_a_turn = 16;  // a flood in the network leaves the loop to others

SocketAddress group_of(bool v4) {
  auto groups = traversal::lan_groups();
  return groups[0].is_v4() == v4 ? groups[0] : groups[1];
}

bool join_group(int fd, const LanWay& way) {
  SocketAddress group = group_of(way.v4);
  if (way.v4) {
    ip_mreqn request{};
    std::memcpy(&request.imr_multiaddr, group.ip.data() + 12, 4);
    request.imr_ifindex = static_cast<int>(way.interface);
    return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0;
  }
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, group.ip.data(), 16);
  request.ipv6mr_interface = way.interface;
  return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) == 0;
}

// One socket for each interface, bound to the group's own address: what is sent to this machine alone, or comes by an
// interface that only others have joined, does not come here. Nothing if the interface lacks that family.
FileDescriptor open_group(const LanWay& way) {
  SocketAddress group = group_of(way.v4);
  if (!way.v4) group.scope_id = way.interface;
  SystemAddress address = to_system(group);
  FileDescriptor fd(socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int yes = 1, no = 0;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // several nodes on one machine
  if (way.v4) setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_ALL, &no, sizeof no);
  bool ready = bind(fd.get(), address.get(), address.length) == 0 && join_group(fd.get(), way);
  return ready ? std::move(fd) : FileDescriptor();
}

std::optional<LanWay> way_of(const SocketAddress& bound, const InterfaceAddress& network) {
  if (bound.ip == network.address.ip) return LanWay{network.interface, bound.is_v4(), bound};
  if (!bound.is_unspecified()) return std::nullopt;
  // IPv6 needs no address of a wider scope: every interface has a link-local one.
  if (!bound.is_v4()) return LanWay{network.interface, false, {}};
  return network.address.is_v4() ? std::optional(LanWay{network.interface, true, network.address}) : std::nullopt;
}

}  // namespace

class LanGroups::Listener {
 public:
  Listener(Loop& loop, FileDescriptor fd, const std::function<void(const DatagramRun&)>& received)
      : fd_(std::move(fd)), received_(received), watch_(loop, fd_.get(), [this](unsigned) { read(); }) {
    watch_.want(FdWatch::readable);
  }

 private:
  void read() {
    std::array<uint8_t, limits::largest_packet + 1> buffer;  // one more: what is longer is not ours
    for (int i = 0; i < datagrams_a_turn; ++i) {
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      ssize_t size = recvfrom(fd_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (size < 0) return;
      if (size == 0 || static_cast<size_t>(size) > limits::largest_packet) continue;
      DatagramRun run;
      run.path.remote = from_system(reinterpret_cast<sockaddr*>(&from));
      run.segment_size = static_cast<size_t>(size);
      run.bytes = ByteView(buffer).first(run.segment_size);
      received_(run);
    }
  }

  FileDescriptor fd_;
  const std::function<void(const DatagramRun&)>& received_;
  FdWatch watch_;
};

std::vector<LanWay> lan_ways(const std::vector<SocketAddress>& bound, const std::vector<InterfaceAddress>& networks) {
  std::vector<LanWay> out;
  for (const InterfaceAddress& network : networks) {
    for (const SocketAddress& socket : bound) {
      auto way = way_of(socket, network);
      bool known = way && std::any_of(out.begin(), out.end(), [&](const LanWay& one) { return one.interface == way->interface && one.v4 == way->v4; });
      if (way && !known) out.push_back(*way);
    }
  }
  return out;
}

LanGroups::LanGroups(Loop& loop, std::function<void(const DatagramRun&)> received) : loop_(loop), received_(std::move(received)) {}
LanGroups::~LanGroups() = default;

void LanGroups::use(std::vector<LanWay> ways) {
  if (ways == ways_) return;
  ways_ = std::move(ways);
  join();
}

void LanGroups::listen(bool wanted) {
  if (std::exchange(wanted_, wanted) != wanted) join();
}

// New sockets each time: what was joined through an interface that has gone is forgotten with the old ones.
void LanGroups::join() {
  listeners_.clear();
  if (!wanted_) return;
  for (const LanWay& way : ways_) {
    FileDescriptor fd = open_group(way);
    if (fd) listeners_.push_back(std::make_unique<Listener>(loop_, std::move(fd), received_));
  }
}

std::vector<Path> LanGroups::paths(const Path& to_group) const {
  std::vector<Path> out;
  if (!traversal::is_lan_group(to_group.remote)) return out;
  for (const LanWay& way : ways_) {
    if (way.v4 != to_group.remote.is_v4()) continue;
    Path path{way.local, to_group.remote};
    if (!way.v4) path.remote.scope_id = way.interface;
    out.push_back(path);
  }
  return out;
}

}  // namespace drawbridge
