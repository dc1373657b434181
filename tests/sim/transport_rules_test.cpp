// The transport rules of docs/spec/transport.md, each with the harm that it prevents.
#include <cstdio>

#include "tests/sim/office_fixture.hpp"
#include "tests/sim/connection_pair.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

// Fills one stream in each asked-for direction for ever, and measures what arrives.
struct Stream {
  Stream(ConnectionPair& connections, bool up, bool down) : pair(connections), stream(*pair.device->open_stream(true)) {
    pair.device_end.fill(stream, 1);
    pair.on_turn = [this, up, down] {
      if (up) pair.device_end.fill(stream, UINT64_MAX);
      if (down && !pair.office_end.opened.empty()) pair.office_end.fill(stream, UINT64_MAX);
    };
  }
  double mbit_per_second(Duration span, bool up) {
    uint64_t before = received(up);
    pair.run(span);
    return static_cast<double>(received(up) - before) * 8 / 1e6 / std::chrono::duration<double>(span).count();
  }
  uint64_t received(bool up) { return (up ? pair.office_end : pair.device_end).received[stream]; }
  ConnectionPair& pair;
  quic::StreamId stream;
};

void set_links(ConnectionPair& pair, Duration delay, double rate) {
  for (Link* link : {&pair.up, &pair.down}) link->options.delay = delay, link->options.bits_per_second = rate;
}

}  // namespace

TEST_CASE("pacing does not hold the Finished back: a near handshake takes two short round trips") {
  ConnectionPair pair({.up = {.delay = 1ms}, .down = {.delay = 1ms}});
  Instant begun = pair.now;
  REQUIRE(pair.handshake());
  CHECK(pair.now - begun <= 4ms);
}

TEST_CASE("a forged Version Negotiation or Retry ends nothing") {
  ConnectionPair pair;
  pair.capture = true;
  pair.run(1ms);
  REQUIRE(!pair.sent_up.empty());
  Bytes first = pair.sent_up[0];
  ByteView dcid = ByteView(first).subspan(6, 16), scid = ByteView(first).subspan(23, 8);
  for (uint8_t lead : {0xc0, 0xf0}) {
    for (uint8_t version : {0, 1}) {
      Bytes forged = {lead, 0, 0, 0, version, 8};
      append(forged, scid);
      forged.push_back(16);
      append(forged, dcid);
      for (int i = 0; i < 40; ++i) forged.push_back(static_cast<uint8_t>(i));
      pair.deliver(false, forged);
      // And hidden behind an honest-looking packet.
      Bytes coalesced = first;
      append(coalesced, forged);
      pair.deliver(false, coalesced);
    }
  }
  CHECK(pair.handshake());
}

TEST_CASE("overshoot with thousands of lost packets leaves no stream with too many gaps") {
  ConnectionPair pair({.up = {.delay = 5ms, .bits_per_second = 300e6, .queue_bytes = 64 * 1024, .loss = 0.05, .reorder = 0.05},
                       .down = {.delay = 5ms, .loss = 0.05}});
  REQUIRE(pair.handshake());
  Stream stream(pair, true, false);
  pair.run(6s);
  CHECK(!pair.device->closed());
  CHECK(!pair.office->closed());
  CHECK(pair.office_end.intact);
}

TEST_CASE("no packet is larger than its path's size, retransmissions included") {
  ConnectionPair pair({.up = {.loss = 0.02}, .down = {.loss = 0.02}});
  REQUIRE(pair.handshake());
  Stream stream(pair, true, true);
  pair.capture = true;
  for (size_t size : {1452, 1200, 1300, 1200}) {
    pair.options.packet_size = size;
    pair.sent_up.clear();
    pair.sent_down.clear();
    pair.run(500ms);
    for (const auto* sent : {&pair.sent_up, &pair.sent_down}) {
      for (const Bytes& packet : *sent) REQUIRE(packet.size() <= size);
    }
  }
  CHECK(pair.office_end.intact);
}

TEST_CASE("keys change every two minutes of use, under loss, and no stream notices") {
  Office o(11, {.delay = 10ms, .loss = 0.02, .reorder = 0.03});
  SimFlow& flow = o.echo(1'000, false);
  REQUIRE(o.world.run(10s, [&] { return flow.read == 1'000; }));
  for (int minute = 0; minute < 15; ++minute) {
    o.world.run(1min);
    REQUIRE(o.echoes_more(flow, 50'000, 30s));
  }
  CHECK(!flow.ended);
}

// What a death of the path costs after its return: docs/spec/transport.md has the table.
TEST_CASE("after any death of the path new bytes arrive within a round trip and 250 ms of its return") {
  auto dead = GENERATE(Duration(1s), Duration(2s), Duration(10s), Duration(100s), Duration(std::chrono::hours(1)), Duration(std::chrono::hours(20)));
  double loss = GENERATE(0.0, 0.01);
  Office o(21, {.delay = 20ms, .bits_per_second = 50e6, .loss = loss});
  SimFlow& flow = o.echo(2'000'000'000);
  REQUIRE(o.world.run(60s, [&] { return flow.read > 5'000'000; }));
  auto rate = [&](Duration during) {
    uint64_t before = flow.read;
    o.world.run(during);
    return static_cast<double>(flow.read - before) * 8 / static_cast<double>(to_ms(during)) * 1'000;
  };
  double undisturbed = rate(3s);
  o.world.link.dead = true;
  o.world.run(dead);
  o.world.link.dead = false;
  o.laptop.move(o.laptop.address);
  Instant back = o.world.now;
  uint64_t down_before = flow.read;
  CAPTURE(to_ms(dead), loss);
  REQUIRE(o.world.run(30s, [&] { return flow.read > down_before; }));
  // One percent of the packets that matter is lost as well: then a probe more.
  CHECK(to_ms(o.world.now - back) <= (loss > 0 ? 1'000 : 290));
  // Lost packets in either direction make the echo's own rate uneven: then it is held to what it was.
  double wanted = loss > 0 ? 0.5 * undisturbed : 0.6 * 50e6, best = 0;
  for (int second = 0; second < 8 && best < wanted; ++second) best = std::max(best, rate(1s));
  CHECK(best >= wanted);
  CHECK(flow.intact);
}

TEST_CASE("a change to a faster path is used at once, and to a slower one within seconds", "[slow]") {
  bool up = GENERATE(true, false);
  bool cubic = GENERATE(false, true);
  auto seed = GENERATE(1, 2);
  ConnectionPair pair({.seed = static_cast<uint64_t>(seed), .up = {.delay = 20ms, .bits_per_second = 50e6, .loss = 0.0005},
                       .down = {.delay = 20ms, .bits_per_second = 50e6, .loss = 0.0005}, .cubic = cubic});
  REQUIRE(pair.handshake());
  Stream stream(pair, up, !up);
  pair.run(4s);
  CAPTURE(up, cubic, seed);
  set_links(pair, 1ms, 500e6);
  pair.run(1s);
  double direct = stream.mbit_per_second(2s, up);
  pair.run(4s);
  set_links(pair, 20ms, 50e6);
  for (auto* connection : {pair.device.get(), pair.office.get()}) connection->handle_path_switch(pair.now, 2ms, 40ms);
  pair.run(1s);
  double relayed = stream.mbit_per_second(3s, up);
  CAPTURE(direct, relayed);
  CHECK(direct >= (cubic ? 60 : 250));
  // Untold, BBR2 stays near 9 of 50 Mbit/s for ten seconds.
  CHECK(relayed >= (cubic ? 10 : 25));
  CHECK(pair.office_end.intact);
  CHECK(pair.device_end.intact);
}

TEST_CASE("lanes lift one long flow beyond what a single stream's window allows", "[slow][table]") {
  auto [loss, least] = GENERATE(table<double, double>({{0.0, 450}, {0.001, 440}, {0.01, 400}}));
  Office o(31, {.delay = 20ms, .bits_per_second = 500e6, .queue_bytes = 2'500'000, .loss = loss});
  o.office.expose("bulk");
  SimFlow& flow = o.laptop.open(o.office_id(), "bulk", 1'000'000'000);
  o.world.run(2s);
  uint64_t before = 0, after = 0;
  auto received = [&] {
    for (auto& [id, served] : o.office.flows) {
      if (served.read > 0) return served.read;
    }
    return uint64_t{0};
  };
  before = received();
  o.world.run(8s);
  after = received();
  double mbit = static_cast<double>(after - before) * 8 / 8e6;
  CAPTURE(loss, mbit);
  std::printf("one flow, four lanes, 40 ms, 500 Mbit/s, %.1f %% loss: %.0f Mbit/s\n", loss * 100, mbit);
  CHECK(mbit >= least);
  CHECK(o.office.flows.begin()->second.intact);
  (void)flow;
}
