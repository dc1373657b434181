#include "protocol/traversal/candidate_table.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

constexpr Instant noon{Duration(std::chrono::hours(12))};

SocketAddress at(uint8_t host) { return SocketAddress::v4(192, 0, 2, host, 443); }

std::vector<SocketAddress> hosts(uint8_t first, uint8_t last) {
  std::vector<SocketAddress> list;
  for (uint8_t host = first; host <= last; ++host) list.push_back(at(host));
  return list;
}

// Asked at noon and answered after `rtt`.
void answer(Candidate& candidate, Duration rtt, Instant asked = noon) {
  candidate.note_request(1, asked, 0);
  REQUIRE(candidate.note_answer(1, asked + rtt));
}

struct TwoPaths {
  TwoPaths(Duration used, Duration other) {
    table.set(hosts(1, 2));
    table.activate(at(1));
    answer(*table.find(at(1)), used);
    answer(*table.find(at(2)), other);
  }
  bool switches(Instant now = noon + 1s) { return table.better_than_active(*table.find(at(2)), now); }
  CandidateTable table;
};

}  // namespace

TEST_CASE("an answer gives the round trip of its request, and only once") {
  Candidate candidate;
  candidate.note_request(7, noon, 0);
  CHECK_FALSE(candidate.note_answer(8, noon + 10ms));
  CHECK(candidate.note_answer(7, noon + 40ms) == Duration(40ms));
  CHECK_FALSE(candidate.note_answer(7, noon + 50ms));
  CHECK(candidate.rtt == Duration(40ms));
  CHECK(candidate.last_answer == noon + 40ms);
}

TEST_CASE("transaction zero is nobody's") {
  Candidate candidate;
  CHECK_FALSE(candidate.note_answer(0, noon));
}

TEST_CASE("an answer that takes longer than the next three requests still counts, a later one does not") {
  Candidate candidate;
  for (uint64_t transaction = 1; transaction <= 5; ++transaction) candidate.note_request(transaction, noon + transaction * 250ms, 0);
  CHECK_FALSE(candidate.note_answer(1, noon + 2s));
  CHECK(candidate.note_answer(2, noon + 2s) == Duration(1500ms));
}

TEST_CASE("the round trip is smoothed: one late answer moves it by a quarter") {
  Candidate candidate;
  answer(candidate, 40ms);
  answer(candidate, 80ms);
  CHECK(candidate.rtt == Duration(50ms));
}

TEST_CASE("only a padded request's answer proves the large packet") {
  Candidate candidate;
  answer(candidate, 10ms);
  CHECK(candidate.confirmed_size == 0);
  candidate.note_request(2, noon, limits::largest_packet);
  candidate.note_answer(2, noon + 10ms);
  CHECK(candidate.confirmed_size == limits::largest_packet);
}

TEST_CASE("silence counts from the first request that nothing has answered since; lost size probes are no silence") {
  Candidate candidate;
  candidate.note_request(1, noon, limits::largest_packet);
  CHECK_FALSE(candidate.silent_since);
  candidate.note_request(2, noon + 1s, 0);
  candidate.note_request(3, noon + 2s, 0);
  CHECK(candidate.silent_since == noon + 1s);
  candidate.note_answer(3, noon + 3s);
  CHECK_FALSE(candidate.silent_since);
}

TEST_CASE("a new list keeps what is known of addresses that stay, and drops the others") {
  CandidateTable table;
  table.set(hosts(1, 3));
  answer(*table.find(at(2)), 40ms);
  table.set({at(5), at(2)});
  REQUIRE(table.list().size() == 2);
  CHECK(table.find(at(2))->rtt == Duration(40ms));
  CHECK_FALSE(table.find(at(1)));
}

TEST_CASE("the address in use stays, whatever the new list says") {
  CandidateTable table;
  table.set(hosts(1, 3));
  table.activate(at(3));
  table.set(hosts(4, 5));
  REQUIRE(table.active());
  CHECK(table.active()->path.remote == at(3));
  CHECK(table.list().size() == 3);
}

TEST_CASE("addresses that cannot be reached and repeated ones are left out, and a list is bounded") {
  CandidateTable table;
  table.set({at(1), at(1), SocketAddress::v4(0, 0, 0, 0, 5), SocketAddress::v4(192, 0, 2, 9, 0)});
  CHECK(table.list().size() == 1);
  table.set(hosts(1, limits::candidates + 5));
  CHECK(table.list().size() == limits::candidates);
  CHECK(table.list().front().path.remote == at(1));
}

TEST_CASE("an added address comes first, and the one in use stays in use even when the table is full") {
  for (uint8_t used : {uint8_t{1}, uint8_t{2}, uint8_t(limits::candidates)}) {
    CandidateTable table;
    table.set(hosts(1, limits::candidates));
    table.activate(at(used));
    for (uint8_t extra = 100; extra < 140; ++extra) {
      table.add({{}, at(extra)});
      REQUIRE(table.list().size() == limits::candidates);
      REQUIRE(table.active());
      REQUIRE(table.active()->path.remote == at(used));
      REQUIRE(table.find(at(extra)));
    }
  }
}

TEST_CASE("an address that is there already is not added again") {
  CandidateTable table;
  table.set(hosts(1, 2));
  CHECK(&table.add({{}, at(2)}) == table.find(at(2)));
  CHECK(table.list().size() == 2);
}

TEST_CASE("anything is better than no path at all, and no path is better than itself") {
  CandidateTable table;
  table.set(hosts(1, 2));
  CHECK(table.better_than_active(*table.find(at(1)), noon));
  table.activate(at(1));
  CHECK_FALSE(table.better_than_active(*table.find(at(1)), noon));
  CHECK_FALSE(table.better_than_active(*table.find(at(2)), noon));  // it has never answered
}

TEST_CASE("a path is left for one that is clearly faster, by a fifth and half a millisecond") {
  CHECK(TwoPaths(40ms, 31ms).switches());
  CHECK_FALSE(TwoPaths(40ms, 33ms).switches());
  CHECK_FALSE(TwoPaths(40ms, 60ms).switches());
  CHECK_FALSE(TwoPaths(1000us, 600us).switches());
  CHECK(TwoPaths(1000us, 400us).switches());
}

TEST_CASE("a path that has been silent for half a second is left for any that answers") {
  TwoPaths paths(40ms, 500ms);
  paths.table.active()->note_request(9, noon + 1s, 0);
  CHECK_FALSE(paths.switches(noon + 1s + limits::path_suspect_after));
  CHECK(paths.switches(noon + 1s + limits::path_suspect_after + 1ns));
}

TEST_CASE("two paths of one speed do not take turns") {
  CandidateTable table;
  table.set(hosts(1, 2));
  for (uint8_t host : {1, 2}) answer(*table.find(at(host)), 40ms);
  for (uint8_t host : {1, 2}) {
    table.activate(at(host));
    for (uint8_t other : {1, 2}) CHECK_FALSE(table.better_than_active(*table.find(at(other)), noon + 1s));
  }
}

TEST_CASE("a direct way that is not much longer is better than a relay's, and never the other way round") {
  auto mailbox = SocketAddress{};
  mailbox.ip[0] = 0x01;  // 100::/64: protocol/relay/relay_address.hpp
  mailbox.port = 1;
  CandidateTable table;
  SocketAddress direct = SocketAddress::v4(192, 0, 2, 7, 7470);
  answer(table.add({{}, direct}), 55ms);
  answer(table.add({{}, mailbox}), 20ms);
  table.activate(mailbox);
  CHECK(table.better_than_active(*table.find(direct), noon));
  table.activate(direct);
  CHECK_FALSE(table.better_than_active(*table.find(mailbox), noon));
  table.find(direct)->rtt = 61ms;
  table.activate(mailbox);
  CHECK_FALSE(table.better_than_active(*table.find(direct), noon));
}
