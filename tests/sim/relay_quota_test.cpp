// What a relay passes on is bounded, by mailbox and by address, and whoever meets a bound learns of it.
#include "tests/sim/apart.hpp"
#include "tests/sim/relay_world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;
using namespace drawbridge::relay;

namespace {

// An office and a device that have met at a relay with these limits.
struct Bounded {
  explicit Bounded(uint64_t seed, const RelayLimits& limits) : world(seed), office(world.office()), device(world.device()) {
    world.config.limits = limits;
    world.start_relay();
    at_office = office.open(pair_secret(1), End::office);
    at_device = device.open(pair_secret(1), End::device);
    office.connect();
    device.connect();
    REQUIRE(world.run(20s, [&] { return device.status(at_device) == Status::joined; }));
  }
  // So many payloads of 1200 bytes by the device; how many of them the office has heard.
  size_t send(int count, Duration pause) {
    size_t before = office.received.size();
    for (int i = 0; i < count; ++i) {
      device.say(at_device, std::string(1200, 'q'));
      world.run(pause);
    }
    world.run(1s);
    return office.received.size() - before;
  }
  static bool address_is_over(const RelayUser& user) {
    bool over = false;
    for (const RelayEvent& event : user.events) {
      if (const auto* changed = std::get_if<relay_event::AddressQuota>(&event)) over = changed->over;
    }
    return over;
  }
  static bool mailbox_is_over(const RelayUser& user) {
    bool over = false;
    for (const RelayEvent& event : user.events) {
      if (const auto* changed = std::get_if<relay_event::MailboxChanged>(&event)) over = changed->over_quota;
    }
    return over;
  }

  RelayWorld world;
  RelayUser& office;
  RelayUser& device;
  uint8_t at_office = 0, at_device = 0;
};

}  // namespace

TEST_CASE("an address above its quota loses packets and is told while it lasts, and no other address is") {
  Bounded b(1, {.address_bytes_per_second = 50'000});
  size_t heard = b.send(200, 1ms);
  CHECK(heard >= 40);  // a second's worth at once
  CHECK(heard < 120);
  CHECK(b.world.server->counters().dropped_quota > 50);
  CHECK(Bounded::address_is_over(b.device));
  CHECK_FALSE(Bounded::address_is_over(b.office));
  CHECK_FALSE(Bounded::mailbox_is_over(b.device));
  CHECK(Bounded::mailbox_is_over(b.office));  // to whom it does not come
  b.office.say(b.at_office, "answer");
  CHECK(b.world.run(1s, [&] { return b.device.heard("answer"); }));
  CHECK(b.world.run(60s, [&] { return !Bounded::address_is_over(b.device); }));
}

TEST_CASE("an office's quota is told to the devices in all its mailboxes, to nobody else, and for no longer than it lasts") {
  Bounded b(4, {.address_bytes_per_second = 50'000});
  RelayUser &other = b.world.device(), &stranger = b.world.device(), &friend_of_stranger = b.world.office();
  uint8_t at_other = other.open(pair_secret(2), End::device), at_stranger = stranger.open(pair_secret(3), End::device);
  b.office.open(pair_secret(2), End::office);
  friend_of_stranger.open(pair_secret(3), End::office);
  for (RelayUser* user : {&other, &stranger, &friend_of_stranger}) user->connect();
  REQUIRE(b.world.run(20s, [&] { return other.status(at_other) == Status::joined && stranger.status(at_stranger) == Status::joined; }));
  for (int i = 0; i < 200; ++i) {
    b.office.say(b.at_office, std::string(1200, 'q'));
    b.world.run(1ms);
  }
  b.world.run(1s);
  CHECK(Bounded::address_is_over(b.office));
  for (RelayUser* device : {&b.device, &other}) {
    CHECK(Bounded::mailbox_is_over(*device));
    CHECK_FALSE(Bounded::address_is_over(*device));
  }
  for (RelayUser* user : {&stranger, &friend_of_stranger}) CHECK_FALSE(Bounded::mailbox_is_over(*user));
  CHECK(b.world.run(60s, [&] { return !Bounded::mailbox_is_over(b.device) && !Bounded::mailbox_is_over(other); }));
}

TEST_CASE("a mailbox that has used up its day is told so at both ends, and passes as much again a day later") {
  Bounded b(2, {.mailbox_bytes_per_day = 120'000});
  size_t first = b.send(200, 50ms);
  CHECK(first >= 90);
  CHECK(first <= 101);
  CHECK(Bounded::mailbox_is_over(b.device));
  CHECK(Bounded::mailbox_is_over(b.office));
  b.world.run(std::chrono::hours(24));
  CHECK_FALSE(Bounded::mailbox_is_over(b.device));
  size_t second = b.send(200, 50ms);
  CHECK(second >= 90);
  CHECK(second <= 102);
}

TEST_CASE("a connection that a relay's quota holds back goes on, and both ends name the quota as its cause") {
  const RouterKind symmetric{"symmetric", Dependence::address_and_port, Dependence::address_and_port};
  Apart a(3, &symmetric, &symmetric);
  a.pair();
  REQUIRE(a.relayed());
  RelayLimits limits = GENERATE(RelayLimits{.mailbox_bytes_per_second = 50'000}, RelayLimits{.address_bytes_per_second = 50'000});
  a.relay.server = std::make_unique<RelayServer>(RelayServerConfig{.identity = a.relay.identity, .operator_name = "Test", .country = "FR", .other_url = {}, .limits = limits}, a.relay.entropy);
  auto cause_at = [&](SimNode& node) {
    RelationKey peer = &node == &a.laptop ? RelationKey{PeerRole::office, a.office.identity.id} : RelationKey{PeerRole::device, a.laptop.identity.id};
    auto facts = node.node->path_facts(node.now(), peer);
    return facts ? diagnose(*facts) : traversal::Cause::connecting;
  };
  auto both_say = [&](auto&& right) { return right(cause_at(a.laptop)) && right(cause_at(a.office)); };
  auto quota = [](traversal::Cause cause) { return cause == traversal::Cause::relay_quota; };
  SimFlow& flow = a.echo(2'000'000);
  CHECK(a.world.run(60s, [&] { return both_say(quota); }));
  CHECK(a.world.run(10min, [&] { return flow.read == 2'000'000 && flow.intact; }));
  CHECK(a.world.run(2min, [&] { return both_say([&](auto cause) { return !quota(cause); }); }));
  CHECK(a.relayed());
}
