// What strangers, replays and revoked devices get in return: nothing.
#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

// Sends a datagram to the office from an address where nobody lives; how many come back within a while.
struct Stranger {
  explicit Stranger(Office& o) : office(o), address(o.world.fresh_address()) {}
  void send(Bytes datagram) { office.world.send(address, office.office.address, std::move(datagram)); }
  uint64_t answers(Duration patience = 10s) {
    office.world.run(patience);
    return office.world.received_by_stranger[address];
  }
  Office& office;
  SocketAddress address;
};

std::vector<Bytes> to_office(Office& o) {
  std::vector<Bytes> datagrams;
  for (const Captured& c : o.world.captured) {
    if (c.path.remote == o.office.address) datagrams.push_back(c.bytes);
  }
  return datagrams;
}

}  // namespace

TEST_CASE("an unpaired scanner receives nothing, whatever it sends") {
  Office o;
  Stranger scanner(o);
  SeededEntropy entropy(99);
  for (size_t size : {0, 1, 8, 24, 57, 100, 1199, 1200, 1252, 1452}) {
    for (int first : {0x00, 0x40, 0x7f, 0x80, 0xc0, 0xc3, 0xe0, 0xf0, 0xff}) {
      Bytes datagram(static_cast<size_t>(size));
      entropy.fill(datagram);
      if (size > 0) datagram[0] = static_cast<uint8_t>(first);
      if (size > 5) datagram[1] = datagram[2] = datagram[3] = 0, datagram[4] = static_cast<uint8_t>(first & 1), datagram[5] = 16;
      scanner.send(datagram);
    }
  }
  CHECK(scanner.answers() == 0);
  CHECK(o.answers(1s));
}

TEST_CASE("every datagram of a pairing and a session, replayed from elsewhere, meets silence") {
  World world(5);
  SimNode& office = world.add("office");
  SimNode& laptop = world.add("laptop");
  world.capture = true;
  office.expose("echo");
  world.pair(office, laptop);
  SimFlow& flow = laptop.open(office.identity.id, "echo", 100'000);
  REQUIRE(world.run(10s, [&] { return flow.ended; }));
  world.capture = false;
  std::vector<Captured> recorded = world.captured;
  SocketAddress elsewhere = world.fresh_address();
  auto replay_all = [&] {
    for (const Captured& c : recorded) {
      if (c.path.remote == office.address) world.send(elsewhere, office.address, c.bytes);
    }
    world.run(20s);
    return world.received_by_stranger[elsewhere];
  };
  CHECK(replay_all() == 0);
  SECTION("also after the office has restarted") {
    office.kill();
    world.run(10s);
    office.start();
    world.run(10s);
    CHECK(replay_all() == 0);
  }
  SECTION("also while the laptop is away") {
    laptop.kill();
    world.run(1min);
    CHECK(replay_all() == 0);
  }
  SimFlow* again = nullptr;
  if (!laptop.node) laptop.start();
  REQUIRE(world.run(5s, [&] { return laptop.peer(office.identity.id)->state == PeerState::connected; }));
  again = &laptop.open(office.identity.id, "echo", 1'000);
  CHECK(world.run(5s, [&] { return again->ended; }));
}

TEST_CASE("a first packet held back and delivered late is answered at most to where it came from, once") {
  Office o;
  o.laptop.kill();
  o.world.run(1s);
  std::vector<Bytes> held;
  o.world.drop = [&](auto&, auto& to, const Bytes& datagram) {
    if (to != o.office.address) return false;
    held.push_back(datagram);
    return true;
  };
  o.laptop.start();
  o.world.run(5s);
  REQUIRE(!held.empty());
  o.world.drop = [](auto&, auto&, auto&) { return false; };
  REQUIRE(o.world.run(5s, [&] { return o.connected(); }));
  // All of them are older than the handshake that has succeeded since.
  Stranger late(o);
  for (const Bytes& datagram : held) late.send(datagram);
  CHECK(late.answers() == 0);
  CHECK(o.connected());
}

TEST_CASE("a stray copy of a live packet moves nothing") {
  Office o;
  SimFlow& flow = o.echo(1'000, false);
  o.world.run(1s);
  Stranger thief(o);
  // Every packet of the laptop's is copied, and the copy arrives first.
  o.world.drop = [&](auto& from, auto& to, const Bytes& datagram) {
    if (from == o.laptop.address && to == o.office.address) o.world.send(thief.address, o.office.address, datagram);
    return false;
  };
  REQUIRE(o.echoes_more(flow, 200'000, 20s));
  o.world.run(1min);
  // A copied check that overtakes the original is answered where it came from (the thief sees what he carried anyway),
  // and a copied nomination moves the path until the device's next one: never more than one check's worth of bytes.
  CHECK(o.connected());
  CHECK(!flow.ended);
}

TEST_CASE("a device that is refused after a right tag is told nothing, and its owner the reason") {
  Office o;
  o.world.run(1s);
  // The office believes to have seen a far later counter: as if the laptop's state had been restored from a backup.
  auto cloned = o.laptop.disk;
  o.laptop.kill();
  o.laptop.start();
  REQUIRE(o.world.run(2s, [&] { return o.connected(); }));
  o.laptop.kill();
  o.laptop.disk = cloned;
  o.laptop.wall_offset = -std::chrono::hours(48);
  uint64_t answers = 0;
  o.world.drop = [&](auto& from, auto&, auto&) { return answers += from == o.office.address, false; };
  o.world.run(40s);
  answers = 0;
  o.laptop.start();
  o.world.run(2s);
  auto devices = o.office.node->devices(o.office.now());
  REQUIRE(devices.size() == 1);
  if (!o.connected()) {
    CHECK(devices[0].last_refusal.find("counter_behind") == 0);
    auto reset = o.office.node->reset_counter(o.office.now(), o.laptop_id());
    REQUIRE(reset);
    CHECK(o.world.run(60s, [&] { return o.connected(); }));
  }
}

TEST_CASE("garbage on a live connection's ids neither ends it nor is answered") {
  Office o;
  SimFlow& flow = o.echo(1'000, false);
  o.world.capture = true;
  o.world.run(1s);
  REQUIRE(o.echoes_more(flow, 10'000, 5s));
  auto datagrams = to_office(o);
  Stranger forger(o);
  Chance chance(4);
  for (int round = 0; round < 2000; ++round) {
    Bytes forged = datagrams[chance.below(datagrams.size())];
    for (int flips = 1 + static_cast<int>(chance.below(4)); flips > 0; --flips) forged[9 + chance.below(forged.size() - 9)] ^= static_cast<uint8_t>(1 + chance.below(255));
    forger.send(forged);
  }
  CHECK(forger.answers() == 0);
  REQUIRE(o.echoes_more(flow, 10'000, 5s));
}

TEST_CASE("a flood of what cannot be a first packet or a check leaves the measure of strange packets to who knocks") {
  Office o;
  o.laptop.kill();
  o.world.run(1s);
  // Held back, so that flood and knock come in one instant.
  std::vector<Bytes> knocks;
  o.world.drop = [&](auto&, auto& to, const Bytes& datagram) {
    if (to == o.office.address && datagram.size() >= limits::smallest_packet) knocks.push_back(datagram);
    return to == o.office.address;
  };
  o.laptop.start();
  REQUIRE(o.world.run(1s, [&] { return !knocks.empty(); }));

  uint64_t answers = 0;  // of the handshake
  o.world.drop = [&](auto& from, auto&, const Bytes& datagram) { return answers += from == o.office.address && datagram[0] & 0x80, false; };
  Stranger flooder(o);
  SeededEntropy entropy(7);
  for (int i = 0; i < 2 * limits::strange_packets_burst; ++i) {
    Bytes garbage(static_cast<size_t>(20 + i % 200));
    entropy.fill(garbage);
    garbage[0] |= 0xc0;
    if (i % 2) garbage[0] &= 0x7f, garbage.resize(20 + i % 40);
    o.office.receive({o.office.address, flooder.address}, garbage);
  }
  o.office.receive({o.office.address, o.laptop.address}, knocks.front());
  o.office.pump();
  o.world.run(10ms);
  CHECK(answers > 0);
  CHECK(flooder.answers() == 0);
}

TEST_CASE("recorded first packets, sent without end, neither use up the device's handshakes nor fill the owner's log") {
  Office o;
  o.world.capture = true;
  auto comes_back = [&](Duration longest) {
    o.laptop.kill();
    o.world.run(1s);
    o.laptop.start();
    return o.world.run(longest, [&] { return o.connected(); });
  };
  REQUIRE(comes_back(1s));
  std::vector<Bytes> recorded;
  for (const Bytes& datagram : to_office(o)) {
    if ((datagram[0] & 0xf0) == 0xc0 && datagram.size() >= limits::smallest_packet) recorded.push_back(datagram);
  }
  REQUIRE(!recorded.empty());
  o.world.capture = false;
  REQUIRE(comes_back(1s));  // so that the recorded ones are not the newest

  Stranger thief(o);
  size_t refused = o.office.seen<event::Refused>().size();
  o.world.drop = [&](auto& from, auto&, auto&) {
    for (size_t i = 0; from == o.laptop.address && i < 100; ++i) o.office.receive({o.office.address, thief.address}, recorded[i % recorded.size()]);
    return false;
  };
  CHECK(comes_back(1s));
  CHECK(thief.answers() == 0);
  CHECK(o.office.seen<event::Refused>().size() - refused <= recorded.size());
  CHECK(o.office.node->devices(o.office.now())[0].last_refusal.find("counter_behind") == 0);
}
