#include "daemon/services/service_connector.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/services/fake_flow_port.hpp"

using namespace drawbridge;

namespace {

struct Office {
  Loop loop;
  FakeFlowPort port;
  FlowTable flows{loop, port};
  std::vector<FlowId> accepted;
  std::vector<std::pair<FlowReset, std::string>> refused;
  ServiceConnector connector{loop,
                             flows,
                             {[this](FlowId flow) { accepted.push_back(flow); },
                              [this](FlowId, const std::string&, FlowReset reason, const std::string& message) {
                                refused.emplace_back(reason, message);
                              }}};

  void request(const std::string& target) { connector.handle({7, {PeerRole::device, {}}, "laptop", "db", target}); }
};

}  // namespace

TEST_CASE("a requested flow is accepted when the target is connected, and carries bytes") {
  Office office;
  auto target = listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0)).take();
  office.request(to_text(own_address(target.get())));
  CHECK(office.accepted == std::vector<FlowId>{7});
  FileDescriptor program = accept_stream(target.get());
  REQUIRE(send(program.get(), "banner", 6, 0) == 6);
  REQUIRE(run_until(office.loop, [&] { return to_string(office.port.written) == "banner"; }));
}

TEST_CASE("a target that is down refuses the flow with a reason that services can show until it works again") {
  Office office;
  auto target = listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0)).take();
  SocketAddress address = own_address(target.get());
  target.reset();
  office.request(to_text(address));
  REQUIRE(run_until(office.loop, [&] { return office.refused.size() == 1; }));
  CHECK(office.refused[0].first == FlowReset::target_refused);
  CHECK(office.connector.cause("db") == office.refused[0].second);
  CHECK(office.flows.size() == 0);

  target = listen_tcp(address).take();
  office.request(to_text(address));
  CHECK(office.connector.cause("db").empty());
}

TEST_CASE("a service can be tried without a device: what came of it is told, and the program sees no byte") {
  Office office;
  auto program = listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0)).take();
  Target target = parse_target(to_text(own_address(program.get()))).take();
  int done = 0;
  office.connector.check("db", target, [&] { ++done; });
  REQUIRE(run_until(office.loop, [&] { return done == 1; }));
  CHECK(office.connector.cause("db").empty());
  FileDescriptor visit = accept_stream(program.get());
  char byte;
  REQUIRE(run_until(office.loop, [&] { return recv(visit.get(), &byte, 1, MSG_DONTWAIT) == 0; }));

  program.reset();
  office.connector.check("db", target, [&] { ++done; });
  REQUIRE(run_until(office.loop, [&] { return done == 2; }));
  CHECK_FALSE(office.connector.cause("db").empty());
  CHECK(office.refused.empty());

  office.connector.check("files", parse_target("folder:/srv/files").take(), [&] { ++done; });
  CHECK(done == 3);
}

TEST_CASE("a kind that this process serves itself is opened without dialing") {
  Office office;
  FileDescriptor inside;
  office.connector.serve(Target::Kind::folder,
                         [&](const event::FlowRequested&, const Target& target) -> Result<FileDescriptor> {
                           CHECK(target.path == "/srv/files");
                           int ends[2];
                           REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
                           inside.reset(ends[0]);
                           return FileDescriptor(ends[1]);
                         });
  office.request("folder:/srv/files");
  CHECK(office.accepted.size() == 1);
  REQUIRE(send(inside.get(), "<html>", 6, 0) == 6);
  REQUIRE(run_until(office.loop, [&] { return to_string(office.port.written) == "<html>"; }));
}
