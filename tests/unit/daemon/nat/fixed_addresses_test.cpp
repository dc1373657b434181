#include "daemon/nat/fixed_addresses.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/run_until.hpp"

using namespace drawbridge;
using traversal::FixedAddress;

namespace {

struct Looking {
  Loop loop;
  int changes = 0;
  FixedAddresses fixed{loop, [this] { ++changes; }};
};

SocketAddress address(const char* text) { return parse_socket_address(text).take(); }

}  // namespace

TEST_CASE("an address needs no lookup and is there at once") {
  Looking l;
  l.fixed.want({{"203.0.113.7", 7470}, {"2001:db8::7", 443}});
  CHECK(l.fixed.all() == std::vector<SocketAddress>{address("203.0.113.7:7470"), address("[2001:db8::7]:443")});
  CHECK(l.changes > 0);
  int before = l.changes;
  l.fixed.handle_network_change();
  CHECK(l.changes == before);
}

TEST_CASE("a name that leads nowhere else than to this machine is a failure, told in a sentence") {
  Looking l;
  l.fixed.want({{"localhost", 7470}, {"203.0.113.7", 7470}});
  REQUIRE(run_until(l.loop, [&] { return !l.fixed.findings()[0].failure.empty(); }));
  CHECK(l.fixed.findings()[0].failure == "The name localhost was not found.");
  CHECK(l.fixed.all() == std::vector<SocketAddress>{address("203.0.113.7:7470")});
}

TEST_CASE("what is not wanted any more is forgotten, and what stays keeps its place") {
  Looking l;
  l.fixed.want({{"203.0.113.7", 1}, {"203.0.113.8", 2}});
  l.fixed.want({{"203.0.113.8", 2}});
  CHECK(l.fixed.all() == std::vector<SocketAddress>{address("203.0.113.8:2")});
  l.fixed.want({});
  CHECK(l.fixed.all().empty());
  CHECK(l.fixed.findings().empty());
}

TEST_CASE("a lookup that is under way does no harm when its asker is gone") {
  int changes = 0;
  {
    Loop loop;  // ends when the lookup has
    FixedAddresses(loop, [&] { ++changes; }).want({{"localhost", 7470}});
  }
  CHECK(changes == 0);
}
