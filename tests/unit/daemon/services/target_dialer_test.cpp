#include "daemon/services/target_dialer.hpp"

#include <sys/un.h>

#include <catch2/catch.hpp>

#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

struct Dial {
  Loop loop;
  FileDescriptor fd;
  std::optional<DialFailure> failure;
  std::unique_ptr<TargetDialer> dialer;

  void start(const std::string& target) {
    dialer = std::make_unique<TargetDialer>(
        loop, parse_target(target).take(),
        TargetDialer::Callbacks{[this](FileDescriptor connected) { fd = std::move(connected); },
                                [this](DialFailure failed) { failure = failed; }});
    dialer->start();
  }
  bool until_done() {
    return run_until(loop, [this] { return fd || failure; });
  }
};

uint16_t port_of(const FileDescriptor& listener) {
  return own_address(listener.get()).port;
}

}  // namespace

TEST_CASE("a program on an address or behind a name is reached") {
  auto host = GENERATE(as<std::string>{}, "127.0.0.1", "localhost", "[::1]");
  auto listener = listen_tcp(parse_socket_address(host == "[::1]" ? "[::1]:0" : "127.0.0.1:0").take()).take();
  Dial dial;
  dial.start(host + ":" + std::to_string(port_of(listener)));
  REQUIRE(dial.until_done());
  CHECK(dial.fd);
}

TEST_CASE("a program on loopback is reached within the call, without another turn of the loop") {
  auto listener = listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0)).take();
  Dial dial;
  dial.start("127.0.0.1:" + std::to_string(port_of(listener)));
  CHECK(dial.fd);
}

TEST_CASE("a port where nobody listens is a refusal that names the target") {
  uint16_t port = port_of(listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0)).take());
  Dial dial;
  dial.start("127.0.0.1:" + std::to_string(port));
  REQUIRE(dial.until_done());
  REQUIRE(dial.failure);
  CHECK(dial.failure->reason == FlowReset::target_refused);
  CHECK(dial.failure->message.find("127.0.0.1 port " + std::to_string(port)) != std::string::npos);
}

TEST_CASE("a name that does not exist is unreachable") {
  Dial dial;
  dial.start("no-such-host.invalid:80");
  REQUIRE(dial.until_done());
  REQUIRE(dial.failure);
  CHECK(dial.failure->reason == FlowReset::target_unreachable);
}

TEST_CASE("a Unix socket is reached, and one that is not there is a refusal") {
  TemporaryFolder folder;
  SystemAddress address;
  REQUIRE(to_system(folder.file("app.sock"), address));
  FileDescriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(bind(listener.get(), address.get(), address.length) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  Dial there, missing;
  there.start("unix:" + folder.file("app.sock"));
  CHECK(there.fd);
  missing.start("unix:" + folder.file("none.sock"));
  REQUIRE(missing.failure);
  CHECK(missing.failure->reason == FlowReset::target_refused);
}

TEST_CASE("a dialer may go away while a name is looked up") {
  Dial dial;
  dial.start("localhost:9");
  dial.dialer.reset();
  CHECK_FALSE(dial.failure);
}
