// Against a network that answers in the relay's place, on real sockets.
#include "daemon/relay/relay_links.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "daemon/io/stream_socket.hpp"
#include "daemon/io/system_entropy.hpp"
#include "protocol/relay/wire.hpp"
#include "tests/unit/daemon/run_until.hpp"

using namespace drawbridge;

namespace {

struct Portal {
  Loop loop;
  FileDescriptor listener = listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0)).take(), visitor;
  FdWatch accepting{loop, listener.get(), [this](unsigned) {
                      visitor = accept_stream(listener.get());
                      speaking = FdWatch(loop, visitor.get(), [this](unsigned) { answer(); });
                      speaking.want(FdWatch::readable);
                    }};
  FdWatch speaking;

  Portal() { accepting.want(FdWatch::readable); }
  void answer() {
    char part[4096];
    const std::string head = "HTTP/1.1 302 Found\r\nLocation: http://portal.example/agree\r\n\r\n";
    if (read(visitor.get(), part, sizeof part) <= 0) return speaking.want(0);
    REQUIRE(write(visitor.get(), head.data(), head.size()) == static_cast<ssize_t>(head.size()));
  }
};

}  // namespace

TEST_CASE("a captive portal is told of until the network changes, or a WebSocket ends without meeting it") {
  Portal portal;
  SystemEntropy entropy;
  Log log(open("/dev/null", O_WRONLY | O_CLOEXEC), LogFormat::json, LogLevel::error);
  Node node(NodeConfig{}, entropy);
  RelayLinks links(portal.loop, log, node, entropy);
  auto url = [&](uint16_t port) {
    return relay::to_text({relay::RelayUrl::Transport::ws, "127.0.0.1", port, "/", relay::relay_key_of(identity_from_seed(Secret32{}).id).take()});
  };
  const std::string there = url(own_address(portal.listener.get()).port), refused = url(1);
  links.handle(event::RelayWanted{1, there});
  Path path;
  path.remote.ip[0] = path.remote.ip[7] = 1;
  path.remote.port = 1;
  Transmit run;
  run.path = path;
  // As the node: HELLO, until something has answered.
  REQUIRE(run_until(portal.loop, [&] {
    links.send(run, Bytes(relay::hello_size));
    links.flush();
    return links.captive_portal(there);
  }));
  SECTION("another network") {
    links.handle_network_change();
    CHECK_FALSE(links.captive_portal(there));
  }
  SECTION("one that was made ready beside is refused") {
    links.handle(event::RelayWanted{1, refused, true});
    CHECK(run_until(portal.loop, [&] { return !links.captive_portal(there); }));
  }
}
