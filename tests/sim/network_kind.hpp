// Networks from which a computer may come: every router type of tests/netns/natlab/README.md, and what is reachable
// directly between any two of them.
#pragma once

#include <string_view>
#include <vector>

#include "tests/sim/router.hpp"

namespace drawbridge::sim {

class World;
class SimNode;

struct NetworkKind {
  std::string_view name;
  std::vector<RouterKind> routers;  // from the computer outwards; none: on the open internet
  bool firewall = false;            // public, with a stateful filter
  bool v6 = false;                  // IPv6 and no IPv4, with a stateful filter
  bool udp = true;                  // else only relays by WebSocket are reached
  // Of natlab's table of what is possible: how the outermost behaviour counts.
  enum class Class : uint8_t { open, by_address, by_port, predictable, random, no_udp } kind_class = Class::open;
};

// All of them, in natlab's order.
const std::vector<NetworkKind>& network_kinds();
const NetworkKind& network_kind(std::string_view name);

// natlab's table: E ordinary checks, P prediction, B birthday search, R relay.
enum class Reach : char { ordinary = 'E', prediction = 'P', search = 'B', relay = 'R' };
Reach reach(const NetworkKind& one, const NetworkKind& other);

// Moves the computer there, and tells it.
void settle_in(World& world, SimNode& node, const NetworkKind& kind);

}  // namespace drawbridge::sim
