#include "tests/sim/world.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace drawbridge::sim {

World::World(uint64_t s, LinkOptions l) : link(l), seed(s), chance(s) {}

SocketAddress World::fresh_address() { return SocketAddress::v4(192, 0, 2, next_host_++, 7470); }

SimNode& World::add(const std::string& name) {
  nodes.push_back(std::make_unique<SimNode>(*this, name, fresh_address()));
  return *nodes.back();
}

SimRelay& World::add_relay() {
  relays.push_back(std::make_unique<SimRelay>(*this, SocketAddress::v4(203, 0, 113, static_cast<uint8_t>(10 + relays.size()), 7471)));
  return *relays.back();
}

Router& World::add_router(const RouterKind& kind) { return add_router(kind, fresh_router_address()); }

Router& World::add_router(const RouterKind& kind, const SocketAddress& outside, Router* upstream) {
  routers.push_back(std::make_unique<Router>(kind, outside, chance, upstream));
  return *routers.back();
}

SocketAddress World::fresh_router_address() { return SocketAddress::v4(198, 51, 100, static_cast<uint8_t>(10 + routers.size()), 0); }
SocketAddress World::fresh_inside_address() { return SocketAddress::v4(10, 0, 0, next_host_++, 7470); }
SocketAddress World::fresh_shared_address() { return SocketAddress::v4(100, 64, 0, next_host_++, 0); }

SocketAddress World::fresh_v6_address() {
  SocketAddress address;
  address.ip = {0x20, 0x01, 0x0d, 0xb8, 0x00, 0x0a};
  address.ip[15] = next_host_++;
  address.port = 7470;
  return address;
}

size_t World::index_of(const SimNode& node) const {
  return static_cast<size_t>(std::find_if(nodes.begin(), nodes.end(), [&](const auto& one) { return one.get() == &node; }) - nodes.begin());
}

SimNode* World::node_at(const SocketAddress& address, const Router* router) {
  for (auto& one : nodes) {
    if (one->listens(address) && one->router == router) return one.get();
  }
  return nullptr;
}

// The source that the world sees; nothing: the sender's network lets no UDP out. A private address means something
// behind its router only.
std::optional<World::Departure> World::translate(const SocketAddress& sender, const SocketAddress& to, int hop_limit) {
  for (auto& one : nodes) {
    if (!one->listens(sender) || is_stream(to)) continue;
    if (one->udp_blocked || sender.is_v4() != to.is_v4()) return std::nullopt;  // or it has no route
    if (!one->router || node_at(to, one->router)) return Departure{sender};
    Departure leaving{sender};
    for (Router* router = one->router; router; router = router->upstream()) {
      bool own_filter = router->outside().ip == one->address.ip;
      if (!own_filter && ++leaving.routers >= hop_limit) return std::nullopt;
      leaving.from = router->outbound(now, leaving.from, to);
    }
    return leaving;
  }
  return Departure{sender};
}

// Everybody else behind the same router; the open internet carries no multicast.
void World::send_to_group(const SocketAddress& from, const SocketAddress& group, const Bytes& datagram) {
  if (capture) captured.push_back({now, {from, group}, datagram});
  auto sender = std::find_if(nodes.begin(), nodes.end(), [&](const auto& one) { return one->listens(from); });
  if (sender == nodes.end() || !(*sender)->router || drop(from, group, datagram)) return;
  for (auto& one : nodes) {
    bool neighbour = one != *sender && one->router == (*sender)->router && one->address.is_v4() == group.is_v4();
    if (neighbour && !link.dead) flying_.push({now + 1ms, order_++, from, one->address, datagram});
  }
}

void World::send(const SocketAddress& sender, const SocketAddress& to, Bytes datagram, uint8_t hop_limit) {
  if (to.is_multicast()) return send_to_group(sender, to, datagram);
  if (is_stream(sender) || is_stream(to)) return flying_.push({now + link.delay, order_++, sender, to, std::move(datagram)});
  int hops = hop_limit ? hop_limit : 255;
  auto leaving = translate(sender, to, hops);
  if (!leaving || leaving->routers + 1 >= hops) return;
  SocketAddress from = leaving->from;
  if (capture) captured.push_back({now, {from, to}, datagram});
  if (drop(from, to, datagram)) return;
  auto& wire = links_[{from, to}];
  if (!wire) wire = std::make_unique<Link>(link, chance);
  wire->options = link;
  wire->options.delay += detour(from, to);
  for (int copies = wire->duplicates() ? 2 : 1; copies > 0; --copies) {
    auto at = wire->offer(now, datagram.size());
    if (!at) continue;
    Bytes copy = datagram;
    wire->maybe_corrupt(copy);
    flying_.push({*at, order_++, from, to, std::move(copy)});
  }
}

Instant World::next_event() const {
  Instant next = flying_.empty() ? far_future : flying_.top().at;
  for (const auto& one : nodes) {
    if (!one->node || one->stopped) continue;
    next = std::min({next, one->node->next_timeout(), one->written_at_, one->next_link()});
  }
  for (const auto& relay : relays) {
    if (relay->server) next = std::min(next, relay->server->next_timeout());
  }
  return next;
}

void World::arrive_by_stream(const Flying& arrived) {
  if (is_stream(arrived.to)) return nodes[arrived.to.ip[15]]->receive({{}, stream_address(0, arrived.to.port)}, arrived.datagram);
  for (auto& relay : relays) {
    if (relay->address == arrived.to) relay->receive({arrived.to, arrived.from}, arrived.datagram);
  }
}

// From the open internet inwards, through one router after the other.
bool World::arrive_at_router(const Flying& arrived) {
  Router* at = nullptr;
  SocketAddress to = arrived.to;
  auto next = [&] {
    auto found = std::find_if(routers.begin(), routers.end(), [&](const auto& one) { return one->upstream() == at && one->is_outside(to); });
    return found == routers.end() ? nullptr : found->get();
  };
  for (Router* router = next(); router; router = next()) {
    auto inside = router->inbound(now, to, arrived.from);
    if (!inside) return true;
    at = router;
    to = *inside;
    if (SimNode* target = node_at(to, at)) return target->receive({to, arrived.from}, arrived.datagram), true;
  }
  return at != nullptr;
}

void World::arrive(const Flying& arrived) {
  if (is_stream(arrived.to) || is_stream(arrived.from)) return arrive_by_stream(arrived);
  for (auto& relay : relays) {
    if (relay->listens(arrived.to)) return relay->receive({arrived.to, arrived.from}, arrived.datagram);
  }
  if (arrive_at_router(arrived)) return;
  // From within the same network, or in the open.
  SimNode* target = node_at(arrived.to, nullptr);
  for (auto& one : nodes) {
    bool neighbours = one->router && one->listens(arrived.to) && node_at(arrived.from, one->router);
    if (neighbours) target = one.get();
  }
  if (target) target->receive({arrived.to, arrived.from}, arrived.datagram);
  else ++received_by_stranger[arrived.to], strangers(arrived.to, arrived.datagram);
}

// Its disk is done with a batch. False: what happened is all that happens to it now.
bool World::finish_writing(SimNode& one) {
  PersistBatch batch = *std::exchange(one.writing_, std::nullopt);
  one.written_at_ = far_future;
  if (one.disk_full && !(one.disk_reserve && batch.urgency == Urgency::vital) && !(one.admission_reserve && batch.urgency == Urgency::admission)) {
    one.node->handle_persist_failed(one.now(), batch.ticket, "no space left on device");
    return false;
  }
  WriteFault fault = ++one.writes == one.fault_at ? one.fault : WriteFault::none;
  if (fault == WriteFault::refused) {
    one.node->handle_persist_failed(one.now(), batch.ticket, "input/output error");
    return false;
  }
  if (fault == WriteFault::lost) {
    one.kill();
    return false;
  }
  ++one.batches;
  for (Row& row : batch.rows) {
    if (row.and_all_before) {
      std::erase_if(one.disk, [&](const auto& kept) {
        return kept.first.first == row.kind && std::ranges::lexicographical_compare(kept.first.second, row.key);
      });
    }
    if (row.value) one.disk[{row.kind, row.key}] = *row.value;
    else one.disk.erase({row.kind, row.key});
  }
  if (fault == WriteFault::untold) {
    one.kill();
    return false;
  }
  one.node->handle_persisted(one.now(), batch.ticket);
  return true;
}

bool World::run(Duration longest, const std::function<bool()>& done) {
  Instant until = now + longest;
  Instant last = now;
  int still = 0;
  while (true) {
    for (auto& one : nodes) one->pump();
    for (auto& relay : relays) relay->pump();
    if (done()) return true;
    Instant next = std::max(next_event(), now);
    if (next > until) {
      now = until;
      return false;
    }
    still = next == last ? still + 1 : 0;
    if (still > 1'000) {
      for (auto& one : nodes) {
        if (one->node) UNSCOPED_INFO(one->name << " " << (one->node->next_timeout() - now).count() << " stored " << (one->written_at_ - now).count());
      }
      FAIL("time stands still");
    }
    last = now = next;
    while (!flying_.empty() && flying_.top().at <= now) {
      Flying arrived = flying_.top();
      flying_.pop();
      arrive(arrived);
    }
    for (auto& one : nodes) one->receive_held();
    for (auto& one : nodes) one->finish_links();
    for (auto& relay : relays) {
      if (relay->server && relay->server->next_timeout() <= now) relay->server->handle_timeout(now);
    }
    for (auto& one : nodes) {
      if (!one->node || one->stopped) continue;
      if (one->written_at_ <= now && !finish_writing(*one)) continue;
      if (one->node->next_timeout() <= now) {
        one->wakings += std::exchange(one->woken, now) != now;
        one->node->handle_timeout(one->now());
      }
    }
  }
}

void World::pair(SimNode& office, SimNode& device) {
  REQUIRE(run(1s, [&] { return office.disk.contains({RowKind::node, {}}) && device.disk.contains({RowKind::node, {}}); }));
  CreatedInvitation invitation = office.invite();
  REQUIRE(run(1s, [&] { return office.done(invitation.request); }));
  RequestId request = device.join(invitation.link);
  REQUIRE(run(40s, [&] { return device.done(request); }));
  INFO((device.results[request].error ? device.results[request].error->message : ""));
  REQUIRE(!device.results[request].error);
}

}  // namespace drawbridge::sim
