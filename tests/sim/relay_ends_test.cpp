// Who has an end of a mailbox: programs that are started anew often, and copies that take turns.
#include <catch2/catch.hpp>

#include "tests/sim/relay_world.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;
using namespace drawbridge::relay;

namespace {

// A device's end, opened by `user` as by a program that has just been started.
uint8_t begin(RelayUser& user) {
  user.start();
  uint8_t channel = user.open(pair_secret(1), End::device);
  user.connect();
  return channel;
}

}  // namespace

TEST_CASE("a device that is killed and started anew thirty times in ten minutes is in its mailbox each time") {
  RelayWorld world(31);
  world.start_relay();
  RelayUser& office = world.office();
  uint8_t at_office = office.open(pair_secret(1), End::office);
  office.connect();
  RelayUser& device = world.device();
  for (int i = 0; i < 30; ++i) {
    CAPTURE(i);
    uint8_t channel = begin(device);
    CHECK(world.run(2s, [&] { return device.status(channel) == Status::joined && office.status(at_office) == Status::joined; }));
    world.run(18s);
  }
  CHECK(world.server->counters().refused_contested == 0);
}

TEST_CASE("copies that take a mailbox from one another as fast as they can are stopped") {
  auto copies = GENERATE(2u, 3u);
  CAPTURE(copies);
  RelayWorld world(32);
  world.start_relay();
  std::vector<std::pair<RelayUser*, uint8_t>> users;
  for (size_t i = 0; i < copies; ++i) {
    RelayUser& user = world.device();
    users.emplace_back(&user, begin(user));
    world.run(1s);
  }
  for (int i = 0; i < 60; ++i) {
    auto& [user, channel] = users[static_cast<size_t>(i) % copies];
    user->client->reopen_mailbox(channel);
    world.run(1s);
  }
  CHECK(world.server->counters().refused_contested > 0);
  CHECK(world.server->counters().displaced < 12);
}

TEST_CASE("an end that changes hands every second is left to who has it after sixty times") {
  RelayWorld world(33);
  world.start_relay();
  RelayUser& owner = world.device();
  begin(owner);
  world.run(1s);
  RelayUser& other = world.device();
  for (int i = 0; i < 120; ++i) {
    begin(other);
    world.run(1s);
  }
  CHECK(world.server->counters().refused_contested > 0);
  CHECK(world.server->counters().displaced <= 60);
}
