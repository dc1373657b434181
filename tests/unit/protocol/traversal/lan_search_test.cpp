#include "protocol/traversal/lan_search.hpp"

#include <catch2/catch.hpp>

#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::traversal;

TEST_CASE("a network is asked after an outage of a second, three times at once, then once in ten seconds") {
  LanSearch search;
  Instant now{1h};
  CHECK_FALSE(search.due(now, 999ms));
  for (int i = 0; i < 3; ++i) CHECK(search.due(now, 1s));
  CHECK_FALSE(search.due(now, 1s));
  CHECK_FALSE(search.due(now + 9s, 1s));
  CHECK(search.due(now + 11s, 1s));
}

TEST_CASE("the first four answers to the newest question count, and no others") {
  LanSearch search;
  sim::SeededEntropy entropy(1);
  CHECK_FALSE(search.take_answer(0));
  uint64_t old = search.begin(entropy), newest = search.begin(entropy);
  CHECK_FALSE(search.take_answer(old));
  for (int i = 0; i < 4; ++i) CHECK(search.take_answer(newest));
  CHECK_FALSE(search.take_answer(newest));
}

TEST_CASE("the groups stay within one network") {
  auto [v4, v6] = lan_groups();
  CHECK((v4.is_multicast() && v4.is_v4() && v4.ip[12] == 239 && v4.ip[13] == 255));  // RFC 2365 6.1
  CHECK((v6.is_multicast() && (v6.ip[1] & 0x0f) == 2));                               // RFC 4291 2.7: link-local
  CHECK(is_lan_group(v6));
  v6.scope_id = 3;
  CHECK(is_lan_group(v6));
  v4.port += 1;
  CHECK_FALSE(is_lan_group(v4));
}
