// Addresses that one end tells the other of itself.
#include "tests/sim/apart.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

TEST_CASE("an office names its addresses: what is no host's address is sent nothing, now and after a restart") {
  Apart a(28, nullptr, nullptr);
  a.pair();
  const SocketAddress group = SocketAddress::v4(224, 0, 0, 251, 7470), nowhere = SocketAddress::v4(0, 0, 0, 0, 7470),
                      portless = SocketAddress::v4(172, 20, 0, 9, 0), host = SocketAddress::v4(172, 20, 0, 8, 7470);
  a.office.node->handle_network_change(a.office.now(), {group, nowhere, portless, host, a.office.address});
  a.world.run(10s);
  a.laptop.kill();
  a.laptop.start();
  CHECK(a.world.run(10s, [&] { return a.connected(); }));
  a.world.run(10s);
  auto heard = [&](const SocketAddress& address) { return a.world.received_by_stranger[address]; };
  CHECK(heard(host) > 0);  // so the others would have been, too
  CHECK(heard(group) == 0);
  CHECK(heard(nowhere) == 0);
  CHECK(heard(portless) == 0);
}
