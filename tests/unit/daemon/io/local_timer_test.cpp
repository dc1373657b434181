#include <catch2/catch.hpp>

#include "daemon/io/watch.hpp"
#include "tests/unit/daemon/run_until.hpp"

using namespace drawbridge;

TEST_CASE("a timer that starts itself again for less than a millisecond keeps nothing else from running") {
  Loop loop;
  int rounds = 0;
  bool other = false;
  LocalTimer* restarted = nullptr;
  LocalTimer eager(loop, [&] {
    // Far more than the other one needs; then it is no longer waited for.
    if (++rounds < 100'000) restarted->start(rounds % 2 ? 400us : 0us);
  });
  restarted = &eager;
  LocalTimer patient(loop, [&] { other = true; });
  patient.start(20ms);
  eager.start(0ms);
  CHECK(run_until(loop, [&] { return other; }));
  CHECK(rounds < 100'000);
}
