#include "protocol/traversal/path_history.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

SocketAddress at(uint8_t host) { return SocketAddress::v4(192, 0, 2, host, 443); }

struct Told {
  Now now{Instant{Duration(std::chrono::hours(12))}, WallTime{1'700'000'000'000}};
  PathHistory history;
  uint64_t transactions = 0;

  uint64_t ask(uint8_t host) {
    history.note_asked(now, Path{{}, at(host)}, "", ++transactions);
    return transactions;
  }
  void advance(Duration by) {
    now.boot += by;
    now.wall.unix_ms += to_ms(by);
  }
  const CandidatePair& pair(uint8_t host) const {
    for (const CandidatePair& one : history.pairs()) {
      if (one.path.remote == at(host)) return one;
    }
    throw std::runtime_error("no such pair");
  }
};

}  // namespace

TEST_CASE("a pair's record tells when it was first asked, and how and when it answered last") {
  Told t;
  WallTime first = t.now.wall;
  uint64_t one = t.ask(1);
  t.advance(40ms);
  t.history.note_answer(t.now, at(1), one);
  t.advance(10s);
  uint64_t two = t.ask(1);
  t.advance(60ms);
  t.history.note_answer(t.now, at(1), two);
  t.history.note_answer(t.now, at(1), two);  // a copy
  const CandidatePair& pair = t.pair(1);
  CHECK(pair.first_asked == first);
  CHECK(pair.asked == 2);
  CHECK(pair.answered == 2);
  CHECK(pair.rtt == Duration(60ms));
  CHECK(pair.best_rtt == Duration(40ms));
  CHECK(pair.last_answer == t.now.wall);
}

TEST_CASE("loss is the share of checks that had time to be answered and were not") {
  Told t;
  uint64_t answered = t.ask(1);
  t.ask(1);
  CHECK_FALSE(t.pair(1).loss(t.now.boot));
  t.history.note_answer(t.now, at(1), answered);
  CHECK(t.pair(1).loss(t.now.boot) == 0.0);
  t.advance(2s);
  CHECK(t.pair(1).loss(t.now.boot) == 0.5);
  for (size_t i = 0; i < limits::history_checks; ++i) t.history.note_answer(t.now, at(1), t.ask(1));
  CHECK(t.pair(1).loss(t.now.boot) == 0.0);
}

TEST_CASE("each change of the path in use is kept with its time and reason, and why the one before was left") {
  Told t;
  t.ask(1), t.ask(2);
  t.history.note_use(t.now, at(1), "udp://relay", PathReason::first);
  t.advance(1s);
  t.history.note_use(t.now, at(1), "udp://relay", PathReason::faster);  // the same
  t.history.note_use(t.now, at(2), "", PathReason::direct);
  CHECK(t.pair(1).left == PathReason::direct);
  CHECK(t.pair(1).left_at == t.now.wall);
  CHECK(t.history.in_use()->path.remote == at(2));
  t.advance(1s);
  t.history.note_none(t.now, PathReason::silent);
  t.history.note_none(t.now, PathReason::ended);
  CHECK(t.history.in_use() == nullptr);
  t.history.note_use(t.now, at(2), "", PathReason::back);
  const auto& transitions = t.history.transitions();
  REQUIRE(transitions.size() == 4);
  CHECK((transitions[0].remote == at(1) && transitions[0].relay == "udp://relay"));
  CHECK((transitions[1].remote == at(2) && transitions[1].reason == PathReason::direct));
  CHECK((!transitions[2].remote && transitions[2].reason == PathReason::silent && transitions[2].at == t.now.wall));
  CHECK(transitions[3].reason == PathReason::back);
  CHECK_FALSE(t.pair(2).left);
}

TEST_CASE("the record is bounded: the pair longest without news goes, never the one in use") {
  Told t;
  t.ask(0);
  t.history.note_use(t.now, at(0), "", PathReason::first);
  for (size_t i = 1; i < 2 * limits::history_pairs; ++i) t.advance(1ms), t.ask(static_cast<uint8_t>(i));
  CHECK(t.history.pairs().size() == limits::history_pairs);
  CHECK(t.pair(0).in_use);
  CHECK_THROWS(t.pair(1));
  for (size_t i = 0; i < 2 * limits::history_transitions; ++i) t.history.note_use(t.now, at(static_cast<uint8_t>(i % 2)), "", PathReason::faster);
  CHECK(t.history.transitions().size() == limits::history_transitions);
}

TEST_CASE("a pair's kind is told by the far end's address") {
  auto kind = [](const char* text) { return kind_of(parse_socket_address(text).take()); };
  for (const char* text : {"10.1.2.3:1", "172.31.0.1:1", "192.168.1.1:1", "[fd00::1]:1", "127.0.0.1:1"}) CHECK(kind(text) == CandidateKind::host);
  for (const char* text : {"172.32.0.1:1", "203.0.113.1:1", "[2001:db8::1]:1"}) CHECK(kind(text) == CandidateKind::outside);
  CHECK(kind("[100::1]:1") == CandidateKind::relayed);
}
