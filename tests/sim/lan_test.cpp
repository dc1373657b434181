// LAN discovery: both ends are in one network, and the device knows only where its office was.
#include <catch2/catch.hpp>

#include "protocol/traversal/lan_search.hpp"
#include "tests/sim/world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

const RouterKind port_restricted{"port-restricted"};

// An office, a laptop and somebody else's computer behind one router, which hairpins nothing; no relay.
struct Household {
  explicit Household(uint64_t seed)
      : world(seed, {.delay = 1ms}), router(world.add_router(port_restricted)), office(world.add("office")), laptop(world.add("laptop")), stranger(world.add("stranger")) {
    for (SimNode* node : {&office, &laptop, &stranger}) node->attach(&router);
    world.run(100ms);
    office.expose("echo");
    world.pair(office, laptop);
    stranger.kill();
  }
  bool connected() const {
    const PeerStatus* status = laptop.peer(office.identity.id);
    return status && status->state == PeerState::connected;
  }
  // While the laptop is off; nobody tells it.
  void office_gets_another_address() {
    laptop.kill();
    world.run(1min);
    office.move(world.fresh_inside_address());
    world.run(1min);
  }
  std::vector<Captured> sent_to(const SocketAddress& to) const {
    std::vector<Captured> found;
    for (const Captured& one : world.captured) {
      if (one.path.remote.ip == to.ip) found.push_back(one);
    }
    return found;
  }
  std::vector<Captured> questions() const {
    auto found = sent_to(traversal::lan_groups()[0]);
    for (Captured& one : sent_to(traversal::lan_groups()[1])) found.push_back(std::move(one));
    return found;
  }

  World world;
  Router& router;
  SimNode& office;
  SimNode& laptop;
  SimNode& stranger;
};

}  // namespace

TEST_CASE("an office that got another address while its device was away is found in their network, without a relay") {
  Household h(1);
  h.office_gets_another_address();
  h.laptop.start();
  CHECK(h.world.run(3s, [&] { return h.connected(); }));
  SimFlow& flow = h.laptop.open(h.office.identity.id, "echo", 10'000);
  CHECK(h.world.run(5s, [&] { return flow.read == 10'000; }));
}

TEST_CASE("a laptop that comes into its office's network finds it there, and its open stream goes on") {
  Household h(2);
  Router& elsewhere = h.world.add_router(port_restricted);
  SimFlow& flow = h.laptop.open(h.office.identity.id, "echo", 1'000, false);
  REQUIRE(h.world.run(5s, [&] { return flow.read == 1'000; }));
  h.laptop.attach(&elsewhere);
  h.world.run(10min);
  REQUIRE(!h.connected());
  h.office.move(h.world.fresh_inside_address());
  h.laptop.attach(&h.router);
  CHECK(h.world.run(15s, [&] { return h.connected(); }));
  flow.to_write += 1'000;
  h.laptop.poke(flow);
  CHECK(h.world.run(5s, [&] { return flow.read == 2'000 && flow.intact; }));
}

TEST_CASE("an office that has restarted at another address is found by a device that still holds their connection") {
  Household h(3);
  h.office.kill();
  h.world.run(5min);
  h.office.address = h.world.fresh_inside_address();
  h.office.start();
  CHECK(h.world.run(90s, [&] { return h.connected(); }));
}

TEST_CASE("while a way to the office works nothing is sent to the network's groups") {
  Household h(4);
  h.world.capture = true;
  SimFlow& flow = h.laptop.open(h.office.identity.id, "echo", 100'000);
  REQUIRE(h.world.run(10s, [&] { return flow.ended; }));
  h.world.run(10min);
  h.laptop.kill();
  h.laptop.start();
  h.world.run(1min);
  CHECK(h.connected());
  CHECK(h.questions().empty());
}

TEST_CASE("a device that is far from its office asks its network seldom, and once for each family") {
  Household h(5);
  h.laptop.attach(&h.world.add_router(port_restricted));
  h.world.run(1min);
  h.world.capture = true;
  h.world.run(std::chrono::hours(1));
  auto asked = h.questions().size();
  CHECK(asked > 2 * 30);
  CHECK(asked < 2 * 120);
}

TEST_CASE("a recorded question is answered once, to where it came from, by no more bytes than it had") {
  Household h(6);
  h.office_gets_another_address();
  // The laptop's questions are held up, and the stranger is the first who brings them to the office.
  h.world.capture = true;
  h.world.drop = [](auto&, auto& to, auto&) { return to.is_multicast(); };
  h.laptop.start();
  h.world.run(8s);
  auto questions = h.questions();
  REQUIRE(questions.size() >= 2);
  h.world.drop = [](auto&, auto&, auto&) { return false; };
  h.laptop.kill();
  auto replay = [&](size_t first) {
    h.world.captured.clear();
    for (size_t i = first; i < questions.size(); ++i) {
      for (int times = 0; times < 50; ++times) h.world.send(h.stranger.address, traversal::lan_groups()[0], questions[i].bytes);
      h.world.run(1s);
    }
    return h.sent_to(h.stranger.address);
  };
  auto answers = replay(questions.size() - 1);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].bytes.size() <= questions.back().bytes.size());
  CHECK(replay(0).empty());
  h.office.kill();
  h.office.start();
  h.world.run(1s);
  CHECK(replay(0).empty());
}

TEST_CASE("a question that nobody can have sealed is never answered, however often it comes") {
  Household h(7);
  h.office_gets_another_address();
  h.world.capture = true;
  h.world.drop = [](auto&, auto& to, auto&) { return to.is_multicast(); };
  h.laptop.start();
  h.world.run(8s);
  auto questions = h.questions();
  REQUIRE(!questions.empty());
  h.world.drop = [](auto&, auto&, auto&) { return false; };
  h.world.captured.clear();
  Chance chance(8);
  for (int round = 0; round < 5'000; ++round) {
    Bytes forged = questions[0].bytes;
    forged[chance.below(forged.size())] ^= static_cast<uint8_t>(1 + chance.below(255));
    if (chance.happens(0.2)) forged.resize(chance.below(forged.size()));
    h.world.send(h.stranger.address, traversal::lan_groups()[0], forged);
    if (round % 100 == 0) h.world.run(100ms);
  }
  h.world.run(1s);
  CHECK(h.sent_to(h.stranger.address).empty());
  // The laptop itself is heard all the same.
  CHECK(h.world.run(2min, [&] { return h.connected(); }));
}

TEST_CASE("an answer that somebody repeats from elsewhere costs a device a few packets, and no more") {
  Household h(8);
  h.office_gets_another_address();
  h.world.capture = true;
  // The office is heard, but nothing reaches it that is no question: the laptop goes on looking.
  h.world.drop = [&](auto& from, auto& to, auto&) { return from == h.laptop.address && to == h.office.address; };
  h.laptop.start();
  h.world.run(20s);
  auto heard = h.sent_to(h.laptop.address);
  REQUIRE(!heard.empty());
  h.world.captured.clear();
  SocketAddress from = h.stranger.address;
  for (int round = 0; round < 200; ++round) {
    h.stranger.ports.insert(++from.port);
    for (const Captured& one : heard) h.world.send(from, h.laptop.address, one.bytes);
    h.world.run(10ms);
  }
  CHECK(h.sent_to(h.stranger.address).size() <= 60);
  h.world.drop = [](auto&, auto&, auto&) { return false; };
  CHECK(h.world.run(2min, [&] { return h.connected(); }));
}
