#include "tests/sim/world.hpp"

#include <catch2/catch.hpp>

namespace drawbridge::sim {
namespace {

uint8_t pattern(uint64_t salt, uint64_t position) {
  return static_cast<uint8_t>((position * 131 + salt * 17 + (position >> 13)) & 0xff);
}

}  // namespace

SimNode::SimNode(World& w, std::string n, SocketAddress a)
    : world(w), name(std::move(n)), address(a), entropy(w.chance.below(UINT64_MAX)) {
  identity = identity_from_seed(entropy.secret32());
  start();
}

Now SimNode::now() const {
  constexpr int64_t epoch_ms = 1'800'000'000'000;
  return {world.now, {epoch_ms + to_ms(world.now.time_since_epoch()) + to_ms(wall_offset)}};
}

void SimNode::start() {
  node = std::make_unique<Node>(NodeConfig{.identity = identity, .name = name, .hardware_aes = false, .machine = machine}, entropy);
  ++life_;
  std::vector<Row> rows;
  for (const auto& [key, value] : disk) {
    if (key.first != RowKind::audit) rows.push_back({key.first, key.second, value});
  }
  REQUIRE(node->start(now(), rows));
  node->handle_network_change(now(), {address});
}

void SimNode::kill() {
  node.reset();
  writing_.reset();
  written_at_ = far_future;
  flows.clear();
  results.clear();
}

void SimNode::shut_down() {
  node->shut_down(now());
  pump();
  kill();
}

void SimNode::move(SocketAddress to, bool told) {
  address = to;
  if (told && node) node->handle_network_change(now(), {address});
}

void SimNode::attach(Router* to, bool told) {
  router = to;
  move(to ? world.fresh_inside_address() : world.fresh_address(), told);
}

void SimNode::expose(const std::string& service) {
  REQUIRE(node->expose(now(), {service, "tcp", "127.0.0.1:80", 80}));
}

CreatedInvitation SimNode::invite(std::vector<Grant> grants) {
  auto created = node->create_invitation(now(), {.grants = std::move(grants), .addresses = {address}});
  REQUIRE(created);
  return created.take();
}

RequestId SimNode::join(const std::string& link) {
  auto request = node->join(now(), link, name);
  REQUIRE(request);
  return *request;
}

SimFlow& SimNode::open(const DeviceId& office, const std::string& service, uint64_t bytes, bool finish) {
  auto id = node->open_flow(now(), office, service);
  REQUIRE(id);
  SimFlow& flow = flows[*id];
  flow.id = *id;
  flow.to_write = bytes;
  flow.finish = finish;
  flow.salt = 1;
  serve(flow);
  return flow;
}

const PeerStatus* SimNode::peer(const DeviceId& id) const {
  if (!node) return nullptr;
  statuses_ = node->peers(now());
  for (const PeerStatus& status : statuses_) {
    if (status.key.peer == id) return &status;
  }
  return nullptr;
}

void SimNode::serve(SimFlow& flow) {
  if (flow.ended) return;
  while (!flow.paused) {
    ByteView bytes = node->readable(flow.id);
    if (bytes.empty()) break;
    for (size_t i = 0; i < bytes.size() && !flow.echo; ++i) flow.intact = flow.intact && bytes[i] == pattern(flow.salt, flow.read + i);
    if (flow.echo) append(flow.echo_pending, bytes);
    flow.read += bytes.size();
    node->consume(now(), flow.id, bytes.size());
    if (flow.echo_pending.size() > 256 * 1024) break;
  }
  flow.at_end = node->at_end(flow.id);
  while (true) {
    uint64_t left = flow.echo ? flow.echo_pending.size() : flow.to_write - flow.written;
    if (left == 0) break;
    MutableBytes room = node->write_space(flow.id, static_cast<size_t>(left));
    if (room.empty()) break;
    size_t length = room.size();
    if (flow.echo) {
      std::copy_n(flow.echo_pending.begin(), length, room.begin());
      flow.echo_pending.erase(flow.echo_pending.begin(), flow.echo_pending.begin() + static_cast<ptrdiff_t>(length));
    } else {
      for (size_t i = 0; i < length; ++i) room[i] = pattern(flow.salt, flow.written + i);
    }
    node->commit_write(now(), flow.id, length);
    flow.written += length;
  }
  bool all = flow.echo ? flow.at_end && flow.echo_pending.empty() : flow.finish && flow.written == flow.to_write;
  if (all && !flow.finished) {
    flow.finished = true;
    node->finish_write(now(), flow.id);
  }
}

void SimNode::handle(const Event& event) {
  if (const auto* e = std::get_if<event::RequestDone>(&event)) results[e->request] = *e;
  if (const auto* e = std::get_if<event::FlowRequested>(&event)) {
    if (refusing.contains(e->service)) return node->refuse_flow(now(), e->flow, FlowReset::target_refused, "The program is not running.");
    SimFlow& flow = flows[e->flow];
    flow.id = e->flow;
    flow.echo = e->service == "echo";
    if (e->service == "source") flow.to_write = 1u << 20, flow.finish = true, flow.salt = 1;
    flow.salt = 1;
    node->accept_flow(now(), e->flow);
    serve(flow);
  }
  if (const auto* e = std::get_if<event::FlowAccepted>(&event)) flows[e->flow].accepted = true;
  if (const auto* e = std::get_if<event::RelayWanted>(&event)) {
    std::optional<Path> path;
    for (const auto& relay : world.relays) {
      if (relay->url() == e->url) path = Path{{}, relay->address};
    }
    node->handle_relay_link(now(), e->number, path);
  }
  FlowId stirred = 0;
  if (const auto* e = std::get_if<event::FlowReadable>(&event)) stirred = e->flow;
  if (const auto* e = std::get_if<event::FlowWritable>(&event)) stirred = e->flow;
  if (stirred && flows.contains(stirred)) serve(flows[stirred]);
  if (const auto* e = std::get_if<event::FlowEnded>(&event)) {
    flows[e->flow].ended = true;
    flows[e->flow].reset = e->reset;
  }
}

void SimNode::pump() {
  if (!node || stopped) return;
  for (int round = 0; round < 10'000; ++round) {
    bool busy = false;
    if (!writing_) {
      if (auto batch = node->poll_persist()) {
        writing_ = std::move(batch);
        written_at_ = world.now + disk_latency;
        busy = true;
      }
    }
    Bytes buffer(65536);
    while (true) {
      Transmit out = node->poll_transmit(now(), buffer);
      if (out.length == 0) break;
      busy = true;
      for (size_t at = 0; at < out.length; at += out.segment_size) {
        size_t size = std::min(out.segment_size, out.length - at);
        world.send(address, out.path.remote, Bytes(buffer.begin() + static_cast<ptrdiff_t>(at), buffer.begin() + static_cast<ptrdiff_t>(at + size)), out.ecn);
      }
    }
    while (auto event = node->poll_event()) {
      busy = true;
      events.push_back(*event);
      handle(*event);
    }
    if (!busy) return;
  }
  FAIL("a node never comes to rest");
}

void SimNode::receive(const Path& path, const Bytes& datagram) {
  if (!node || stopped) return;
  node->handle_datagrams(now(), {path, 0, datagram.size(), datagram});
}

World::World(uint64_t s, LinkOptions l) : link(l), seed(s), chance(s) {}

SocketAddress World::fresh_address() { return SocketAddress::v4(192, 0, 2, next_host_++, 7470); }

SimNode& World::add(const std::string& name) {
  nodes.push_back(std::make_unique<SimNode>(*this, name, fresh_address()));
  return *nodes.back();
}

SimRelay::SimRelay(World& w, SocketAddress a) : world(w), address(a), entropy(w.chance.below(UINT64_MAX)) {
  identity = identity_from_seed(entropy.secret32());
  start();
}

void SimRelay::start() {
  server = std::make_unique<relay::RelayServer>(relay::RelayServerConfig{.identity = identity, .operator_name = "Test", .country = "FR"}, entropy);
}

std::string SimRelay::url() const {
  std::string host = to_text(address);
  host.resize(host.rfind(':'));
  return relay::to_text({relay::RelayUrl::Transport::udp, host, address.port, "", *relay::relay_key_of(identity.id)});
}

void SimRelay::receive(const SocketAddress& from, Bytes datagram) {
  if (!server) return;
  for (const relay::Forward& forward : server->handle_datagrams(world.now, {{address, from}}, 0, datagram.size(), datagram)) {
    world.send(address, forward.link.path.remote, to_bytes(forward.bytes));
  }
}

void SimRelay::pump() {
  if (!server) return;
  Bytes buffer(2048);
  while (true) {
    relay::ServerTransmit out = server->poll_transmit(world.now, buffer);
    if (out.length == 0) return;
    world.send(address, out.link.path.remote, Bytes(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(out.length)));
  }
}

SimRelay& World::add_relay() {
  relays.push_back(std::make_unique<SimRelay>(*this, SocketAddress::v4(203, 0, 113, static_cast<uint8_t>(10 + relays.size()), 7471)));
  return *relays.back();
}

Router& World::add_router(const RouterKind& kind) {
  SocketAddress outside = SocketAddress::v4(198, 51, 100, static_cast<uint8_t>(10 + routers.size()), 0);
  routers.push_back(std::make_unique<Router>(kind, outside, chance));
  return *routers.back();
}

SocketAddress World::fresh_inside_address() { return SocketAddress::v4(10, 0, 0, next_host_++, 7470); }

SimNode* World::node_at(const SocketAddress& address, const Router* router) {
  for (auto& one : nodes) {
    if (one->address == address && one->router == router) return one.get();
  }
  return nullptr;
}

// A private address means something behind its router only.
void World::send(const SocketAddress& sender, const SocketAddress& to, Bytes datagram, uint8_t) {
  SocketAddress from = sender;
  for (auto& one : nodes) {
    if (one->address != sender || !one->router || node_at(to, one->router)) continue;
    from = one->router->outbound(now, sender, to);
  }
  if (capture) captured.push_back({now, {from, to}, datagram});
  if (drop(from, to, datagram)) return;
  auto& wire = links_[{from, to}];
  if (!wire) wire = std::make_unique<Link>(link, chance);
  wire->options = link;
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
    next = std::min({next, one->node->next_timeout(), one->written_at_});
  }
  for (const auto& relay : relays) {
    if (relay->server) next = std::min(next, relay->server->next_timeout());
  }
  return next;
}

void World::arrive(const Flying& arrived) {
  for (auto& relay : relays) {
    if (relay->address == arrived.to) return relay->receive(arrived.from, arrived.datagram);
  }
  for (auto& router : routers) {
    if (router->outside().ip != arrived.to.ip) continue;
    auto inside = router->inbound(now, arrived.to.port, arrived.from);
    SimNode* target = inside ? node_at(*inside, router.get()) : nullptr;
    if (target) target->receive({target->address, arrived.from}, arrived.datagram);
    return;
  }
  // From within the same network, or in the open.
  SimNode* target = node_at(arrived.to, nullptr);
  for (auto& one : nodes) {
    bool neighbours = one->router && one->address == arrived.to && node_at(arrived.from, one->router);
    if (neighbours) target = one.get();
  }
  if (target) target->receive({arrived.to, arrived.from}, arrived.datagram);
  else ++received_by_stranger[arrived.to];
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
    for (auto& relay : relays) {
      if (relay->server && relay->server->next_timeout() <= now) relay->server->handle_timeout(now);
    }
    for (auto& one : nodes) {
      if (!one->node || one->stopped) continue;
      if (one->written_at_ <= now) {
        PersistBatch batch = *std::exchange(one->writing_, std::nullopt);
        one->written_at_ = far_future;
        if (one->disk_full) {
          one->node->handle_persist_failed(one->now(), batch.ticket, "no space left on device");
          continue;
        }
        ++one->batches;
        for (Row& row : batch.rows) {
          if (row.value) one->disk[{row.kind, row.key}] = *row.value;
          else one->disk.erase({row.kind, row.key});
        }
        one->node->handle_persisted(one->now(), batch.ticket);
      }
      if (one->node->next_timeout() <= now) one->node->handle_timeout(one->now());
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
