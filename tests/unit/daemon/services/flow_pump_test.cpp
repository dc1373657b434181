#include "daemon/services/flow_pump.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "daemon/io/stream_socket.hpp"
#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/services/fake_flow_port.hpp"

using namespace drawbridge;

namespace {

// A local program's TCP connection on the far side of a pump.
struct Pumped {
  Loop loop;
  FakeFlowPort port;
  FileDescriptor program;
  FlowPump::Farewells farewells;
  std::unique_ptr<FlowPump> pump;
  bool finished = false;

  Pumped() {
    auto listener = listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0)).take();
    ConnectAttempt attempt = connect_tcp(own_address(listener.get()));
    REQUIRE(attempt.state == ConnectState::connected);
    program = std::move(attempt.fd);
    FileDescriptor accepted;
    REQUIRE(run_until(loop, [&] { return static_cast<bool>(accepted = accept_stream(listener.get())); }));
    pump = std::make_unique<FlowPump>(loop, port, FlowId{1}, std::move(accepted), farewells,
                                      [this] { finished = true; });
    pump->start();
  }
  void say(const std::string& text) {
    REQUIRE(send(program.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  // What the program can read now; sets `ended` or `number` (errno).
  std::string hear() {
    std::string all(1 << 20, 0);
    ssize_t length = recv(program.get(), all.data(), all.size(), 0);
    ended = length == 0;
    number = length < 0 ? errno : 0;
    all.resize(length > 0 ? static_cast<size_t>(length) : 0);
    return all;
  }
  void peer_sends(const std::string& text) {
    append(port.incoming, as_bytes(text));
    pump->flow_readable();
  }
  bool ended = false;
  int number = 0;
};

}  // namespace

TEST_CASE("bytes pass both ways unchanged") {
  Pumped flow;
  flow.say("SELECT 1;");
  REQUIRE(run_until(flow.loop, [&] { return to_string(flow.port.written) == "SELECT 1;"; }));
  flow.peer_sends("1 row");
  std::string heard;
  REQUIRE(run_until(flow.loop, [&] { return (heard += flow.hear()) == "1 row"; }));
  CHECK(flow.port.consumed == 5);
}

TEST_CASE("a flow without space makes the local program wait, and goes on when there is space") {
  Pumped flow;
  flow.port.space = 10;
  flow.say("0123456789abcdef");
  REQUIRE(run_until(flow.loop, [&] { return flow.port.written.size() == 10; }));
  flow.port.space = 100;
  flow.pump->flow_writable();
  REQUIRE(run_until(flow.loop, [&] { return to_string(flow.port.written) == "0123456789abcdef"; }));
}

TEST_CASE("a program that does not read leaves the bytes in the flow, so that the peer gets no credit") {
  Pumped flow;
  const size_t total = 64 * 1024 * 1024;
  std::string much(total, 'x');
  flow.peer_sends(much);
  size_t taken = flow.port.consumed;
  CHECK(taken < total);
  size_t heard = 0;
  REQUIRE(run_until(flow.loop, [&] { return (heard += flow.hear().size()) == total; }));
  CHECK(flow.port.consumed == total);
}

TEST_CASE("a half-close passes each way on its own, and the pump is finished after both") {
  Pumped flow;
  flow.say("request");
  shutdown(flow.program.get(), SHUT_WR);
  REQUIRE(run_until(flow.loop, [&] { return flow.port.finished; }));
  CHECK(to_string(flow.port.written) == "request");
  CHECK_FALSE(flow.finished);

  flow.peer_sends("answer");
  flow.port.peer_finished = true;
  flow.pump->flow_readable();
  CHECK(flow.finished);
  std::string heard;
  REQUIRE(run_until(flow.loop, [&] { return heard += flow.hear(), flow.ended; }));
  CHECK(heard == "answer");
}

TEST_CASE("a reset by the local program resets the flow") {
  Pumped flow;
  reset_on_close(flow.program.get());
  flow.program.reset();
  REQUIRE(run_until(flow.loop, [&] { return flow.port.reset == FlowReset::aborted; }));
  CHECK(flow.finished);
}

TEST_CASE("a program that answers early and closes does not lose its answer, and the peer may go on sending") {
  Pumped flow;
  flow.peer_sends("POST / HTTP/1.1");
  std::string heard;
  REQUIRE(run_until(flow.loop, [&] { return (heard += flow.hear()) == "POST / HTTP/1.1"; }));
  flow.say("413 Content Too Large");
  flow.program.reset();  // all was read: an end of stream, not a reset
  REQUIRE(run_until(flow.loop, [&] { return flow.port.finished; }));
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 20; ++i) {
    flow.peer_sends(piece);
    REQUIRE(run_until(flow.loop, [&] { return flow.port.incoming.empty(); }));
  }
  CHECK(to_string(flow.port.written) == "413 Content Too Large");
  CHECK(flow.port.reset == FlowReset::none);
  CHECK(flow.port.incoming.empty());
  CHECK_FALSE(flow.finished);
  flow.port.peer_finished = true;
  flow.pump->flow_readable();
  CHECK(flow.finished);
  CHECK(flow.port.reset == FlowReset::none);
}

TEST_CASE("a peer that never stops sending to a program that has closed is stopped") {
  Pumped flow;
  flow.say("413");
  flow.program.reset();
  REQUIRE(run_until(flow.loop, [&] { return flow.port.finished; }));
  const std::string piece(1'000'000, 'x');
  for (int i = 0; i < 100 && !flow.finished; ++i) {
    flow.peer_sends(piece);
    REQUIRE(run_until(flow.loop, [&] { return flow.port.incoming.empty() || flow.finished; }));
  }
  CHECK(flow.finished);
  CHECK(flow.port.reset == FlowReset::aborted);
}

TEST_CASE("the answer of a program that closes with bytes unread gets a start before the reset") {
  Pumped flow;
  flow.peer_sends("POST / HTTP/1.1");  // never read: closing becomes a reset
  flow.say("413 Content Too Large");
  flow.program.reset();
  REQUIRE(run_until(flow.loop, [&] { return flow.farewells.open == 1; }));
  CHECK(to_string(flow.port.written) == "413 Content Too Large");
  CHECK(flow.port.reset == FlowReset::none);
  CHECK_FALSE(flow.port.finished);  // a cut is no end
  flow.peer_sends("more");
  CHECK(to_string(flow.port.incoming) == "more");  // and gives no credit
  REQUIRE(run_until(flow.loop, [&] { return flow.finished; }));
  CHECK(flow.port.reset == FlowReset::aborted);
  flow.pump.reset();
  CHECK(flow.farewells.open == 0);
}

TEST_CASE("a pump that is dropped while its reset is held back resets nothing") {
  Pumped flow;
  flow.peer_sends("POST");
  flow.say("413");
  flow.program.reset();
  REQUIRE(run_until(flow.loop, [&] { return flow.farewells.open == 1; }));
  flow.pump->flow_ended(FlowReset::none, "");
  flow.pump.reset();
  CHECK(flow.farewells.open == 0);
  CHECK(flow.port.reset == FlowReset::none);
}

TEST_CASE("a reset is noticed even while the flow takes nothing and brings nothing") {
  Pumped flow;
  flow.port.space = 1;
  flow.say("xy");
  REQUIRE(run_until(flow.loop, [&] { return flow.port.written.size() == 1; }));
  reset_on_close(flow.program.get());
  flow.program.reset();
  CHECK(run_until(flow.loop, [&] { return flow.port.reset == FlowReset::aborted; }));
}

TEST_CASE("a reset flow resets the local program's connection, a flow that just ended closes it") {
  Pumped flow;
  bool was_reset = GENERATE(true, false);
  flow.pump->flow_ended(was_reset ? FlowReset::target_refused : FlowReset::none, "");
  REQUIRE(run_until(flow.loop, [&] { return flow.hear(), flow.ended || flow.number == ECONNRESET; }));
  CHECK(flow.ended == !was_reset);
}

TEST_CASE("a pump may go away while its descriptor is busy") {
  Pumped flow;
  flow.say("unread");
  flow.pump.reset();
  CHECK(run_until(flow.loop, [&] { return flow.hear(), flow.ended || flow.number == ECONNRESET; }));
}
