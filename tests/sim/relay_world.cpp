#include "tests/sim/relay_world.hpp"

#include <catch2/catch.hpp>

namespace drawbridge::sim {

using namespace relay;

Secret32 pair_secret(uint8_t first) {
  Secret32 secret;
  secret.reveal_mutable()[0] = first;
  secret.reveal_mutable()[1] = 0x5e;
  return secret;
}

RelayUser::RelayUser(RelayWorld& w, SocketAddress a, Duration k)
    : world(w), address(a), keepalive(k), entropy(w.chance.below(UINT64_MAX)) {
  start();
}

void RelayUser::start() {
  RelayKey key = relay_key_of(world.config.identity.id).take();
  client = std::make_unique<RelayClient>(RelayClientConfig{key, access, keepalive}, entropy);
}

void RelayUser::connect() {
  client->connect(world.now, {address, world.relay_address});
}

void RelayUser::move(SocketAddress to, bool told) {
  address = to;
  if (told) connect();
}

uint8_t RelayUser::open(const Secret32& secret, End end) {
  auto channel = client->open_mailbox(secret, end);
  REQUIRE(channel);
  return *channel;
}

bool RelayUser::say(uint8_t channel, const std::string& text) {
  if (!client->can_send(channel)) return false;
  Bytes datagram(header_size);
  append(datagram, as_bytes(text));
  client->write_header(channel, datagram);
  client->note_sent(world.now);
  world.send(address, world.relay_address, std::move(datagram));
  return true;
}

bool RelayUser::heard(const std::string& text) const {
  for (const auto& [channel, said] : received) {
    if (said == text) return true;
  }
  return false;
}

RelayWorld::RelayWorld(uint64_t s, LinkOptions l) : seed(s), chance(s), link(l), relay_entropy(s + 1) {
  config.identity = identity_from_seed(relay_entropy.secret32());
  config.operator_name = "Example";
  config.country = "FR";
  start_relay();
}

RelayWorld::~RelayWorld() = default;

void RelayWorld::start_relay() {
  server = std::make_unique<RelayServer>(config, relay_entropy);
}

void RelayWorld::kill_relay() {
  server.reset();
}

SocketAddress RelayWorld::fresh_address() {
  uint32_t host = next_host_++;
  return SocketAddress::v4(10, static_cast<uint8_t>(host >> 16), static_cast<uint8_t>(host >> 8), static_cast<uint8_t>(host), 7470);
}

RelayUser& RelayWorld::office(Duration keepalive) {
  users.push_back(std::make_unique<RelayUser>(*this, fresh_address(), keepalive));
  return *users.back();
}

RelayUser& RelayWorld::device(Duration keepalive) {
  return office(keepalive);
}

void RelayWorld::send(const SocketAddress& from, const SocketAddress& to, Bytes datagram) {
  if (drop(from, to, datagram)) return;
  auto& way = links_[{from, to}];
  if (!way) way = std::make_unique<Link>(link, chance);
  way->options = link;
  for (int copies = way->duplicates() ? 2 : 1; copies > 0; --copies) {
    auto arrival = way->offer(now, datagram.size());
    if (!arrival) continue;
    Bytes copy = datagram;
    way->maybe_corrupt(copy);
    flying_.push({*arrival, order_++, from, to, std::move(copy)});
  }
}

void RelayWorld::pump(RelayUser& user) {
  std::array<uint8_t, largest_control> buffer;
  while (size_t length = user.client->poll_transmit(now, buffer)) {
    ++user.sent;
    send(user.address, user.client->path().remote, Bytes(buffer.begin(), buffer.begin() + static_cast<long>(length)));
  }
  while (auto event = user.client->poll_event()) user.events.push_back(*event);
}

void RelayWorld::pump_relay() {
  if (!server) return;
  std::array<uint8_t, largest_control> buffer;
  for (;;) {
    ServerTransmit out = server->poll_transmit(now, buffer);
    if (out.length == 0) return;
    send(relay_address, out.link.path.remote, Bytes(buffer.begin(), buffer.begin() + static_cast<long>(out.length)));
  }
}

void RelayWorld::pump() {
  pump_relay();
  for (auto& user : users) pump(*user);
}

void RelayWorld::deliver(Flying flying) {
  if (flying.to == relay_address) {
    if (capture) to_relay.emplace_back(flying.from, flying.datagram);
    if (!server) return;
    for (const Forward& out : server->handle_datagrams(now, {{relay_address, flying.from}}, 0, flying.datagram.size(), flying.datagram))
      send(relay_address, out.link.path.remote, to_bytes(out.bytes));
    return;
  }
  for (auto& user : users) {
    if (user->address != flying.to) continue;
    lie(flying.to, flying.datagram);
    if (flying.datagram.empty()) return;
    auto got = user->client->handle_datagram(now, flying.datagram);
    if (got.channel) user->received.emplace_back(*got.channel, to_string(got.payload));
    return;
  }
  mail[flying.to].push_back(std::move(flying.datagram));
}

Instant RelayWorld::next_event() const {
  Instant next = flying_.empty() ? far_future : flying_.top().at;
  if (server) next = std::min(next, server->next_timeout());
  for (const auto& user : users) next = std::min(next, user->client->next_timeout());
  return next;
}

bool RelayWorld::run(Duration longest, const std::function<bool()>& done) {
  Instant end = now + longest;
  for (;;) {
    pump();
    if (done()) return true;
    Instant next = next_event();
    if (next > end) break;
    now = std::max(now, next);
    while (!flying_.empty() && flying_.top().at <= now) {
      Flying flying = flying_.top();
      flying_.pop();
      deliver(std::move(flying));
    }
    if (server && server->next_timeout() <= now) server->handle_timeout(now);
    for (auto& user : users) {
      if (user->client->next_timeout() <= now) user->client->handle_timeout(now);
    }
  }
  now = end;
  return done();
}

}  // namespace drawbridge::sim
