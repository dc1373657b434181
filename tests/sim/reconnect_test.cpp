// The connection is lost in the usual ways, and back.
#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

TEST_CASE("after the office is killed and restarted the laptop is back at once, with nobody doing anything") {
  Office o;
  o.world.run(10s);
  o.office.kill();
  o.world.run(5min);
  CHECK(!o.connected());
  o.office.start();
  Instant up = o.world.now;
  REQUIRE(o.world.run(1s, [&] { return o.connected() && o.office_connected(); }));
  CHECK(o.world.now - up <= 100ms);
  CHECK(o.answers(1s));
}

TEST_CASE("an office that shuts down in order says so, and its device waits for it") {
  Office o;
  SimFlow& flow = o.echo(10, false);
  o.world.run(1s);
  o.office.shut_down();
  REQUIRE(o.world.run(1s, [&] { return flow.ended; }));
  CHECK(flow.reset == FlowReset::connection_lost);
  o.world.run(1min);
  o.office.start();
  REQUIRE(o.world.run(1s, [&] { return o.connected(); }));
}

TEST_CASE("a laptop that restarts is back at once and replaces its old connection") {
  Office o;
  o.world.run(10s);
  o.laptop.kill();
  o.laptop.start();
  Instant up = o.world.now;
  REQUIRE(o.world.run(1s, [&] { return o.connected() && o.office_connected(); }));
  CHECK(o.world.now - up <= 100ms);
  CHECK(o.answers(1s));
}

TEST_CASE("an open flow goes on within two round trips when the laptop's address changes") {
  Office o;
  SimFlow& flow = o.echo(1'000, false);
  REQUIRE(o.world.run(5s, [&] { return flow.read == 1'000; }));
  o.laptop.move(o.world.fresh_address());
  Instant moved = o.world.now;
  REQUIRE(o.echoes_more(flow, 1'000, 2s));
  CHECK(o.world.now - moved <= 2 * 10ms + 250ms);
  CHECK(!flow.ended);
}

TEST_CASE("an open flow survives a rebinding that nobody noticed, within three seconds while bytes flow") {
  Office o;
  SimFlow& flow = o.echo(1'000, false);
  REQUIRE(o.world.run(5s, [&] { return flow.read == 1'000; }));
  o.laptop.move(o.world.fresh_address(), false);
  Instant moved = o.world.now;
  REQUIRE(o.echoes_more(flow, 1'000, 5s));
  CHECK(o.world.now - moved < 3s);
}

TEST_CASE("cable out and in: an open flow answers within a second of the cable's return") {
  auto minutes = GENERATE(1, 10, 600);
  Office o;
  SimFlow& flow = o.echo(1'000, false);
  REQUIRE(o.world.run(5s, [&] { return flow.read == 1'000; }));
  o.world.link.dead = true;
  o.world.run(std::chrono::minutes(minutes));
  CHECK(!o.connected());
  o.world.link.dead = false;
  o.laptop.move(o.laptop.address);   // the carrier's return is an event
  Instant back = o.world.now;
  REQUIRE(o.echoes_more(flow, 1'000, 5s));
  CHECK(o.world.now - back <= 1s);
  CHECK(!flow.ended);
}

TEST_CASE("a process stopped for ten minutes goes on where it was") {
  Office o;
  SimFlow& flow = o.echo(1'000, false);
  REQUIRE(o.world.run(5s, [&] { return flow.read == 1'000; }));
  bool laptop = GENERATE(true, false);
  SimNode& stopped = laptop ? o.laptop : o.office;
  stopped.suspend(true);
  o.world.run(10min);
  stopped.suspend(false);
  stopped.move(stopped.address);     // the driver notices the gap and says so
  Instant back = o.world.now;
  REQUIRE(o.echoes_more(flow, 1'000, 5s));
  CHECK(o.world.now - back <= 1s);
  CHECK(!flow.ended);
}

TEST_CASE("a clock that jumps a day either way breaks nothing") {
  auto hours = GENERATE(24, -24);
  Office o;
  SimFlow& flow = o.echo(1'000, false);
  REQUIRE(o.world.run(5s, [&] { return flow.read == 1'000; }));
  bool laptop = GENERATE(true, false);
  (laptop ? o.laptop : o.office).wall_offset = std::chrono::hours(hours);
  REQUIRE(o.echoes_more(flow, 1'000, 2s));
  o.laptop.kill();
  o.laptop.start();
  REQUIRE(o.world.run(2s, [&] { return o.connected(); }));
  o.laptop.wall_offset = {};
  o.office.wall_offset = {};
  o.laptop.kill();
  o.laptop.start();
  REQUIRE(o.world.run(2s, [&] { return o.connected(); }));
}

TEST_CASE("a laptop that moved while the office was off finds it by itself") {
  Office o;
  o.world.run(10s);
  o.office.kill();
  o.world.run(1min);
  o.laptop.suspend(true);
  o.world.run(1min);
  o.office.start();
  o.world.run(1min);
  o.laptop.suspend(false);
  o.laptop.move(o.world.fresh_address());
  REQUIRE(o.world.run(3s, [&] { return o.connected(); }));
}

TEST_CASE("fifty devices come back within two seconds of the office, and not all at once") {
  World world(7);
  SimNode& office = world.add("office");
  office.expose("echo");
  std::vector<SimNode*> devices;
  for (int i = 0; i < 50; ++i) {
    devices.push_back(&world.add("device " + std::to_string(i)));
    world.pair(office, *devices.back());
  }
  world.run(1min);
  office.kill();
  world.run(10min);
  std::map<int64_t, int> starts;   // first packets by 50 ms slots
  world.drop = [&](auto&, auto& to, const Bytes& datagram) {
    if (to == office.address && (datagram[0] & 0xf0) == 0xc0 && datagram[5] == 16) ++starts[to_ms(world.now.time_since_epoch()) / 50];
    return false;
  };
  office.start();
  auto all = [&] {
    for (SimNode* device : devices) {
      const PeerStatus* status = device->peer(office.identity.id);
      if (!status || status->state != PeerState::connected) return false;
    }
    return true;
  };
  CHECK(world.run(2s, all));
  int most = 0;
  for (auto& [slot, count] : starts) most = std::max(most, count);
  CHECK(most <= 15);
}

TEST_CASE("an hour of dead path with full windows both ways costs a round trip and 250 ms") {
  Office o(1, {.delay = 20ms, .bits_per_second = 100e6, .queue_bytes = 512 * 1024});
  SimFlow& flow = o.echo(400'000'000);
  REQUIRE(o.world.run(60s, [&] { return flow.read > 20'000'000; }));
  o.world.link.dead = true;
  o.world.run(std::chrono::hours(1));
  o.world.link.dead = false;
  o.laptop.move(o.laptop.address);
  Instant back = o.world.now;
  uint64_t before = flow.read;
  REQUIRE(o.world.run(10s, [&] { return flow.read > before + 1'000; }));
  CHECK(o.world.now - back <= 40ms + 250ms);
  CHECK(flow.intact);
}

TEST_CASE("a flow opened while the office is down waits for it and is carried by the next connection") {
  Office o;
  REQUIRE(o.answers(1s));
  o.office.kill();
  o.echo(10, false);         // shows that nothing answers
  o.world.run(1s);
  SimFlow& flow = o.echo(1'000);
  o.world.run(2s);
  CHECK(!flow.ended);
  o.office.start();
  CHECK(o.world.run(3s, [&] { return flow.read == 1'000; }));
  CHECK(flow.intact);
}

TEST_CASE("a connection that holds much is given up after a minute of silence, one that holds little is kept") {
  bool much = GENERATE(true, false);
  Office o(3, {.delay = 20ms});
  REQUIRE(o.answers(1s));
  o.world.link.dead = true;
  std::vector<SimFlow*> flows;
  for (int i = 0; i < 200; ++i) flows.push_back(&o.echo(much ? 200'000 : 200, false));
  o.world.run(2min);
  for (SimFlow* flow : flows) CHECK(flow->ended == much);
  o.world.link.dead = false;
  CHECK(o.world.run(90s, [&] { return o.connected(); }));
  CHECK(o.answers(2s));
}

TEST_CASE("whichever one packet of a start is lost, the device is connected within a second") {
  auto lost = GENERATE(range(1, 9));
  bool from_office = GENERATE(true, false);
  CAPTURE(lost, from_office);
  Office o(61);
  o.laptop.kill();
  o.world.run(10s);
  int sent = 0;
  o.world.drop = [&](auto& from, auto&, auto&) { return (from == o.office.address) == from_office && ++sent == lost; };
  o.laptop.start();
  CHECK(o.world.run(1s, [&] { return o.connected() && o.office_connected(); }));
}
