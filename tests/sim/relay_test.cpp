// The relay and its clients in the simulator: what is promised in docs/spec/relay.md, under faults.
#include <catch2/catch.hpp>

#include "tests/sim/relay_world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;
using namespace drawbridge::relay;

namespace {

// An office and a device with one mailbox between them, both there.
struct Met {
  RelayWorld world;
  RelayUser& office;
  RelayUser& device;
  uint8_t at_office, at_device;

  explicit Met(uint64_t seed, LinkOptions link = {.delay = 10ms}) : world(seed, link), office(world.office()), device(world.device()) {
    at_office = office.open(pair_secret(1), End::office);
    at_device = device.open(pair_secret(1), End::device);
    office.connect();
    device.connect();
    REQUIRE(world.run(20s, [&] { return joined(); }));
  }
  bool joined() const { return office.status(at_office) == Status::joined && device.status(at_device) == Status::joined; }
  // A word each way; says it again as QUIC would.
  bool talk(Duration longest, const std::string& word) {
    Instant end = world.now + longest;
    while (world.now < end && !(office.heard(word + "?") && device.heard(word + "!"))) {
      device.say(at_device, word + "?");
      office.say(at_office, word + "!");
      world.run(100ms, [&] { return office.heard(word + "?") && device.heard(word + "!"); });
    }
    return office.heard(word + "?") && device.heard(word + "!");
  }
};

}  // namespace

TEST_CASE("the first payload reaches the other end one and a half round trips after starting") {
  RelayWorld world(1);
  RelayUser& office = world.office();
  office.open(pair_secret(1), End::office);
  office.connect();
  world.run(1s);

  RelayUser& device = world.device();
  uint8_t channel = device.open(pair_secret(1), End::device);
  Instant started = world.now;
  device.connect();
  REQUIRE(world.run(1s, [&] { return device.client->can_send(channel); }));
  CHECK(world.now - started == 20ms);
  device.say(channel, "hello");
  REQUIRE(world.run(1s, [&] { return office.heard("hello"); }));
  CHECK(world.now - started == 40ms);
}

TEST_CASE("each end is told within one trip that the other came or went, and its own address") {
  RelayWorld world(2);
  RelayUser& office = world.office();
  RelayUser& device = world.device();
  uint8_t at_office = office.open(pair_secret(1), End::office);
  uint8_t at_device = device.open(pair_secret(1), End::device);
  device.connect();
  world.run(1s);
  CHECK(device.status(at_device) == Status::waiting);
  CHECK(device.client->reflexive_address() == device.address);

  office.connect();
  REQUIRE(world.run(1s, [&] { return office.status(at_office) == Status::joined; }));
  REQUIRE(world.run(0ms, [&] { return device.status(at_device) == Status::joined; }));

  office.client->shut_down();
  Instant left = world.now;
  REQUIRE(world.run(1s, [&] { return device.status(at_device) == Status::waiting; }));
  CHECK(world.now - left == 20ms);
}

TEST_CASE("an end that falls silent is gone after three keepalives") {
  Met met(3);
  met.world.drop = [&](auto& from, auto&, auto&) { return from == met.office.address; };
  REQUIRE(met.world.run(25s, [&] { return met.device.status(met.at_device) == Status::waiting; }));
}

TEST_CASE("sixty-four mailboxes of one office open in two round trips") {
  RelayWorld world(4);
  RelayUser& office = world.office();
  for (uint8_t i = 0; i < 64; ++i) office.open(pair_secret(i), End::office);
  Instant started = world.now;
  office.connect();
  REQUIRE(world.run(1s, [&] {
    for (uint8_t i = 0; i < 64; ++i) {
      if (office.status(i) != Status::waiting) return false;
    }
    return true;
  }));
  CHECK(world.now - started == 40ms);
  CHECK(office.sent == 10);
}

TEST_CASE("a lossy, reordering, duplicating and corrupting link delays an opening and breaks nothing") {
  uint64_t seed = GENERATE(range(100, 160));
  Met met(seed, {.delay = 15ms, .loss = 0.2, .duplicate = 0.1, .reorder = 0.3, .corrupt = 0.05});
  CHECK(met.talk(20s, "word"));
  met.world.link = {.delay = 15ms};
  CHECK(met.world.run(40s, [&] { return met.joined(); }));
}

TEST_CASE("an idle device sends one packet per 25 s, an idle office one per 5 s") {
  Met met(5);
  met.world.run(60s);
  met.office.sent = met.device.sent = 0;
  met.world.run(1300s);
  CHECK(met.device.sent == 1300 / 26);  // with the moment in which it waits for another keepalive
  CHECK(met.office.sent == 1300 / 5);
}

TEST_CASE("a relay that restarts has its idle office back within 10 s, and an idle device when it next sends") {
  Met met(6);
  met.world.run(37s);
  met.world.kill_relay();
  met.world.start_relay();
  REQUIRE(met.world.run(10s, [&] { return met.world.server->mailboxes() == 1; }));
  // Until it has learnt of it, what the device sends falls on deaf ears; a ping after a second brings GONE.
  CHECK(met.talk(3s, "after"));
  CHECK(met.joined());
}

TEST_CASE("a relay that is dead for a minute is lost within 10 s, idle, and found within 6 s of its return") {
  Met met(7);
  met.world.run(31s);
  met.world.kill_relay();
  REQUIRE(met.world.run(10s, [&] { return met.office.count<relay_event::Lost>() == 1; }));
  met.world.run(60s);
  CHECK_FALSE(met.office.client->ready());
  met.world.start_relay();
  REQUIRE(met.world.run(6s, [&] { return met.office.client->ready(); }));
  CHECK(met.world.run(61s, [&] { return met.joined(); }));
}

TEST_CASE("with data under way a dead relay is known within 4 s by a device, too") {
  Met met(8);
  met.world.kill_relay();
  Instant died = met.world.now;
  while (met.device.count<relay_event::Lost>() == 0 && met.world.now - died < 10s) {
    met.device.say(met.at_device, "anyone");
    met.world.run(50ms);
  }
  CHECK(met.world.now - died < 4s);
}

TEST_CASE("a new network is used after two round trips") {
  Met met(9);
  met.device.move(met.world.fresh_address(), true);
  Instant moved = met.world.now;
  REQUIRE(met.world.run(1s, [&] {
    met.office.say(met.at_office, "there?");
    return met.device.heard("there?");
  }));
  CHECK(met.world.now - moved <= 50ms);
  CHECK(met.world.server->associations() == 2);
}

TEST_CASE("a NAT that gives another address is followed after one round trip, by proof") {
  Met met(10);
  met.device.move(met.world.fresh_address(), false);
  std::string word(100, 'x');
  met.device.say(met.at_device, word + "lost");
  REQUIRE(met.world.run(1s, [&] { return met.world.server->counters().moved == 1; }));
  met.device.say(met.at_device, word);
  REQUIRE(met.world.run(1s, [&] { return met.office.heard(word); }));
  CHECK_FALSE(met.office.heard(word + "lost"));
  CHECK(met.device.client->reflexive_address() == met.device.address);
}

TEST_CASE("a copied token moves nothing and a thief of it receives one small challenge a second") {
  Met met(11);
  Bytes stolen;
  met.world.capture = true;
  met.device.say(met.at_device, std::string(100, 's'));
  met.world.run(100ms);
  for (auto& [from, bytes] : met.world.to_relay) {
    if (from == met.device.address) stolen = bytes;
  }
  SocketAddress thief = met.world.fresh_address();
  for (int i = 0; i < 1000; ++i) {
    met.world.send(thief, met.world.relay_address, stolen);
    met.world.run(3ms);
  }
  CHECK(met.world.mail[thief].size() <= 5);
  for (const Bytes& bytes : met.world.mail[thief]) CHECK(bytes.size() <= stolen.size());
  CHECK(met.world.server->counters().moved == 0);
  CHECK(met.talk(2s, "still"));
}

TEST_CASE("another copy of a device displaces it, and the two do not take turns") {
  Met met(12);
  RelayUser& copy = met.world.device();
  uint8_t channel = copy.open(pair_secret(1), End::device);
  copy.connect();
  REQUIRE(met.world.run(1s, [&] { return copy.status(channel) == Status::joined && met.device.status(met.at_device) == Status::displaced; }));
  met.world.run(55s);
  CHECK(met.device.status(met.at_device) == Status::displaced);
  met.world.run(std::chrono::hours(3));
  // Waits of 60, 120, 240 s and so on, on both sides, and the relay's own bound.
  CHECK(met.world.server->counters().displaced < 20);

  met.device.client->reopen_mailbox(met.at_device);
  CHECK(met.world.run(11min, [&] { return met.device.status(met.at_device) == Status::joined; }));
}

TEST_CASE("a device that starts anew displaces its own past at once") {
  Met met(13);
  met.device.start();
  uint8_t channel = met.device.open(pair_secret(1), End::device);
  met.device.connect();
  REQUIRE(met.world.run(1s, [&] { return met.device.status(channel) == Status::joined; }));
  bool renewed = false;
  met.world.run(1s);
  for (const RelayEvent& event : met.office.events) {
    if (const auto* changed = std::get_if<relay_event::MailboxChanged>(&event)) renewed |= changed->renewed;
  }
  CHECK(renewed);
}

TEST_CASE("a draining relay tells its clients, answers no newcomer, and carries on meanwhile") {
  Met met(14);
  met.world.server->drain();
  met.world.run(100ms);
  CHECK(met.office.count<relay_event::Draining>() == 1);
  CHECK(met.device.count<relay_event::Draining>() == 1);
  CHECK(met.talk(1s, "meanwhile"));
  RelayUser& late = met.world.device();
  late.connect();
  met.world.run(2s);
  CHECK_FALSE(late.client->ready());

  met.world.kill_relay();
  met.world.start_relay();
  CHECK(met.world.run(10s, [&] { return met.joined() && met.world.server->associations() >= 2; }));
}

TEST_CASE("a stranger who does not know the relay's key receives nothing, whatever is sent") {
  Met met(15);
  met.world.capture = true;
  met.office.connect();
  met.world.run(1s);
  SocketAddress stranger = met.world.fresh_address();
  SeededEntropy noise(15);
  for (int i = 0; i < 3'000; ++i) {
    Bytes bytes(1 + met.world.chance.below(1300));
    noise.fill(bytes);
    if (i % 2) bytes[0] = static_cast<uint8_t>(i % 9);
    if (i % 3 == 0) bytes.resize(hello_size);
    met.world.send(stranger, met.world.relay_address, std::move(bytes));
  }
  met.world.run(1s);
  CHECK(met.world.mail[stranger].empty());
  // What was overheard, from elsewhere: at most a challenge for a HELLO, never larger, and no association.
  size_t before = met.world.server->associations();
  for (auto& [from, bytes] : std::vector(met.world.to_relay)) met.world.send(stranger, met.world.relay_address, bytes);
  met.world.run(1s);
  for (const Bytes& answer : met.world.mail[stranger]) CHECK(answer.size() <= challenge_size);
  CHECK(met.world.mail[stranger].size() <= met.world.to_relay.size());
  CHECK(met.world.server->associations() == before);
  CHECK(met.talk(1s, "unharmed"));
}

TEST_CASE("strangers who open mailboxes by the thousand are bounded, and others still meet") {
  RelayWorld world(16);
  world.config.limits.associations_per_address = 20;
  world.config.limits.mailboxes_per_address = 100;
  world.start_relay();
  SocketAddress one = world.fresh_address();
  for (uint16_t i = 0; i < 60; ++i) {
    RelayUser& user = world.office();
    user.address = one;
    user.address.port = static_cast<uint16_t>(1000 + i);
    for (uint8_t m = 0; m < 100; ++m) {
      Secret32 secret = pair_secret(m);
      secret.reveal_mutable()[5] = static_cast<uint8_t>(i);
      user.open(secret, End::device);
    }
    user.connect();
  }
  world.run(10s);
  CHECK(world.server->associations() <= 20);
  CHECK(world.server->mailboxes() <= 100);
  CHECK(world.server->counters().refused_full > 0);

  RelayUser& office = world.office();
  uint8_t channel = office.open(pair_secret(200), End::office);
  office.connect();
  CHECK(world.run(1s, [&] { return office.status(channel) == Status::waiting; }));
}

TEST_CASE("a private relay answers only who has a token") {
  RelayWorld world(17);
  world.config.access = {access_of("first"), access_of("second")};
  world.start_relay();
  RelayUser& guest = world.device();
  RelayUser& member = world.office();
  member.access = access_of("second");
  member.start();
  uint8_t channel = member.open(pair_secret(1), End::office);
  guest.connect();
  member.connect();
  world.run(5s);
  CHECK(member.status(channel) == Status::waiting);
  CHECK_FALSE(guest.client->ready());
  CHECK(world.server->counters().challenges < world.server->counters().hellos);
}

TEST_CASE("a mailbox above its quota loses packets, and both ends are told while it lasts") {
  Met met(18);
  met.world.config.limits.mailbox_bytes_per_second = 50'000;
  met.world.kill_relay();
  met.world.start_relay();
  met.office.connect();
  met.device.connect();
  REQUIRE(met.world.run(5s, [&] { return met.joined(); }));
  for (int i = 0; i < 200; ++i) {
    met.device.say(met.at_device, std::string(1200, 'q'));
    met.world.run(1ms);
  }
  met.world.run(1s);
  CHECK(met.world.server->counters().dropped_quota > 50);
  auto told = [](const RelayUser& user, bool over) {
    for (auto event = user.events.rbegin(); event != user.events.rend(); ++event) {
      if (const auto* changed = std::get_if<relay_event::MailboxChanged>(&*event)) return changed->over_quota == over;
    }
    return false;
  };
  CHECK(told(met.office, true));
  CHECK(told(met.device, true));
  CHECK(met.world.run(40s, [&] { return told(met.office, false) && told(met.device, false); }));
}

TEST_CASE("a lying relay that drops, alters, repeats and invents ends no client and forges nothing") {
  uint64_t seed = GENERATE(range(200, 240));
  Met met(seed);
  SeededEntropy noise(seed);
  std::vector<Bytes> seen;
  met.world.lie = [&](auto&, Bytes& bytes) {
    if (bytes.empty()) return;
    seen.push_back(bytes);
    switch (met.world.chance.below(6)) {
      case 0: bytes.clear(); break;
      case 1: bytes[met.world.chance.below(bytes.size())] ^= 0x10; break;
      case 2: bytes = seen[met.world.chance.below(seen.size())]; break;
      case 3: bytes.resize(1 + met.world.chance.below(bytes.size())); break;
      default: break;
    }
  };
  for (int i = 0; i < 400; ++i) {
    met.device.say(met.at_device, "ping");
    Bytes flood(met.world.chance.below(200));
    noise.fill(flood);
    met.world.send(met.world.relay_address, met.device.address, flood);
    met.world.run(50ms);
  }
  met.world.lie = [](auto&, auto&) {};
  // Statuses may have been hidden for a while; they are the truth again with the next ping.
  CHECK(met.world.run(61s, [&] { return met.joined(); }));
  CHECK(met.talk(5s, "truth"));
}

TEST_CASE("an OPEN that is repeated by others makes no second session and displaces nobody") {
  Met met(19);
  met.world.capture = true;
  met.device.connect();
  met.world.run(100ms);
  std::vector<Bytes> opens;
  for (auto& [from, bytes] : met.world.to_relay) {
    if (from == met.device.address && bytes[0] == static_cast<uint8_t>(Message::open)) opens.push_back(bytes);
  }
  REQUIRE(opens.size() == 1);
  met.device.connect();
  met.world.run(100ms);
  for (int i = 0; i < 5; ++i) met.world.send(met.device.address, met.world.relay_address, opens[0]);
  met.world.run(100ms);
  CHECK(met.world.server->associations() == 2);
  CHECK(met.talk(1s, "mine"));
}

TEST_CASE("mailboxes can be added to and taken from a living session") {
  Met met(20);
  uint8_t second = met.device.open(pair_secret(2), End::device);
  uint8_t at_office = met.office.open(pair_secret(2), End::office);
  REQUIRE(met.world.run(1s, [&] { return met.device.status(second) == Status::joined && met.office.status(at_office) == Status::joined; }));
  met.office.client->close_mailbox(at_office);
  REQUIRE(met.world.run(1s, [&] { return met.device.status(second) == Status::waiting; }));
  CHECK(met.joined());
  uint8_t third = met.office.open(pair_secret(3), End::office);
  CHECK(third == at_office);
  CHECK(met.world.run(1s, [&] { return met.office.status(third) == Status::waiting; }));
}
