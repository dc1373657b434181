#include "protocol/base/timer_table.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;

namespace {

enum class Bell { first, second, count };
constexpr Instant noon{Duration(std::chrono::hours(12))};

}  // namespace

TEST_CASE("a new table wakes nobody") {
  TimerTable<Bell> timers;
  CHECK(timers.earliest() == far_future);
  CHECK_FALSE(timers.armed(Bell::first));
  CHECK_FALSE(timers.expired(Bell::first, noon));
}

TEST_CASE("the earliest deadline is the next to wake for") {
  TimerTable<Bell> timers;
  timers.set(Bell::first, noon + 2s);
  timers.set(Bell::second, noon + 1s);
  CHECK(timers.earliest() == noon + 1s);
  timers.stop(Bell::second);
  CHECK(timers.earliest() == noon + 2s);
}

TEST_CASE("a timer expires at its deadline, once") {
  TimerTable<Bell> timers;
  timers.set(Bell::first, noon);
  CHECK_FALSE(timers.expired(Bell::first, noon - 1ns));
  CHECK(timers.armed(Bell::first));
  CHECK(timers.expired(Bell::first, noon));
  CHECK_FALSE(timers.armed(Bell::first));
  CHECK_FALSE(timers.expired(Bell::first, noon + 1s));
}

TEST_CASE("set_earlier only ever brings a deadline forward") {
  TimerTable<Bell> timers;
  timers.set_earlier(Bell::first, noon + 2s);
  timers.set_earlier(Bell::first, noon + 3s);
  CHECK(timers.deadline(Bell::first) == noon + 2s);
  timers.set_earlier(Bell::first, noon + 1s);
  CHECK(timers.deadline(Bell::first) == noon + 1s);
  timers.set(Bell::first, noon + 9s);
  CHECK(timers.deadline(Bell::first) == noon + 9s);
}
