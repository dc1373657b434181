#include "daemon/observe/traffic_history.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;

namespace {

struct Office {
  TrafficHistory history;
  Instant now{1000h};
  std::vector<PeerStatus> peers;

  PeerStatus& peer(uint8_t id) {
    for (PeerStatus& one : peers) {
      if (one.key.peer.bytes[0] == id) return one;
    }
    PeerStatus added;
    added.key = {PeerRole::device, DeviceId{{id}}};
    return peers.emplace_back(added);
  }
  void carry(uint8_t id, uint64_t sent, uint64_t received) {
    peer(id).bytes_sent += sent;
    peer(id).bytes_received += received;
    history.sample(now, peers);
  }
};

}  // namespace

TEST_CASE("bytes are counted in the step in which they were carried") {
  Office office;
  office.carry(1, 100, 10);
  office.now += 3min;
  office.carry(1, 7, 0);
  auto hour = office.history.hour();
  REQUIRE(hour.size() == 1);
  REQUIRE(hour[0].steps.size() == fine_steps);
  CHECK(hour[0].steps[fine_steps - 1].sent == 7);
  CHECK(hour[0].steps[fine_steps - 4].sent == 100);
  CHECK(hour[0].steps[fine_steps - 4].received == 10);
  CHECK(office.history.day()[0].steps[coarse_steps - 1].sent == 107);
}

TEST_CASE("what is older than the ring is gone, however long nothing was counted") {
  Office office;
  office.carry(1, 100, 0);
  office.now += 59min;
  office.history.sample(office.now, office.peers);
  CHECK(office.history.hour()[0].steps[0].sent == 100);
  office.now += 1min;
  office.history.sample(office.now, office.peers);
  auto hour = office.history.hour(), day = office.history.day();
  for (const auto& step : hour[0].steps) CHECK(step.sent == 0);
  office.now += 1000h;
  office.carry(1, 5, 0);
  day = office.history.day();
  uint64_t sent = 0;
  for (const auto& step : day[0].steps) sent += step.sent;
  CHECK(sent == 5);
}

TEST_CASE("a counter that began anew counts from nothing") {
  Office office;
  office.carry(1, 100, 0);
  office.peer(1).bytes_sent = 30;
  office.history.sample(office.now, office.peers);
  CHECK(office.history.hour()[0].steps.back().sent == 130);
}

TEST_CASE("peers without traffic take no room, and those that are gone are forgotten") {
  Office office;
  office.carry(1, 0, 0);
  CHECK(office.history.hour().empty());
  office.carry(2, 1, 0);
  CHECK(office.history.hour().size() == 1);
  office.peers.clear();
  office.history.sample(office.now, office.peers);
  CHECK(office.history.hour().empty());
}
