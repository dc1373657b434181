#include "tests/sim/router.hpp"

#include <algorithm>

namespace drawbridge::sim {
namespace {

constexpr Duration stranger_lifetime = 30s;  // Linux: nf_conntrack_udp_timeout

}  // namespace

SocketAddress Router::seen(Dependence dependence, SocketAddress far_end) {
  if (dependence == Dependence::endpoint_independent) return {};
  if (dependence == Dependence::address) far_end.port = 0;
  return far_end;
}

SocketAddress Router::pool_address(const SocketAddress& far_end) const {
  SocketAddress out = outside_;
  if (kind_.arbitrary_pooling && far_end.port % 2 == 0) out.ip[15] = static_cast<uint8_t>(out.ip[15] + 100);
  return out;
}

bool Router::is_outside(const SocketAddress& address) const {
  SocketAddress even;
  return address.ip == outside_.ip || address.ip == pool_address(even).ip;
}

bool Router::taken(uint16_t port, const SocketAddress& far_end) const {
  if (strangers_.contains({port, far_end})) return true;
  return std::any_of(mappings_.begin(), mappings_.end(), [&](const auto& entry) {
    bool same_far_end = !kind_.shares_ports || entry.second.sent_to.contains(seen(kind_.filtering, far_end));
    return entry.second.outside.port == port && same_far_end;
  });
}

uint16_t Router::fresh_port(const SocketAddress& inside, const SocketAddress& far_end) {
  auto draw = [this] { return static_cast<uint16_t>(1'024 + chance_.below(64'512)); };
  bool random = kind_.ports == RouterKind::Ports::random;
  uint16_t port = kind_.ports == RouterKind::Ports::preserve ? inside.port : next_port_;
  if (random) port = draw();
  while (taken(port, far_end)) port = random || kind_.shares_ports ? draw() : static_cast<uint16_t>(port + 1);
  if (kind_.ports == RouterKind::Ports::sequential) next_port_ = static_cast<uint16_t>(port + 1);
  return port;
}

SocketAddress Router::outbound(Instant now, const SocketAddress& inside, const SocketAddress& far_end) {
  std::erase_if(mappings_, [&](const auto& entry) { return now - entry.second.used > kind_.binding_lifetime; });
  std::erase_if(strangers_, [&](const auto& entry) { return now - entry.second > stranger_lifetime; });
  std::pair key{inside, seen(kind_.mapping, far_end)};
  auto place = mappings_.find(key);
  if (place == mappings_.end()) {
    Mapping fresh{inside, pool_address(far_end), now, {}};
    fresh.outside.port = fresh_port(inside, far_end);
    place = mappings_.emplace(key, std::move(fresh)).first;
  }
  Mapping& mapping = place->second;
  mapping.used = now;
  mapping.sent_to.insert(seen(kind_.filtering, far_end));
  return mapping.outside;
}

std::optional<SocketAddress> Router::inbound(Instant now, const SocketAddress& outside, const SocketAddress& far_end) {
  for (const auto& [key, mapping] : mappings_) {
    if (mapping.outside != outside || now - mapping.used > kind_.binding_lifetime) continue;
    if (kind_.filtering == Dependence::endpoint_independent || mapping.sent_to.contains(seen(kind_.filtering, far_end))) return mapping.inside;
  }
  if (kind_.binds_strangers) strangers_[{outside.port, far_end}] = now;
  return std::nullopt;
}

void Router::reboot() {
  mappings_.clear();
  strangers_.clear();
  next_port_ = static_cast<uint16_t>(20'000 + chance_.below(20'000));
}

}  // namespace drawbridge::sim
