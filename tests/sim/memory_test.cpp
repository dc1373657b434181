// What is over must leave nothing in memory, at either end: a bridge is open for months.
#include <malloc.h>

#include <algorithm>
#include <array>

#include "tests/sim/office_fixture.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

struct Traffic : Office {
  Traffic() {
    office.refusing.insert("closed");
    for (const char* name : {"source", "closed"}) office.expose(name);
    office.expose("voice", "udp");
    world.run(1s);
  }

  // The world's own memory of what happened is not the nodes'.
  void forget() {
    for (SimNode* node : {&office, &laptop}) {
      node->events.clear();
      node->flows.clear();
      node->results.clear();
      std::erase_if(node->disk, [](const auto& row) { return row.first.first == RowKind::audit; });
    }
  }

  void each_kind_once() {
    SimFlow& echoed = echo(100);
    SimFlow& refused = laptop.open(office_id(), "closed", 10);
    SimFlow& unknown = laptop.open(office_id(), "nothing", 10);
    SimFlow& abandoned = echo(100, false);
    SimFlow& call = laptop.open_datagrams(office_id(), "voice");
    laptop.send_datagram(call, Bytes(160));
    REQUIRE(world.run(10s, [&] { return echoed.ended && refused.ended && unknown.ended && abandoned.read == 100 && call.arrived.size() == 1; }));
    laptop.node->reset_flow(laptop.now(), abandoned.id, FlowReset::aborted);
    laptop.node->reset_flow(laptop.now(), call.id, FlowReset::aborted);
    REQUIRE(world.run(10s, [&] { return office_is_at_rest(); }));
    forget();
  }
  bool office_is_at_rest() const {
    return std::ranges::all_of(office.flows, [](const auto& flow) { return flow.second.ended || flow.second.id == 0; });
  }

  // Bytes in use after so many connections of each kind, less than a minute after the last.
  size_t in_use_after(int rounds) {
    for (int i = 0; i < rounds; ++i) each_kind_once();
    world.run(30s);
    forget();
    return mallinfo2().uordblks;  // a sanitizer's allocator says 0
  }
};

}  // namespace

TEST_CASE("connections that are over leave nothing in memory at either end") {
  Traffic bridge;
  size_t warm = bridge.in_use_after(300);
  size_t later = bridge.in_use_after(300);
  INFO(warm << " bytes in use, then " << later);
  CHECK(later < warm + 300 * 5 * 16 / 2);  // 8 bytes a connection: less than any entry of any table
}

TEST_CASE("downloads that are over leave nothing in memory at either end") {
  Traffic bridge;
  auto download = [&](int together) {
    for (int i = 0; i < together; ++i) bridge.laptop.open(bridge.office_id(), "source", 0);
    auto over = [](const auto& flow) { return flow.second.ended; };
    REQUIRE(bridge.world.run(60s, [&] { return std::ranges::all_of(bridge.laptop.flows, over) && bridge.office_is_at_rest(); }));
    bridge.forget();
  };
  for (int i = 0; i < 10; ++i) download(16);  // until the pool of chunks is full
  size_t warm = bridge.in_use_after(1);
  for (int i = 0; i < 100; ++i) download(1);
  size_t later = bridge.in_use_after(1);
  INFO(warm << " bytes in use, then " << later);
  CHECK(later < warm + 16 * 1024);
}

TEST_CASE("what is kept for transfers to come is given back on demand, and transfers go on") {
  Traffic bridge;
  SimFlow& flow = bridge.echo(8'000'000, false);
  REQUIRE(bridge.world.run(60s, [&] { return flow.read == flow.to_write; }));
  size_t loaded = mallinfo2().uordblks;
  for (SimNode* node : {&bridge.office, &bridge.laptop}) node->node->release_spare_memory();
  size_t idle = mallinfo2().uordblks;
  INFO(loaded << " bytes in use, then " << idle);
  CHECK((loaded == 0 || idle + 512 * 1024 < loaded));  // a sanitizer's allocator says 0
  CHECK(bridge.echoes_more(flow, 1'000'000, 60s));
}

TEST_CASE("devices that come, go and move leave nothing in memory at the office") {
  Traffic bridge;
  std::array<SocketAddress, 24> addresses;  // the world keeps a link for each
  for (SocketAddress& address : addresses) address = bridge.world.fresh_address();
  auto in_use_after = [&](size_t times) {
    for (size_t i = 0; i < times; ++i) {
      bridge.laptop.shut_down();
      bridge.world.run(10s);
      bridge.laptop.start();
      REQUIRE(bridge.answers(30s));
      bridge.laptop.move(addresses[i % addresses.size()]);
      REQUIRE(bridge.answers(30s));
      bridge.forget();
    }
    return bridge.in_use_after(1);
  };
  in_use_after(48);  // until the histories are full
  size_t warm = in_use_after(1);
  size_t later = in_use_after(48);
  INFO(warm << " bytes in use, then " << later);
  CHECK(later < warm + 8 * 1024);
}

TEST_CASE("days in which nothing happens take no memory") {
  Traffic bridge;
  auto in_use_after = [&](Duration time) {
    bridge.world.run(time);
    bridge.forget();
    return bridge.in_use_after(1);
  };
  size_t warm = in_use_after(6h);
  size_t later = in_use_after(48h);
  INFO(warm << " bytes in use, then " << later);
  CHECK(later < warm + 4 * 1024);
}
