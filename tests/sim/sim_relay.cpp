#include "tests/sim/world.hpp"

namespace drawbridge::sim {
namespace {

// How a node names a WebSocket: an address of 100:0:0:1::/64. In the world its last bytes say whose it is.
constexpr std::array<uint8_t, 8> stream_prefix{0x01, 0, 0, 0, 0, 0, 0, 0x01};

uint64_t stream_number(const SocketAddress& address) {
  return uint64_t{1} << 32 | uint64_t{address.ip[15]} << 16 | address.port;
}

}  // namespace

bool is_stream(const SocketAddress& address) {
  return std::equal(stream_prefix.begin(), stream_prefix.end(), address.ip.begin());
}

SocketAddress stream_address(size_t node, uint16_t relay) {
  SocketAddress address;
  std::copy(stream_prefix.begin(), stream_prefix.end(), address.ip.begin());
  address.ip[15] = static_cast<uint8_t>(node);
  address.port = relay;
  return address;
}

SimRelay::SimRelay(World& w, SocketAddress a) : world(w), address(a), v6(a), entropy(w.chance.below(UINT64_MAX)) {
  v6.ip = {0x20, 0x01, 0x0d, 0xb8, 0xca, 0xfe};
  v6.ip[15] = a.ip[15];
  identity = identity_from_seed(entropy.secret32());
  start();
}

void SimRelay::start() {
  server = std::make_unique<relay::RelayServer>(relay::RelayServerConfig{.identity = identity, .operator_name = "Test", .country = "FR"}, entropy);
  if (!observes) return;
  std::vector<SocketAddress> observers, unasked;
  for (SocketAddress any : {SocketAddress::v4(0, 0, 0, 0, 0), SocketAddress()}) {
    for (uint16_t step : {1, 2, 3}) {
      any.port = static_cast<uint16_t>(address.port + step);
      (step < 3 ? observers : unasked).push_back(any);
    }
  }
  observers.push_back(second_observer());
  server->observe(observers, unasked);
}

// At another address: it tells address-dependent mapping from endpoint-independent.
SocketAddress SimRelay::second_observer() const {
  SocketAddress out = address;
  out.ip[15] = static_cast<uint8_t>(out.ip[15] + 100);
  ++out.port;
  return out;
}

bool SimRelay::listens(const SocketAddress& to) const {
  if (observes && to == second_observer()) return true;
  bool own = to.ip == address.ip || to.ip == v6.ip;
  return own && to.port >= address.port && to.port <= address.port + (observes ? 2 : 0);
}

std::string SimRelay::url() const {
  std::string host = to_text(address);
  host.resize(host.rfind(':'));
  return relay::to_text({relay::RelayUrl::Transport::udp, host, address.port, "", *relay::relay_key_of(identity.id)});
}

void SimRelay::kill() {
  server.reset();
  for (auto& node : world.nodes) node->lose_streams(websocket_url());
}

std::string SimRelay::websocket_url() const {
  std::string host = to_text(address);
  host.resize(host.rfind(':'));
  return relay::to_text({relay::RelayUrl::Transport::ws, host, 80, "/relay", *relay::relay_key_of(identity.id)});
}

void SimRelay::receive(const Path& path, Bytes datagram) {
  if (!server) return;
  relay::Link link{path};
  if (is_stream(path.remote)) {
    link = {{address, SocketAddress::v4(203, 0, 113, 200, 443)}, stream_number(path.remote)};
    streams[link.stream] = path.remote;
  }
  for (const relay::Forward& forward : server->handle_datagrams(world.now, link, 0, datagram.size(), datagram)) {
    send(forward.link, to_bytes(forward.bytes));
  }
}

void SimRelay::send(const relay::Link& link, Bytes datagram) {
  world.send(link.path.local, link.stream ? streams.at(link.stream) : link.path.remote, std::move(datagram));
}

void SimRelay::pump() {
  if (!server) return;
  Bytes buffer(2048);
  while (true) {
    relay::ServerTransmit out = server->poll_transmit(world.now, buffer);
    if (out.length == 0) return;
    send(out.link, Bytes(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(out.length)));
  }
}

}  // namespace drawbridge::sim
