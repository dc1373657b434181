#include "protocol/traversal/replay_window.hpp"

#include <catch2/catch.hpp>

#include <set>

#include "tests/sim/seeded_entropy.hpp"

using drawbridge::traversal::ReplayWindow;

TEST_CASE("a counter is accepted once, in whatever order") {
  ReplayWindow window;
  for (uint64_t counter : {1, 2, 5, 3, 4}) CHECK(window.accept(counter));
  for (uint64_t counter : {1, 2, 3, 4, 5}) CHECK_FALSE(window.accept(counter));
}

TEST_CASE("no counter is zero") { CHECK_FALSE(ReplayWindow().accept(0)); }

TEST_CASE("the window reaches 63 counters back and no further") {
  ReplayWindow window;
  CHECK(window.accept(100));
  CHECK(window.accept(37));
  CHECK_FALSE(window.accept(36));
}

TEST_CASE("after a far jump nothing old is accepted, and nothing new is taken for old") {
  ReplayWindow window;
  CHECK(window.accept(1));
  CHECK(window.accept(65));
  CHECK_FALSE(window.accept(1));
  CHECK(window.accept(UINT64_MAX));
  CHECK_FALSE(window.accept(65));
  CHECK(window.accept(UINT64_MAX - 63));
  CHECK_FALSE(window.accept(UINT64_MAX));
}

TEST_CASE("the window agrees with one that remembers everything") {
  drawbridge::sim::Chance chance(3);
  ReplayWindow window;
  std::set<uint64_t> seen;
  uint64_t highest = 0;
  for (int i = 0; i < 20'000; ++i) {
    uint64_t counter = highest < 70 ? 1 + chance.below(80) : highest - 70 + chance.below(75);
    bool fresh = !seen.contains(counter) && counter + 64 > highest;
    REQUIRE(window.accept(counter) == fresh);
    if (fresh) seen.insert(counter);
    highest = std::max(highest, counter);
  }
}
