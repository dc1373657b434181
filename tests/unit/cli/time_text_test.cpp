#include "cli/time_text.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>

using namespace drawbridge::cli;

namespace {

// The tests' local time: one hour east of UTC, without summer time.
struct FixedZone {
  FixedZone() {
    setenv("TZ", "FIX-1", 1);
    tzset();
  }
  ~FixedZone() {
    unsetenv("TZ");
    tzset();
  }
};

}  // namespace

TEST_CASE("durations are a whole number and a unit") {
  CHECK(parse_duration("90s").value().count() == 90'000);
  CHECK(parse_duration("10m").value().count() == 600'000);
  CHECK(parse_duration("2h").value().count() == 7'200'000);
  CHECK(parse_duration("7d").value().count() == 604'800'000);
  auto wrong = GENERATE("", "s", "10", "10x", "1.5h", "-1s", "0s", "10 m", "10mm", "99999999999999999999s", "9999999d");
  CAPTURE(wrong);
  CHECK_FALSE(parse_duration(wrong).ok());
}

TEST_CASE("a time without an offset is local, with one it is exact") {
  FixedZone zone;
  CHECK(parse_time("2025-03-01T09:30", DateMeans::start_of_day).value() == "2025-03-01T08:30:00.000Z");
  CHECK(parse_time("2025-03-01T09:30:15.25Z", DateMeans::start_of_day).value() == "2025-03-01T09:30:15.250Z");
  CHECK(parse_time("2025-03-01T00:30+02:00", DateMeans::start_of_day).value() == "2025-02-28T22:30:00.000Z");
}

TEST_CASE("a bare date is its first or its last moment") {
  FixedZone zone;
  CHECK(parse_time("2025-03-01", DateMeans::start_of_day).value() == "2025-02-28T23:00:00.000Z");
  CHECK(parse_time("2025-03-01", DateMeans::end_of_day).value() == "2025-03-01T22:59:59.999Z");
}

TEST_CASE("what is no date is refused") {
  auto wrong = GENERATE("", "tomorrow", "2025-13-01", "2025-02-30", "2025-3-1", "2025-03-01T25:00", "2025-03-01T09:30X",
                        "2025-03-01T09:30Zz", "01.03.2025");
  CAPTURE(wrong);
  CHECK_FALSE(parse_time(wrong, DateMeans::start_of_day).ok());
}

TEST_CASE("RFC 3339 times come back from their number") {
  int64_t number =
      GENERATE(int64_t{0}, int64_t{951'782'400'001}, int64_t{1'740'821'400'123}, int64_t{4'102'444'799'999});
  CHECK(parse_rfc3339(to_rfc3339(number)).value() == number);
}

TEST_CASE("times for people are relative within a week") {
  FixedZone zone;
  int64_t now = parse_rfc3339("2025-03-01T12:00:00.000Z").value();
  CHECK(relative_time("2025-03-01T11:59:59.900Z", now) == "just now");
  CHECK(relative_time("2025-03-01T11:57:00.000Z", now) == "3 minutes ago");
  CHECK(relative_time("2025-03-01T12:09:59.000Z", now) == "in 10 minutes");
  CHECK(relative_time("2025-03-01T12:59:59.000Z", now) == "in 1 hour");
  CHECK(relative_time("2025-03-01T13:00:00.000Z", now) == "in 1 hour");
  CHECK(relative_time("2025-02-01T12:00:00.000Z", now) == "2025-02-01 13:00");
  CHECK(relative_time("never", now) == "never");
}
