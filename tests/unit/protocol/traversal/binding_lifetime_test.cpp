#include "protocol/traversal/binding_lifetime.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

// A router, and a device that is idle behind it.
struct Idle {
  explicit Idle(Duration lifetime) : lifetime(lifetime) {}
  void run(Duration longest) {
    for (Instant end = now + longest; now < end; ++keepalives) {
      Duration idle = binding.keepalive();
      now += idle;
      if (idle > lifetime) ++losses, binding.note_lost(now, idle);
      else binding.note_kept(now, idle);
    }
  }
  Duration lifetime;
  BindingLifetime binding;
  Instant now{1h};
  int keepalives = 0, losses = 0;
};

}  // namespace

TEST_CASE("a router that keeps bindings for long costs a keepalive in 25 s, and no more") {
  Idle idle(300s);
  idle.run(1h);
  CHECK(idle.keepalives == 144);
  CHECK(idle.losses == 0);
}

TEST_CASE("a short lifetime is found after few losses, and most of it used") {
  auto seconds = GENERATE(7, 10, 15, 20, 24);
  CAPTURE(seconds);
  Idle idle(std::chrono::seconds{seconds});
  idle.run(1h);
  CHECK(idle.losses <= 4);
  CHECK(idle.binding.keepalive() <= idle.lifetime);
  CHECK(idle.binding.keepalive() >= idle.lifetime / 2);
}

TEST_CASE("a bound is doubted ever more seldom: a day costs few losses") {
  Idle idle(10s);
  idle.run(24h);
  CHECK(idle.losses <= 16);
  CHECK(idle.binding.keepalive() <= 12s);
}

TEST_CASE("what was no router's doing is forgotten within hours") {
  Idle idle(300s);
  idle.run(1min);
  idle.binding.note_lost(idle.now, 25s);
  CHECK(idle.binding.keepalive() < 13s);
  idle.run(2h);
  CHECK(idle.binding.keepalive() == 25s);
  CHECK_FALSE(idle.binding.lost_after());
}

TEST_CASE("keepalives are never closer together than five seconds, and another network begins anew") {
  Idle idle(2s);
  idle.run(10min);
  CHECK(idle.binding.keepalive() == 5s);
  CHECK(idle.keepalives <= 130);
  idle.binding.note_lost(idle.now, 1s);
  CHECK(idle.binding.keepalive() == 5s);
  idle.binding.forget();
  CHECK(idle.binding.keepalive() == 25s);
}
