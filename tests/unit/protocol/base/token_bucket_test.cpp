#include "protocol/base/token_bucket.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;

namespace {

constexpr Instant noon{Duration(std::chrono::hours(12))};

int taken(TokenBucket& bucket, Instant now) {
  int count = 0;
  while (count < 1000 && bucket.take(now)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a burst goes through at once, and no more") {
  TokenBucket bucket(5, 20);
  CHECK(taken(bucket, noon) == 20);
  CHECK_FALSE(bucket.take(noon));
}

TEST_CASE("tokens come back at the rate and never above the burst") {
  TokenBucket bucket(5, 20);
  taken(bucket, noon);
  CHECK_FALSE(bucket.take(noon + 199ms));
  CHECK(bucket.take(noon + 200ms));
  CHECK(taken(bucket, noon + 1200ms) == 5);
  CHECK(taken(bucket, noon + std::chrono::hours(100)) == 20);
}

TEST_CASE("over a long while no more than the rate goes through, however often one asks") {
  TokenBucket bucket(100, 1);
  int count = 0;
  for (int ms = 0; ms < 10'000; ++ms) count += bucket.take(noon + ms * 1ms);
  CHECK(count <= 1001);
  CHECK(count >= 900);  // tenths of tokens do not add up exactly
}

TEST_CASE("a clock that goes back gives nothing") {
  TokenBucket bucket(5, 1);
  CHECK(bucket.take(noon));
  CHECK_FALSE(bucket.take(noon - 10s));
  CHECK_FALSE(bucket.take(noon));
}
