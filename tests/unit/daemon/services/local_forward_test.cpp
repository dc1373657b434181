#include "daemon/services/local_forward.hpp"

#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "daemon/io/stream_socket.hpp"
#include "daemon/services/forward_address.hpp"
#include "daemon/storage/write_queue.hpp"
#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/services/fake_flow_port.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

struct Laptop {
  TemporaryFolder folder;
  RowStore store = RowStore::open(folder.file("state.db"), {}).take();
  Loop loop;
  WriteQueue queue{loop, store, [](uint64_t, const Result<void>&) {}};
  Settings settings{store.settings().take(), queue};
  FakeFlowPort port;
  FlowTable flows{loop, port};
  SocketOwners owners;
  LocalUsers users{geteuid()};
  std::vector<std::string> opened;
  std::vector<LocalRefusal> refused;
  std::unique_ptr<LocalForward> forward = make();

  std::unique_ptr<LocalForward> make() {
    return std::make_unique<LocalForward>(
        loop, flows, settings, owners, users,
        LocalForward::Hooks{[this](const DeviceId&, const std::string& service) -> Result<FlowId> {
                              opened.push_back(service);
                              return FlowId{opened.size()};
                            },
                            [this](const LocalRefusal& refusal) { refused.push_back(refusal); }});
  }
  std::optional<SocketAddress> at(const std::string& service) { return forward->address(office, service); }
  DeviceId office{{1, 2, 3}};
  OfferedService offered(const std::string& name, uint16_t native) {
    return {{PeerRole::office, office}, name, "tcp", native};
  }
};

// A port that nobody else uses at the moment, on every address of this machine.
uint16_t free_port() {
  return own_address(listen_tcp(SocketAddress::v4(0, 0, 0, 0, 0)).take().get()).port;
}

bool in_our_range(const SocketAddress& address) {
  return address.ip[12] == 127 && address.ip[13] == 83;
}

}  // namespace

TEST_CASE("an offered service gets an address of 127.83 with its native port, and a connection becomes a flow") {
  Laptop laptop;
  uint16_t native = free_port();
  laptop.forward->offer({laptop.offered("db", native)});
  REQUIRE(laptop.at("db"));
  CHECK(in_our_range(*laptop.at("db")));
  CHECK(laptop.at("db")->port == native);

  ConnectAttempt program = connect_tcp(*laptop.at("db"));
  REQUIRE(send(program.fd.get(), "hello", 5, 0) == 5);
  REQUIRE(run_until(laptop.loop, [&] { return laptop.port.written.size() == 5; }));
  CHECK(laptop.opened == std::vector<std::string>{"db"});
}

TEST_CASE("a native port that is taken moves 20000 up, and stays there at the next start") {
  Laptop laptop;
  uint16_t native = 21'317;
  auto other_program = listen_tcp(SocketAddress::v4(0, 0, 0, 0, native));
  REQUIRE(other_program.ok());
  laptop.forward->offer({laptop.offered("db", native)});
  REQUIRE(laptop.at("db"));
  SocketAddress chosen = *laptop.at("db");
  CHECK(chosen.port == native + 20'000);

  laptop.forward.reset();
  other_program->reset();
  laptop.forward = laptop.make();
  laptop.forward->offer({laptop.offered("db", native)});
  CHECK(laptop.at("db") == chosen);
  REQUIRE(run_until(laptop.loop, [&] { return laptop.queue.idle(); }));
  CHECK(laptop.store.settings()->size() == 1);
}

TEST_CASE("a service that is offered no more loses its listener, and the others keep theirs") {
  Laptop laptop;
  laptop.forward->offer({laptop.offered("a", free_port()), laptop.offered("b", free_port())});
  SocketAddress a = *laptop.at("a"), b = *laptop.at("b");
  CHECK(a.ip != b.ip);
  laptop.forward->offer({laptop.offered("b", 1)});
  CHECK_FALSE(laptop.at("a"));
  CHECK(laptop.at("b") == b);
  CHECK(connect_tcp(a).number == ECONNREFUSED);
}

TEST_CASE("another user's program is reset, reported, and opens no flow") {
  Laptop laptop;
  laptop.users = {geteuid() + 1};
  laptop.forward->offer({laptop.offered("db", free_port())});
  ConnectAttempt program = connect_tcp(*laptop.at("db"));
  REQUIRE(run_until(laptop.loop, [&] { return laptop.refused.size() == 1; }));
  CHECK(laptop.refused[0].user == geteuid());
  char byte;
  CHECK(recv(program.fd.get(), &byte, 1, 0) == -1);
  CHECK(errno == ECONNRESET);
  CHECK(laptop.opened.empty());
}

TEST_CASE("addresses of different services differ while there are any left") {
  auto taken_once = forward_ip("office/db", [](const SocketAddress&) { return false; });
  auto next = forward_ip("office/db", [&](const SocketAddress& address) { return address == taken_once; });
  CHECK(next != taken_once);
  CHECK(in_our_range(next));
  CHECK(forward_ip("office/db", [](const SocketAddress&) { return false; }) == taken_once);
}

TEST_CASE("the ports tried start at the native one and never leave the range") {
  CHECK(forward_ports(5432)[0] == 5432);
  CHECK(forward_ports(5432)[1] == 25432);
  CHECK(forward_ports(0)[0] == 28000);
  for (uint16_t port : forward_ports(65535)) CHECK(port >= 1024);
}
