// The table of relays by itself: what drivers may rely on in its numbers.
#include "protocol/relay/relay_table.hpp"

#include <catch2/catch.hpp>

#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::relay;

namespace {

RelayAddress relay_of(sim::SeededEntropy& entropy) {
  RelayAddress address;
  RelayUrl url;
  url.host = "192.0.2.1";
  url.port = 7471;
  url.key = relay_key_of(identity_from_seed(entropy.secret32()).id).take();
  address.url = to_text(url);
  return address;
}

// Opens a mailbox at a relay that nobody has heard of, and leaves it; the relay's number.
uint16_t come_and_go(RelayTable& table, sim::SeededEntropy& entropy) {
  Instant now{1h};
  auto mailbox = table.open(now, relay_of(entropy), entropy.secret32(), End::device);
  REQUIRE(mailbox);
  uint16_t number = table.poll_wanted().value().number;
  table.close(*mailbox);
  std::array<uint8_t, largest_control> buffer;
  while (table.poll_transmit(now, buffer).length > 0) {
  }
  table.handle_timeout(now);
  while (auto wanted = table.poll_wanted()) CHECK(wanted->number == number);
  CHECK(table.statuses().empty());
  return number;
}

}  // namespace

TEST_CASE("the number of a relay that was left is not given to the next, so that a late answer is not taken for its own") {
  sim::SeededEntropy entropy(1);
  RelayTable table(entropy);
  uint16_t first = come_and_go(table, entropy);
  CHECK(first != 0);
  CHECK(come_and_go(table, entropy) != first);
  auto mailbox = table.open(Instant{1h}, relay_of(entropy), entropy.secret32(), End::device);
  REQUIRE(mailbox);
  uint16_t number = table.poll_wanted().value().number;
  table.handle_link(Instant{1h}, first, Path{{}, SocketAddress::v4(198, 51, 100, 1, 1)});
  std::array<uint8_t, largest_control> buffer;
  CHECK(table.poll_transmit(Instant{1h}, buffer).length == 0);
  table.handle_link(Instant{1h}, number, Path{{}, SocketAddress::v4(198, 51, 100, 2, 1)});
  CHECK(table.poll_transmit(Instant{1h}, buffer).path.remote == SocketAddress::v4(198, 51, 100, 2, 1));
}
