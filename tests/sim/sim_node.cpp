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
  node = std::make_unique<Node>(NodeConfig{.identity = identity, .name = name, .hardware_aes = false, .machine = machine, .versions = versions}, entropy);
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
  ports.clear();
  opening_.clear();
  prepared_.clear();
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

void SimNode::expose(const std::string& service, const std::string& kind) {
  REQUIRE(node->expose(now(), {service, kind, "127.0.0.1:80", 80}));
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

SimFlow& SimNode::open_datagrams(const DeviceId& office, const std::string& service) {
  SimFlow& flow = open(office, service, 0, false);
  flow.datagrams = true;
  return flow;
}

void SimNode::serve_datagrams(SimFlow& flow) {
  while (auto datagram = node->readable_datagram(flow.id)) {
    flow.arrived.push_back({world.now, to_bytes(*datagram)});
    node->consume_datagram(now(), flow.id);
    if (flow.echo) node->send_datagram(now(), flow.id, flow.arrived.back().bytes);
  }
  flow.at_end = node->at_end(flow.id);
  if (flow.at_end && !std::exchange(flow.finished, true)) node->finish_write(now(), flow.id);
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
  if (flow.datagrams) return serve_datagrams(flow);
  do {
    read(flow);
    write(flow);
    // What is left to read is announced once: an echo that stopped for its own answer goes on by itself.
  } while (flow.echo && !flow.paused && flow.echo_pending.empty() && !node->readable(flow.id).empty());
  bool all = flow.echo ? flow.at_end && flow.echo_pending.empty() : flow.finish && flow.written == flow.to_write;
  if (all && !flow.finished) {
    flow.finished = true;
    node->finish_write(now(), flow.id);
  }
}

void SimNode::read(SimFlow& flow) {
  constexpr size_t pending_most = 256 * 1024;
  while (!flow.paused && flow.echo_pending.size() <= pending_most) {
    ByteView bytes = node->readable(flow.id);
    if (bytes.empty()) break;
    for (size_t i = 0; i < bytes.size() && !flow.echo; ++i) flow.intact = flow.intact && bytes[i] == pattern(flow.salt, flow.read + i);
    if (flow.echo) append(flow.echo_pending, bytes);
    flow.read += bytes.size();
    node->consume(now(), flow.id, bytes.size());
  }
  flow.at_end = node->at_end(flow.id);
}

void SimNode::write(SimFlow& flow) {
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
}

void SimNode::answer(const event::PortsWanted& wanted) {
  std::vector<uint16_t> fresh;
  for (uint16_t i = 0; i < wanted.count && more_sockets; ++i) fresh.push_back(next_port_++);
  ports.insert(fresh.begin(), fresh.end());
  node->handle_ports(now(), wanted.peer, fresh);
}

void SimNode::answer_ports() {
  ports_held = false;
  for (const event::PortsWanted& wanted : std::exchange(unanswered_ports_, {})) answer(wanted);
  pump();
}

void SimNode::handle(const Event& event) {
  if (const auto* e = std::get_if<event::RequestDone>(&event)) results[e->request] = *e;
  if (const auto* e = std::get_if<event::FlowRequested>(&event)) {
    if (refusing.contains(e->service)) return node->refuse_flow(now(), e->flow, FlowReset::target_refused, "The program is not running.");
    SimFlow& flow = flows[e->flow];
    flow.id = e->flow;
    flow.echo = e->service == "echo" || e->service == "voice";
    flow.datagrams = e->service == "voice" || e->service == "sink";
    if (e->service == "source") flow.to_write = 1u << 20, flow.finish = true, flow.salt = 1;
    flow.salt = 1;
    node->accept_flow(now(), e->flow);
    serve(flow);
  }
  if (const auto* e = std::get_if<event::FlowAccepted>(&event)) flows[e->flow].accepted = true;
  if (const auto* e = std::get_if<event::PortsWanted>(&event)) ports_held ? unanswered_ports_.push_back(*e) : answer(*e);
  if (const auto* e = std::get_if<event::PortsReleased>(&event)) {
    for (uint16_t port : e->ports) ports.erase(port);
  }
  if (const auto* e = std::get_if<event::RelayWanted>(&event)) {
    open_link(*e);
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
        Bytes datagram(buffer.begin() + static_cast<ptrdiff_t>(at), buffer.begin() + static_cast<ptrdiff_t>(at + size));
        if (is_stream(out.path.remote)) send_by_stream(out.path.remote.port, std::move(datagram));
        else world.send(sending_address(out.path), out.path.remote, std::move(datagram), out.hop_limit);
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

std::optional<Path> SimNode::path_to_relay(const event::RelayWanted& wanted) const {
  for (const auto& relay : world.relays) {
    if (relay->url() == wanted.url) return Path{{}, address.is_v4() ? relay->address : relay->v6};
    if (relay->websocket_url() == wanted.url) return Path{{}, stream_address(0, wanted.number)};
  }
  return std::nullopt;
}

void SimNode::open_link(const event::RelayWanted& wanted) {
  opening_.erase({wanted.number, wanted.beside});
  bool udp = wanted.url.starts_with("udp:"), ready = prepared_.contains(wanted.number) && prepared_[wanted.number] == wanted.url;
  prepared_.erase(wanted.number);
  if (wanted.url.empty()) return;
  if (!wanted.beside && (udp || ready)) return node->handle_relay_link(now(), wanted.number, path_to_relay(wanted));
  opening_[{wanted.number, wanted.beside}] = {world.now + websocket_opening.value_or(4 * world.link.delay), wanted};
}

void SimNode::finish_links() {
  while (node && !stopped && next_link() <= world.now) {
    auto due = std::find_if(opening_.begin(), opening_.end(), [&](const auto& entry) { return entry.second.first <= world.now; });
    event::RelayWanted wanted = due->second.second;
    opening_.erase(due);
    auto up = [&](const auto& relay) { return relay->websocket_url() == wanted.url && relay->server; };
    bool ready = std::any_of(world.relays.begin(), world.relays.end(), up);
    if (!wanted.beside) {
      node->handle_relay_link(now(), wanted.number, ready ? path_to_relay(wanted) : std::nullopt);
      continue;
    }
    if (ready) prepared_[wanted.number] = wanted.url;
    node->handle_relay_beside(now(), wanted.number, ready);
  }
}

Instant SimNode::next_link() const {
  Instant next = far_future;
  for (const auto& [key, entry] : opening_) next = std::min(next, entry.first);
  return next;
}

// Its system closes what the relay held open.
void SimNode::lose_streams(const std::string& websocket_url) {
  if (!node || stopped) return;
  std::map<uint16_t, std::string> urls;
  for (const auto& wanted : seen<event::RelayWanted>()) {
    if (!wanted.beside) urls[wanted.number] = wanted.url;
  }
  for (const auto& [number, url] : urls) {
    if (url == websocket_url) node->handle_relay_link(now(), number, std::nullopt);
  }
}

void SimNode::send_by_stream(uint16_t number, Bytes datagram) {
  auto wanted = seen<event::RelayWanted>();
  auto url = std::find_if(wanted.rbegin(), wanted.rend(), [&](const auto& one) { return one.number == number && !one.beside; });
  for (const auto& relay : world.relays) {
    if (url != wanted.rend() && relay->websocket_url() == url->url) world.send(stream_address(world.index_of(*this), number), relay->address, std::move(datagram));
  }
}

// From one of the sockets beside its own, if the path names one.
SocketAddress SimNode::sending_address(const Path& path) const {
  SocketAddress from = address;
  if (ports.contains(path.local.port)) from.port = path.local.port;
  return from;
}

bool SimNode::listens(const SocketAddress& to) const {
  return to.ip == address.ip && (to.port == address.port || ports.contains(to.port));
}

void SimNode::receive(const Path& path, const Bytes& datagram) {
  bool fits = path == held_path_ && held_full_ && datagram.size() <= held_segment_;
  if (!held_.empty() && !fits) receive_held();
  if (held_.empty()) held_path_ = path, held_segment_ = datagram.size();
  append(held_, datagram);
  held_full_ = datagram.size() == held_segment_;
  if (!world.coalesce || datagram.empty()) receive_held();
}

void SimNode::receive_held() {
  Bytes run = std::exchange(held_, {});
  if (node && !stopped && held_segment_ > 0 && !run.empty()) node->handle_datagrams(now(), {held_path_, 0, held_segment_, run});
}

}  // namespace drawbridge::sim
