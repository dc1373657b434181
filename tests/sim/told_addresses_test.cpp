// Addresses that one end tells the other of itself: an office in offers, a device in candidates.
#include "tests/sim/apart.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

TEST_CASE("of the addresses that an end names, those of no host are sent nothing, now and after a restart") {
  bool by_office = GENERATE(true, false);
  CAPTURE(by_office);
  Apart a(28, nullptr, nullptr);
  a.pair();
  SimNode &teller = by_office ? a.office : a.laptop, &told = by_office ? a.laptop : a.office;
  const SocketAddress group = SocketAddress::v4(224, 0, 0, 77, 7470), nowhere = SocketAddress::v4(0, 0, 0, 0, 7470),
                      portless = SocketAddress::v4(172, 20, 0, 9, 0), host = SocketAddress::v4(172, 20, 0, 8, 7470);
  a.world.capture = true;
  teller.node->handle_network_change(teller.now(), {group, nowhere, portless, host, teller.address});
  a.world.run(10s);
  told.kill();
  told.start();
  CHECK(a.world.run(30s, [&] { return a.connected(); }));
  a.world.run(10s);
  auto sent_to = [&](const SocketAddress& address) {
    return std::count_if(a.world.captured.begin(), a.world.captured.end(), [&](const Captured& one) { return one.path.remote == address; });
  };
  CHECK(sent_to(host) > 0);  // so the others would have been, too
  CHECK(sent_to(group) == 0);
  CHECK(sent_to(nowhere) == 0);
  CHECK(sent_to(portless) == 0);
}
