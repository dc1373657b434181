#include "tests/sim/network_kind.hpp"

#include <algorithm>
#include <stdexcept>

#include "tests/sim/world.hpp"

namespace drawbridge::sim {
namespace {

using Ports = RouterKind::Ports;
using Class = NetworkKind::Class;
constexpr auto eim = Dependence::endpoint_independent, adm = Dependence::address, apdm = Dependence::address_and_port;
constexpr auto eif = eim, adf = adm, apdf = apdm;

RouterKind translator(Dependence mapping, Dependence filtering, Ports ports = Ports::random) {
  return {.name = "", .mapping = mapping, .filtering = filtering, .ports = ports, .binding_lifetime = 120s};
}

// Kernel masquerade; `open`: the router's own input chain accepts.
RouterKind linux_router(bool open) {
  RouterKind kind = translator(apdm, apdf, Ports::preserve);
  kind.shares_ports = true;
  kind.binds_strangers = open;
  return kind;
}

std::vector<NetworkKind> make_kinds() {
  RouterKind restricted = translator(eim, apdf);
  std::vector<NetworkKind> kinds;
  auto add = [&](std::string_view name, Class kind_class, std::vector<RouterKind> routers) -> NetworkKind& {
    kinds.push_back({.name = name, .routers = std::move(routers), .kind_class = kind_class});
    return kinds.back();
  };
  add("public", Class::open, {});
  add("public-fw", Class::by_port, {}).firewall = true;
  add("full-cone", Class::open, {translator(eim, eif)});
  add("addr-restricted", Class::by_address, {translator(eim, adf)});
  add("port-restricted", Class::by_port, {restricted});
  add("addr-symmetric", Class::random, {translator(adm, adf)});
  add("symmetric", Class::random, {translator(apdm, apdf)});
  add("symmetric-seq", Class::predictable, {translator(apdm, apdf, Ports::sequential)});
  add("symmetric-preserve", Class::predictable, {translator(apdm, apdf, Ports::preserve)});
  add("linux", Class::by_port, {linux_router(false)});
  add("linux-open", Class::by_port, {linux_router(true)});
  add("linux-random", Class::random, {translator(apdm, apdf)});
  add("udp-blocked", Class::no_udp, {restricted}).udp = false;
  add("v6only", Class::by_port, {}).v6 = true;
  add("cgnat", Class::by_port, {restricted, restricted});
  add("cgnat-sym", Class::random, {restricted, translator(apdm, apdf)});
  add("lte", Class::random, {translator(apdm, apdf)});
  return kinds;
}

// A stateful filter is a router that translates an address into itself.
RouterKind filter() {
  return translator(eim, apdf, Ports::preserve);
}

}  // namespace

const std::vector<NetworkKind>& network_kinds() {
  static const std::vector<NetworkKind> kinds = make_kinds();
  return kinds;
}

const NetworkKind& network_kind(std::string_view name) {
  for (const NetworkKind& kind : network_kinds()) {
    if (kind.name == name) return kind;
  }
  throw std::invalid_argument("no such network: " + std::string(name));
}

Reach reach(const NetworkKind& one, const NetworkKind& other) {
  Class a = one.kind_class, b = other.kind_class;
  auto either = [&](Class wanted) { return a == wanted || b == wanted; };
  if (either(Class::no_udp) || one.v6 != other.v6) return Reach::relay;
  if (either(Class::open) || either(Class::by_address) || (a == Class::by_port && b == Class::by_port)) return Reach::ordinary;
  // Mappings that depend on the far end's address only differ from full symmetric ones where that end filters so, too.
  if (one.name == "addr-symmetric" && other.name == "addr-symmetric") return Reach::relay;
  if (a == Class::random || b == Class::random) return either(Class::by_port) ? Reach::search : Reach::relay;
  return Reach::prediction;
}

void settle_in(World& world, SimNode& node, const NetworkKind& kind) {
  node.udp_blocked = !kind.udp;
  node.router = nullptr;
  if (kind.routers.empty()) {
    SocketAddress address = kind.v6 ? world.fresh_v6_address() : world.fresh_address();
    if (kind.firewall || kind.v6) node.router = &world.add_router(filter(), address);
    return node.move(address);
  }
  Router* router = nullptr;
  for (auto outer = kind.routers.rbegin(); outer != kind.routers.rend(); ++outer) {
    SocketAddress outside = router ? world.fresh_shared_address() : world.fresh_router_address();
    router = &world.add_router(*outer, outside, router);
  }
  node.router = router;
  node.move(world.fresh_inside_address());
}

}  // namespace drawbridge::sim
