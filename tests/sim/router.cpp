#include "tests/sim/router.hpp"

#include <algorithm>

namespace drawbridge::sim {

SocketAddress Router::seen(Dependence dependence, SocketAddress far_end) {
  if (dependence == Dependence::endpoint_independent) return {};
  if (dependence == Dependence::address) far_end.port = 0;
  return far_end;
}

bool Router::taken(uint16_t port) const {
  return std::any_of(mappings_.begin(), mappings_.end(), [&](const auto& entry) { return entry.second.port == port; });
}

uint16_t Router::fresh_port(const SocketAddress& inside) {
  if (kind_.ports == RouterKind::Ports::preserve && !taken(inside.port)) return inside.port;
  uint16_t port = next_port_;
  do {
    port = kind_.ports == RouterKind::Ports::random ? static_cast<uint16_t>(1'024 + chance_.below(64'000)) : next_port_++;
  } while (taken(port));
  return port;
}

SocketAddress Router::outbound(Instant now, const SocketAddress& inside, const SocketAddress& far_end) {
  std::erase_if(mappings_, [&](const auto& entry) { return now - entry.second.used > kind_.binding_lifetime; });
  std::pair key{inside, seen(kind_.mapping, far_end)};
  auto [place, fresh] = mappings_.try_emplace(key);
  Mapping& mapping = place->second;
  if (fresh) {
    mapping.inside = inside;
    mapping.port = fresh_port(inside);
  }
  mapping.used = now;
  mapping.sent_to.insert(seen(kind_.filtering, far_end));
  SocketAddress outside = outside_;
  outside.port = mapping.port;
  return outside;
}

std::optional<SocketAddress> Router::inbound(Instant now, uint16_t port, const SocketAddress& far_end) const {
  for (const auto& [key, mapping] : mappings_) {
    if (mapping.port != port || now - mapping.used > kind_.binding_lifetime) continue;
    if (kind_.filtering == Dependence::endpoint_independent || mapping.sent_to.contains(seen(kind_.filtering, far_end))) return mapping.inside;
  }
  return std::nullopt;
}

}  // namespace drawbridge::sim
