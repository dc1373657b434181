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
  enum class Ports : uint8_t { random, preserve, sequential } ports = Ports::random;  // preserve: else the next free one
  Duration binding_lifetime = 60s;
  // Linux's conntrack: one port serves several far ends, each combination being a binding of its own. If a combination is
  // taken, another port is drawn.
  bool shares_ports = false;
  // A packet that nobody inside has asked for makes a binding with the router itself, which keeps its port and far end.
  bool binds_strangers = false;
  // Far ends at odd ports see the next address of the pool (against RFC 4787 REQ-2).
  bool arbitrary_pooling = false;
};

class Router {
 public:
  Router(RouterKind kind, SocketAddress outside, Chance& chance, Router* upstream = nullptr)
      : kind_(kind), outside_(outside), chance_(chance), upstream_(upstream) {}

  // The source that the next network sees.
  SocketAddress outbound(Instant now, const SocketAddress& inside, const SocketAddress& far_end);
  // Whom it is for; nothing: dropped.
  std::optional<SocketAddress> inbound(Instant now, const SocketAddress& outside, const SocketAddress& far_end);
  // Power cut: every mapping is forgotten, and new ones get other ports.
  void reboot();
  void set_outside(const SocketAddress& outside) { outside_ = outside, reboot(); }
  const SocketAddress& outside() const { return outside_; }
  bool is_outside(const SocketAddress& address) const;
  const RouterKind& kind() const { return kind_; }
  Router* upstream() const { return upstream_; }  // whose customer it is; null: on the open internet

 private:
  struct Mapping {
    SocketAddress inside;
    SocketAddress outside;
    Instant used{};
    std::set<SocketAddress> sent_to;
  };
  // What `dependence` keeps of an address.
  static SocketAddress seen(Dependence dependence, SocketAddress far_end);
  SocketAddress pool_address(const SocketAddress& far_end) const;
  uint16_t fresh_port(const SocketAddress& inside, const SocketAddress& far_end);
  bool taken(uint16_t port, const SocketAddress& far_end) const;

  RouterKind kind_;
  SocketAddress outside_;
  Chance& chance_;
  Router* upstream_;
  std::map<std::pair<SocketAddress, SocketAddress>, Mapping> mappings_;
  std::map<std::pair<uint16_t, SocketAddress>, Instant> strangers_;  // bindings with the router itself, and since when
  uint16_t next_port_ = 30'000;
};

}  // namespace drawbridge::sim
