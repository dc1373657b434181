#include "protocol/traversal/loss_count.hpp"

#include <catch2/catch.hpp>

#include "protocol/traversal/candidate_table.hpp"

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

const Instant start{1h};

// `sent` checks a tenth of a second apart, of which the first `lost` are not answered.
LossCount counted(size_t sent, size_t lost) {
  LossCount count;
  for (uint64_t i = 1; i <= sent; ++i) {
    Instant at = start + i * 100ms;
    count.note_sent(i, at);
    if (i > lost) count.note_answer(i, at + 20ms);
  }
  return count;
}

constexpr Instant later = start + 1min;

}  // namespace

TEST_CASE("a check counts as lost after a second, and an answer once") {
  LossCount count;
  count.note_sent(7, start);
  CHECK(count.newest(40, start + 999ms).of == 0);
  CHECK(count.newest(40, start + 1s).lost == 1);
  CHECK(count.asked(7));
  CHECK(count.note_answer(7, start + 20ms) == Duration(20ms));
  CHECK_FALSE(count.note_answer(7, start + 30ms));
  CHECK_FALSE(count.note_answer(0, start));
  CHECK_FALSE(count.asked(7));
  CHECK(count.newest(40, start + 1s).lost == 0);
}

TEST_CASE("three lost of the newest sixteen are suspicious, two are not") {
  CHECK_FALSE(is_suspicious(counted(16, 2), later));
  CHECK(is_suspicious(counted(16, 3), later));
  CHECK_FALSE(is_suspicious(counted(32, 16), later));
}

TEST_CASE("a longer way is worth four losses of forty, unless it is much longer") {
  CHECK(loses_clearly_less(counted(40, 1), 60ms, counted(40, 5), 20ms, later));
  CHECK_FALSE(loses_clearly_less(counted(40, 2), 60ms, counted(40, 5), 20ms, later));
  CHECK_FALSE(loses_clearly_less(counted(40, 0), 91ms, counted(40, 20), 20ms, later));
  CHECK(is_clean_again(counted(40, 1), counted(40, 0), later));
  CHECK_FALSE(is_clean_again(counted(40, 2), counted(40, 0), later));
  CHECK_FALSE(is_clean_again(LossCount(), counted(40, 9), later));
}

TEST_CASE("an address that lost much is avoided at every port, for longer each time, until an hour has passed") {
  AvoidedAddresses avoided;
  SocketAddress one = SocketAddress::v4(198, 51, 100, 1, 7000), other_port = SocketAddress::v4(198, 51, 100, 1, 7001);
  avoided.avoid(one, start);
  CHECK(avoided.contains(other_port));
  CHECK_FALSE(avoided.contains(SocketAddress::v4(198, 51, 100, 2, 7000)));
  CHECK_FALSE(avoided.due(one, start + 59s));
  CHECK(avoided.due(other_port, start + 60s));
  avoided.forgive(other_port);
  CHECK_FALSE(avoided.contains(one));
  avoided.avoid(one, start + 2min);
  CHECK(avoided.held_until() == start + 4min);
  avoided.avoid(one, start + 8h);
  CHECK(avoided.held_until() == start + 8h + 60s);
  for (uint8_t i = 2; i < 50; ++i) avoided.avoid(SocketAddress::v4(198, 51, 100, i, 7000), start + 8h);
  CHECK_FALSE(avoided.contains(one));
  avoided.forgive_due(start + 9h);
  CHECK_FALSE(avoided.any_due(start + 9h));
}
