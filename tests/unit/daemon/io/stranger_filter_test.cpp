#include "daemon/io/stranger_filter.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;

namespace {

SocketAddress numbered(int number) { return SocketAddress::v4(192, 0, 2, static_cast<uint8_t>(number), static_cast<uint16_t>(1024 + number)); }

// The next of the numbered addresses that takes a place which `one` could have: it is the one that puts it out.
int next_rival(Loop& loop, const SocketAddress& one, int after) {
  StrangerFilter filter(loop, -1, true, 1'000);
  filter.sent_to(one);
  while (filter.knows(one)) filter.sent_to(numbered(++after));
  return after;
}

}  // namespace

TEST_CASE("addresses of one place that are sent to stay known, however many others come there once") {
  Loop loop;
  std::vector<SocketAddress> one_place{numbered(0)};
  for (int at = 0; one_place.size() < 12;) one_place.push_back(numbered(at = next_rival(loop, one_place[0], at)));
  StrangerFilter filter(loop, -1, true, 1'000);
  for (size_t once = 3; once < one_place.size(); ++once) {
    for (size_t active = 0; active < 3; ++active) filter.sent_to(one_place[active]);
    filter.sent_to(one_place[once]);
    for (size_t active = 0; active < 3; ++active) CHECK(filter.knows(one_place[active]));
  }
  CHECK_FALSE(filter.knows(one_place[3]));
}
