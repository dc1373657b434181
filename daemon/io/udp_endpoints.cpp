#include "daemon/io/udp_endpoints.hpp"

#include <algorithm>

namespace drawbridge {
namespace {

constexpr uint16_t default_port = 7470;

// How well a socket bound to `bound` can carry `path`; 0: not at all.
int fitness(const SocketAddress& bound, const Path& path) {
  if (bound.is_v4() != path.remote.is_v4()) return 0;
  if (path.local.is_unspecified()) {
    if (bound.is_unspecified()) return 3;
    return bound.is_loopback() == path.remote.is_loopback() ? 2 : 1;
  }
  if (bound == path.local) return 5;
  if (bound.is_unspecified()) return bound.port == path.local.port ? 4 : 3;
  return 0;
}

}  // namespace

Result<void> UdpEndpoints::add(const SocketAddress& address) {
  auto socket = UdpSocket::open(loop_, address, buffers_, callbacks_);
  if (!socket) return socket.error();
  sockets_.push_back(socket.take());
  return {};
}

Result<void> UdpEndpoints::open(const std::vector<SocketAddress>& addresses) {
  if (auto bound = bind(addresses); !bound) return bound;
  for (const auto& socket : sockets_) {
    if (strangers_per_second_) socket->limit_strangers(*strangers_per_second_ / static_cast<double>(sockets_.size()));
  }
  return {};
}

Result<void> UdpEndpoints::bind(const std::vector<SocketAddress>& addresses) {
  for (const SocketAddress& address : addresses) {
    if (auto added = add(address); !added) return added;
  }
  if (!addresses.empty()) return {};
  if (auto v4 = add(SocketAddress::v4(0, 0, 0, 0, default_port)); !v4) return v4;
  SocketAddress any_v6;
  any_v6.port = default_port;
  auto v6 = add(any_v6);
  // A machine without IPv6 is no error; a port that somebody else has is.
  return !v6 && v6.error().code == ErrorCode::already_exists ? v6 : Result<void>();
}

std::vector<uint16_t> UdpEndpoints::open_more(size_t count) {
  std::vector<uint16_t> ports;
  // Where the owner has named one address to listen at, these are bound to it, too.
  auto first = std::find_if(sockets_.begin(), sockets_.end(), [](const auto& socket) { return socket->address().is_v4(); });
  SocketAddress address = first == sockets_.end() ? SocketAddress::v4(0, 0, 0, 0, 0) : (*first)->address();
  address.port = 0;
  while (ports.size() < count) {
    auto socket = UdpSocket::open(loop_, address, buffers_, callbacks_);
    if (!socket) break;  // out of descriptors: fewer will do
    uint16_t port = (*socket)->address().port;
    ports.push_back(port);
    more_[port] = socket.take();
  }
  return ports;
}

void UdpEndpoints::close(const std::vector<uint16_t>& ports) {
  for (uint16_t port : ports) more_.erase(port);
}

UdpSocket* UdpEndpoints::choose(const Path& path) {
  auto more = path.remote.is_v4() ? more_.find(path.local.port) : more_.end();
  if (more != more_.end()) return more->second.get();
  bool port_alone = path.local.is_unspecified() && path.local.port != 0;
  bool known = std::any_of(sockets_.begin(), sockets_.end(), [&](const auto& socket) { return socket->address().port == path.local.port; });
  if (port_alone && !known) return nullptr;
  UdpSocket* best = nullptr;
  int best_fitness = 0;
  for (const auto& socket : sockets_) {
    int fits = fitness(socket->address(), path);
    if (fits > best_fitness) best = socket.get(), best_fitness = fits;
  }
  return best;
}

size_t UdpEndpoints::send(const DatagramRun& run) {
  UdpSocket* socket = choose(run.path);
  return socket ? socket->send(run) : run.bytes.size();
}

std::vector<SocketAddress> UdpEndpoints::addresses() const {
  std::vector<SocketAddress> out;
  for (const auto& socket : sockets_) out.push_back(socket->address());
  return out;
}

}  // namespace drawbridge
