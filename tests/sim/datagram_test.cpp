// Services whose flows carry datagrams: telephones, name servers.
#include <algorithm>

#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

struct Telephone : Office {
  explicit Telephone(LinkOptions link = {.delay = 20ms}, uint64_t seed = 1) : Office(seed, link) {
    office.expose("voice", "udp");
    office.expose("sink", "udp");
    REQUIRE(world.run(5s, [&] { return laptop.node->offered_services().size() == 3; }));
  }
  // A flow that the office has accepted.
  SimFlow& call(const std::string& service = "voice") {
    SimFlow& flow = laptop.open_datagrams(office_id(), service);
    REQUIRE(world.run(5s, [&] { return flow.accepted; }));
    return flow;
  }
  SimFlow& office_end() { return std::find_if(office.flows.begin(), office.flows.end(), [](auto& each) { return each.second.datagrams; })->second; }
};

Bytes numbered(size_t number, size_t size = 172) {
  Bytes out(size, static_cast<uint8_t>(number * 7));
  for (size_t i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(number >> 8 * i);
  return out;
}
size_t number_of(const Bytes& datagram) { return datagram[0] | datagram[1] << 8 | datagram[2] << 16; }

// One each 20 ms, as a telephone does; gives the time that each took there and back.
std::vector<Duration> talk(Telephone& t, SimFlow& flow, size_t count) {
  std::vector<Instant> said(count);
  for (size_t i = 0; i < count; ++i) {
    said[i] = t.world.now;
    t.laptop.send_datagram(flow, numbered(i));
    t.world.run(20ms);
  }
  t.world.run(500ms);
  std::vector<Duration> took;
  for (const auto& arrival : flow.arrived) took.push_back(arrival.at - said[number_of(arrival.bytes)]);
  std::sort(took.begin(), took.end());
  return took;
}

}  // namespace

TEST_CASE("a datagram comes back as it was, in one round trip") {
  Telephone t;
  SimFlow& flow = t.call();
  Instant said = t.world.now;
  t.laptop.send_datagram(flow, numbered(5, 900));
  REQUIRE(t.world.run(1s, [&] { return !flow.arrived.empty(); }));
  CHECK(flow.arrived[0].bytes == numbered(5, 900));
  CHECK(flow.arrived[0].at - said < 42ms);
}

TEST_CASE("the first question of a flow needs one round trip, and its loss is repaired") {
  Telephone t({.delay = 20ms, .loss = 0.3}, 4);
  for (int i = 0; i < 20; ++i) {
    SimFlow& flow = t.laptop.open_datagrams(t.office_id(), "sink");
    size_t before = t.office.flows.size();
    t.laptop.send_datagram(flow, numbered(1));
    REQUIRE(t.world.run(20s, [&] {
      return t.office.flows.size() > before && !t.office.flows.rbegin()->second.arrived.empty();
    }));
  }
}

TEST_CASE("datagrams of every size arrive whole, also those that fit no packet, and empty ones") {
  Telephone t;
  SimFlow& flow = t.call();
  for (size_t size : {0, 1, 63, 64, 1100, 1140, 1152, 1153, 1200, 1392, 1404, 1452, 1500, 9000, 65'507}) {
    flow.arrived.clear();
    Bytes datagram(size, 0x5a);
    t.laptop.send_datagram(flow, datagram);
    CAPTURE(size);
    REQUIRE(t.world.run(5s, [&] { return !flow.arrived.empty(); }));
    CHECK(flow.arrived[0].bytes == datagram);
  }
  t.laptop.send_datagram(flow, Bytes(65'508, 1));
  t.world.run(2s);
  CHECK(flow.arrived.size() == 1);
}

TEST_CASE("what the network loses of a call stays lost, and nothing waits for it") {
  Telephone t({.delay = 20ms, .loss = 0.1});
  SimFlow& flow = t.call();
  auto took = talk(t, flow, 500);
  CHECK(took.size() > 350);
  CHECK(took.size() < 450);
  CHECK(took.back() < 45ms);
}

TEST_CASE("a call beside a saturating download keeps its pace") {
  Telephone t({.delay = 20ms, .bits_per_second = 50e6, .queue_bytes = 256 * 1024});
  SimFlow& flow = t.call();
  SimFlow& download = t.echo(400'000'000);
  t.world.run(3s);
  REQUIRE(download.read > 1'000'000);
  auto took = talk(t, flow, 500);
  REQUIRE(took.size() > 490);
  // The rest is the network's own queue: 256 KiB take 42 ms each way.
  CHECK(took[took.size() / 2] < 100ms);
  CHECK(took[took.size() * 99 / 100] < 150ms);
}

TEST_CASE("a flood of datagrams leaves the streams half of the path") {
  Telephone t({.delay = 5ms, .bits_per_second = 20e6, .queue_bytes = 64 * 1024});
  SimFlow& flood = t.call("sink");
  SimFlow& upload = t.echo(100'000'000);
  t.world.run(2s);
  uint64_t before = upload.read;
  for (int i = 0; i < 4000; ++i) {
    for (size_t k = 0; k < 8; ++k) t.laptop.send_datagram(flood, Bytes(1000, 1));
    t.world.run(1ms);
  }
  double megabits = static_cast<double>(upload.read - before) * 8 / 4 / 1e6;
  CAPTURE(megabits);
  CHECK(megabits > 5);
  CHECK(t.office_end().arrived.size() > 500);
}

TEST_CASE("old datagrams of a path that was away are not delivered late") {
  Telephone t;
  SimFlow& flow = t.call();
  t.world.drop = [](auto&, auto&, auto&) { return true; };
  for (size_t i = 0; i < 200; ++i) {
    t.laptop.send_datagram(flow, numbered(i));
    t.world.run(100ms);
  }
  t.world.drop = [](auto&, auto&, auto&) { return false; };
  t.world.run(10s);
  for (const auto& arrival : flow.arrived) CHECK(number_of(arrival.bytes) >= 180);
  CHECK(flow.arrived.size() < 70);
  t.laptop.send_datagram(flow, numbered(999));
  REQUIRE(t.world.run(1s, [&] { return !flow.arrived.empty() && number_of(flow.arrived.back().bytes) == 999; }));
}

TEST_CASE("a flow of datagrams ends when either end finishes it, and is counted without its wrapping") {
  Telephone t;
  SimFlow& flow = t.call();
  t.laptop.send_datagram(flow, numbered(1, 500));
  REQUIRE(t.world.run(1s, [&] { return flow.arrived.size() == 1; }));
  auto counters = t.laptop.node->flow_counters(flow.id);
  REQUIRE(counters);
  CHECK(counters->sent == 500);
  CHECK(counters->received == 500);
  t.laptop.node->finish_write(t.laptop.now(), flow.id);
  REQUIRE(t.world.run(1s, [&] { return flow.ended && t.office_end().ended; }));
  CHECK(flow.reset == FlowReset::none);
}

TEST_CASE("a revocation takes calls with it, and a service that was not granted carries none") {
  Telephone t;
  SimFlow& flow = t.call();
  t.revoke();
  REQUIRE(t.world.run(1s, [&] { return flow.ended; }));
  CHECK(flow.reset == FlowReset::revoked);
}
