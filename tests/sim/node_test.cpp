// Pairing, use, revocation: what an owner does, on good days.
#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

TEST_CASE("a laptop pairs with a link and its programs reach a service") {
  Office o;
  SimFlow& flow = o.echo(3'000'000);
  REQUIRE(o.world.run(30s, [&] { return flow.ended; }));
  CHECK(flow.reset == FlowReset::none);
  CHECK(flow.read == 3'000'000);
  CHECK(flow.intact);
}

TEST_CASE("both ends say connected after a sealed echo, and name the path") {
  Office o;
  REQUIRE(o.world.run(1s, [&] { return o.office_connected(); }));
  CHECK(o.connected());
  CHECK(o.laptop.peer(o.office_id())->path->remote == o.office.address);
  CHECK(o.laptop.peer(o.office_id())->rtt >= Duration(10ms));
  CHECK(o.office.seen<event::Paired>().size() == 1);
}

TEST_CASE("a new connection through the open bridge takes one round trip") {
  Office o(1, {.delay = 20ms});
  o.world.run(1s);
  Instant begun = o.world.now;
  SimFlow& flow = o.echo(1, false);
  REQUIRE(o.world.run(1s, [&] { return flow.read == 1; }));
  CHECK(o.world.now - begun <= 41ms);
}

TEST_CASE("a service that was not granted cannot be told from one that does not exist") {
  World world(3);
  SimNode& office = world.add("office");
  SimNode& laptop = world.add("laptop");
  office.expose("echo");
  office.expose("secret");
  world.run(100ms);
  auto invitation = office.invite({{"echo", {}}});
  world.run(100ms);
  RequestId request = laptop.join(invitation.link);
  REQUIRE(world.run(5s, [&] { return laptop.done(request); }));
  SimFlow& secret = laptop.open(office.identity.id, "secret", 10);
  SimFlow& nothing = laptop.open(office.identity.id, "nothing", 10);
  REQUIRE(world.run(5s, [&] { return secret.ended && nothing.ended; }));
  CHECK(secret.reset == FlowReset::no_such_service);
  CHECK(nothing.reset == FlowReset::no_such_service);
  world.run(1s);
  CHECK(laptop.node->offered_services().size() == 1);
}

TEST_CASE("a grant that ends takes the open connection with it") {
  Office o;
  auto until = WallTime{o.office.now().wall.unix_ms + 5000};
  REQUIRE(o.office.node->deny(o.office.now(), o.laptop_id(), {"*"}));
  REQUIRE(o.office.node->allow(o.office.now(), o.laptop_id(), {{"echo", until}}));
  o.world.run(1s);
  SimFlow& flow = o.echo(100, false);
  REQUIRE(o.world.run(1s, [&] { return flow.read == 100; }));
  o.world.run(10s, [&] { o.echoes_more(flow, 10, 500ms); return flow.ended; });
  CHECK(flow.ended);
  CHECK(flow.reset == FlowReset::grant_ended);
}

TEST_CASE("a refusing target becomes a reset with its reason") {
  Office o;
  o.office.refusing.insert("echo");
  SimFlow& flow = o.echo(10);
  REQUIRE(o.world.run(5s, [&] { return flow.ended; }));
  CHECK(flow.reset == FlowReset::target_refused);
  CHECK(o.laptop.seen<event::FlowEnded>().back().message == "The program is not running.");
}

TEST_CASE("a revoked device is told inside its session, cut within 100 ms, and meets silence from then on") {
  Office o;
  SimFlow& flow = o.echo(100, false);
  REQUIRE(o.world.run(5s, [&] { return flow.read == 100; }));
  Instant asked = o.world.now;
  o.revoke();
  CHECK(o.world.now - asked <= 110ms);
  REQUIRE(o.world.run(1s, [&] { return o.laptop.seen<event::RevokedByOffice>().size() == 1; }));
  CHECK(flow.ended);
  CHECK(o.laptop.peer(o.office_id())->state == PeerState::revoked);
  o.world.run(1s);
  uint64_t sent = 0;
  o.world.drop = [&](auto& from, auto&, auto&) { return sent += from == o.office.address, false; };
  o.world.run(5min);
  CHECK(sent == 0);
  CHECK(!o.laptop.node->open_flow(o.laptop.now(), o.office_id(), "echo"));
}

TEST_CASE("a device that was away when it was revoked meets silence and is not told who it is refused by") {
  Office o;
  o.laptop.suspend(true);
  o.world.run(10s);
  o.revoke();
  o.laptop.suspend(false);
  uint64_t answers = 0;
  o.world.drop = [&](auto& from, auto&, auto&) { return answers += from == o.office.address, false; };
  o.world.run(2min);
  CHECK(answers == 0);
  CHECK(o.laptop.peer(o.office_id())->state != PeerState::connected);
  CHECK(!o.laptop.peer(o.office_id())->cause.empty());
}

TEST_CASE("a device that leaves is forgotten by both sides") {
  Office o;
  auto request = o.laptop.node->leave(o.laptop.now(), o.office_id());
  REQUIRE(request);
  REQUIRE(o.world.run(1s, [&] { return o.laptop.done(*request); }));
  o.world.run(1s);
  CHECK(o.laptop.peer(o.office_id()) == nullptr);
  REQUIRE(o.office.node->devices(o.office.now()).size() == 1);
  CHECK(o.office.node->devices(o.office.now())[0].state == PeerState::revoked);
}

TEST_CASE("a program that does not read stalls only its own flow") {
  Office o(1, {.delay = 2ms, .bits_per_second = 400e6});
  o.office.expose("source");
  std::vector<SimFlow*> lazy;
  for (int i = 0; i < 12; ++i) {
    lazy.push_back(&o.laptop.open(o.office_id(), "echo", 8'000'000, false));
    lazy.back()->paused = true;
  }
  o.world.run(5s);
  SimFlow& brisk = o.echo(1'000'000);
  REQUIRE(o.world.run(5s, [&] { return brisk.ended; }));
  CHECK(brisk.read == 1'000'000);
}

TEST_CASE("ping asks for a fresh sealed echo") {
  Office o;
  auto request = o.laptop.node->ping(o.laptop.now(), {PeerRole::office, o.office_id()}, 2s);
  REQUIRE(request);
  REQUIRE(o.world.run(1s, [&] { return o.laptop.done(*request); }));
  CHECK(o.laptop.results[*request].rtt == Duration(10ms));
  o.office.suspend(true);
  auto second = o.laptop.node->ping(o.laptop.now(), {PeerRole::office, o.office_id()}, 2s);
  REQUIRE(o.world.run(5s, [&] { return o.laptop.done(*second); }));
  const Error& error = *o.laptop.results[*second].error;
  CHECK(error.code == ErrorCode::unreachable);
  CHECK(!error.remedy.empty());
}

TEST_CASE("a ping whose first packet is lost is answered all the same, by the round trip of the next") {
  Office o;
  o.world.run(10s);
  int lost = 0;
  o.world.drop = [&](const SocketAddress&, const SocketAddress& to, const Bytes&) { return to == o.office.address && lost++ == 0; };
  auto request = o.laptop.node->ping(o.laptop.now(), {PeerRole::office, o.office_id()}, 2s);
  REQUIRE(o.world.run(3s, [&] { return o.laptop.done(*request); }));
  CHECK(lost >= 2);
  CHECK(o.laptop.results[*request].rtt == Duration(10ms));
}
