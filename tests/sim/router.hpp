// A router that translates addresses, in RFC 4787's words.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "protocol/base/address.hpp"
#include "protocol/base/time.hpp"
#include "tests/sim/link.hpp"

namespace drawbridge::sim {

using namespace std::chrono_literals;

// Of mappings (4.1) and of filtering (5): what a router tells apart about the far end.
enum class Dependence : uint8_t { endpoint_independent, address, address_and_port };

struct RouterKind {
  const char* name = "";
  Dependence mapping = Dependence::endpoint_independent;
  Dependence filtering = Dependence::address_and_port;
  enum class Ports : uint8_t { random, preserve, sequential } ports = Ports::random;
  Duration binding_lifetime = 60s;
};

class Router {
 public:
  Router(RouterKind kind, SocketAddress outside, Chance& chance) : kind_(kind), outside_(outside), chance_(chance) {}

  // The source that the world sees.
  SocketAddress outbound(Instant now, const SocketAddress& inside, const SocketAddress& far_end);
  // Whom it is for; nothing: dropped.
  std::optional<SocketAddress> inbound(Instant now, uint16_t port, const SocketAddress& far_end) const;
  // Power cut: every mapping is forgotten, and new ones get other ports.
  void reboot() { mappings_.clear(), next_port_ = static_cast<uint16_t>(20'000 + chance_.below(20'000)); }
  void set_outside(const SocketAddress& outside) { outside_ = outside, reboot(); }
  const SocketAddress& outside() const { return outside_; }
  const RouterKind& kind() const { return kind_; }

 private:
  struct Mapping {
    SocketAddress inside;
    uint16_t port = 0;
    Instant used{};
    std::set<SocketAddress> sent_to;
  };
  // What `dependence` keeps of an address.
  static SocketAddress seen(Dependence dependence, SocketAddress far_end);
  uint16_t fresh_port(const SocketAddress& inside);
  bool taken(uint16_t port) const;

  RouterKind kind_;
  SocketAddress outside_;
  Chance& chance_;
  std::map<std::pair<SocketAddress, SocketAddress>, Mapping> mappings_;
  uint16_t next_port_ = 30'000;
};

}  // namespace drawbridge::sim
