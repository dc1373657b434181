#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "daemon/io/datagram_socket.hpp"
#include "daemon/services/datagram_forward.hpp"
#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/services/fake_flow_port.hpp"

using namespace drawbridge;

namespace {

const SocketAddress any_port = SocketAddress::v4(127, 0, 0, 1, 0);

Bytes text(const std::string& said) { return Bytes(said.begin(), said.end()); }

// What has arrived at a socket of the test; empty: nothing yet.
std::string heard(int fd) {
  char buffer[65536];
  ssize_t length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  return length < 0 ? "" : std::string(buffer, static_cast<size_t>(length));
}

struct Device {
  Loop loop;
  FakeFlowPort port;
  FlowTable flows{loop, port};
  SocketOwners owners;
  LocalUsers users{geteuid()};
  FlowId opened = 0;
  std::vector<LocalRefusal> refused;
  std::unique_ptr<DatagramForward> forward;

  explicit Device(Duration idle = datagram_flow_idle) {
    forward = std::make_unique<DatagramForward>(DatagramForward::Around{loop, flows, port, owners, users}, open_datagram_socket(any_port).take(),
                                                DatagramForward::Callbacks{[this]() -> Result<FlowId> { return ++opened; },
                                                                           [this](const LocalRefusal& refusal) { refused.push_back(refusal); }},
                                                idle);
  }
  FileDescriptor program() { return connect_datagrams(forward->address()).fd; }
};

}  // namespace

TEST_CASE("each program that sends datagrams has a flow of its own, and hears its answers from where it asked") {
  Device device;
  FileDescriptor one = device.program(), two = device.program();
  REQUIRE(send(one.get(), "a", 1, 0) == 1);
  REQUIRE(send(one.get(), "b", 1, 0) == 1);
  REQUIRE(run_until(device.loop, [&] { return device.port.datagrams_sent.size() == 2; }));
  CHECK(device.opened == 1);
  REQUIRE(send(two.get(), "", 0, 0) == 0);
  REQUIRE(run_until(device.loop, [&] { return device.opened == 2; }));
  CHECK(device.port.datagrams_sent[2].empty());
  device.port.datagrams = {text("first"), text("second")};
  device.flows.handle(event::FlowReadable{1});
  CHECK(heard(one.get()) == "first");
  CHECK(heard(one.get()) == "second");
  CHECK(heard(two.get()).empty());
}

TEST_CASE("a program of another user sends no datagram through the bridge, and is reported once a second at most") {
  Device device;
  device.users = {geteuid() + 1};
  FileDescriptor program = device.program();
  for (int i = 0; i < 10; ++i) REQUIRE(send(program.get(), "x", 1, 0) == 1);
  REQUIRE(run_until(device.loop, [&] { return !device.refused.empty(); }));
  CHECK(device.refused.size() == 1);
  CHECK(device.refused[0].user == geteuid());
  CHECK(device.opened == 0);
}

TEST_CASE("of too many senders the one that was silent longest makes room") {
  Device device;
  std::vector<FileDescriptor> programs;
  for (int i = 0; i < 257; ++i) {
    programs.push_back(device.program());
    REQUIRE(send(programs.back().get(), "x", 1, 0) == 1);
    REQUIRE(run_until(device.loop, [&] { return device.opened == static_cast<FlowId>(i + 1); }));
  }
  CHECK(device.forward->clients() == 256);
}

TEST_CASE("a sender that falls silent is forgotten, and its flow ended") {
  Device device(Duration(20ms));
  FileDescriptor program = device.program();
  REQUIRE(send(program.get(), "x", 1, 0) == 1);
  REQUIRE(run_until(device.loop, [&] { return device.opened == 1; }));
  REQUIRE(run_until(device.loop, [&] { return device.port.finished; }));
  CHECK(device.forward->clients() == 0);
  device.port.datagrams = {text("late")};
  device.flows.handle(event::FlowReadable{1});
  CHECK(device.port.datagrams.empty());
  CHECK(heard(program.get()).empty());
}

TEST_CASE("a service that is withdrawn ends its flows, and what comes after touches nothing") {
  Device device;
  FileDescriptor program = device.program();
  REQUIRE(send(program.get(), "x", 1, 0) == 1);
  REQUIRE(run_until(device.loop, [&] { return device.opened == 1; }));
  device.forward.reset();
  CHECK(device.port.finished);
  device.port.datagrams = {text("late")};
  device.flows.handle(event::FlowReadable{1});
  CHECK(device.port.datagrams.empty());
  device.flows.handle(event::FlowEnded{1, FlowReset::none, ""});
}

TEST_CASE("a program that sends datagrams is carried both ways, and its absence is told without an end") {
  Loop loop;
  FakeFlowPort port;
  std::vector<bool> told;
  FileDescriptor program = open_datagram_socket(any_port).take();
  SocketAddress at = own_address(program.get());
  DatagramPump pump(loop, port, 1, connect_datagrams(at).fd, [&](bool answers) { told.push_back(answers); });
  port.datagrams = {text("question"), Bytes()};
  pump.start();
  char buffer[64];
  sockaddr_storage from;
  socklen_t size = sizeof from;
  REQUIRE(recvfrom(program.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size) == 8);
  REQUIRE(recv(program.get(), buffer, sizeof buffer, 0) == 0);
  REQUIRE(sendto(program.get(), "answer", 6, 0, reinterpret_cast<sockaddr*>(&from), size) == 6);
  REQUIRE(run_until(loop, [&] { return port.datagrams_sent.size() == 1; }));
  CHECK(port.datagrams_sent[0] == text("answer"));
  CHECK(told == std::vector<bool>{true});

  program.reset();
  port.datagrams = {text("anybody?")};
  pump.flow_readable();
  REQUIRE(run_until(loop, [&] { return told.size() >= 2; }));
  CHECK_FALSE(told.back());
  CHECK_FALSE(port.finished);
  FileDescriptor back = open_datagram_socket(at).take();
  port.datagrams = {text("again")};
  pump.flow_readable();
  CHECK(heard(back.get()) == "again");
}

TEST_CASE("a silent flow of datagrams is ended by the office, which lets go what still comes") {
  Loop loop;
  FakeFlowPort port;
  FileDescriptor program = open_datagram_socket(any_port).take();
  DatagramPump pump(loop, port, 1, connect_datagrams(own_address(program.get())).fd, [](bool) {}, Duration(20ms));
  pump.start();
  REQUIRE(run_until(loop, [&] { return port.finished; }));
  port.datagrams = {text("late")};
  pump.flow_readable();
  CHECK(port.datagrams.empty());
  CHECK(heard(program.get()).empty());
}
