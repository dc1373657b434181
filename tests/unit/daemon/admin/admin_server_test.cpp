#include "daemon/admin/admin_server.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "daemon/admin/control_socket.hpp"
#include "daemon/io/stream_socket.hpp"
#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;
using namespace drawbridge::admin;

namespace {

struct Server {
  TemporaryFolder folder;
  Loop loop;
  std::vector<CallPtr> calls;
  ControlSocket socket = ControlSocket::open(folder.file("control.sock")).take();
  std::unique_ptr<AdminServer> server = make();

  std::unique_ptr<AdminServer> make() {
    return std::make_unique<AdminServer>(loop, socket.listener(),
                                         [this](CallPtr call) { calls.push_back(std::move(call)); });
  }
  Server() {
    loop.at_turn_end([this] {
      if (server) server->sweep();
    });
  }
};

// The far side of the socket, as the command line is.
struct Client {
  Server& server;
  FileDescriptor fd;
  FrameDecoder decoder;
  bool closed = false;

  explicit Client(Server& to) : server(to), fd(connect_unix(to.folder.file("control.sock")).fd) {}
  void send_raw(ByteView bytes) {
    REQUIRE(send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  void ask(const std::string& command, uint64_t id = 1) {
    Bytes frame;
    REQUIRE(append_frame(frame, encode(Request{id, command, Value::map()})));
    send_raw(frame);
  }
  void hear() {
    uint8_t buffer[65536];
    ssize_t length = recv(fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (length > 0) decoder.feed({buffer, static_cast<size_t>(length)});
    closed = closed || length == 0 || (length < 0 && errno == ECONNRESET);
  }
  std::optional<Response> answer_now() {
    hear();
    auto frame = decoder.next();
    return frame && *frame ? std::optional(decode_response(**frame).take()) : std::nullopt;
  }
  std::optional<Response> answer() {
    std::optional<Response> out;
    run_until(server.loop, [&] { return (out = answer_now()) || closed; });
    return out;
  }
};

}  // namespace

TEST_CASE("the socket is readable and writable by its owner only") {
  Server server;
  struct stat file {};
  REQUIRE(stat(server.folder.file("control.sock").c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0600);
}

TEST_CASE("a request reaches its command and the answers come back in order") {
  Server server;
  Client client(server);
  client.ask("status", 41);
  REQUIRE(run_until(server.loop, [&] { return server.calls.size() == 1; }));
  CHECK(server.calls[0]->request().command == "status");
  server.calls[0]->more("first");
  server.calls[0]->result("last");
  CHECK_FALSE(server.calls[0]->open());
  auto first = client.answer(), last = client.answer();
  REQUIRE((first && last));
  CHECK(first->id == 41);
  CHECK(first->more);
  CHECK(*last->result.as_text() == "last");
  CHECK_FALSE(last->more);
}

TEST_CASE("a client that goes away abandons its calls, and late answers are dropped") {
  Server server;
  bool abandoned = false;
  {
    Client client(server);
    client.ask("wait");
    REQUIRE(run_until(server.loop, [&] { return server.calls.size() == 1; }));
    server.calls[0]->when_abandoned([&] { abandoned = true; });
  }
  REQUIRE(run_until(server.loop, [&] { return abandoned; }));
  server.calls[0]->result("nobody listens");
  CHECK_FALSE(server.calls[0]->open());
}

TEST_CASE("bytes that are no request end the connection, and others go on") {
  Server server;
  Client bad(server), good(server);
  auto bytes =
      GENERATE(Bytes{0, 0, 0, 0}, Bytes{0xff, 0xff, 0xff, 0xff}, Bytes{0, 0, 0, 1, 0xc1}, Bytes{0, 0, 0, 1, 0x80});
  bad.send_raw(bytes);
  CHECK_FALSE(bad.answer());
  CHECK(bad.closed);
  good.ask("status");
  CHECK(run_until(server.loop, [&] { return server.calls.size() == 1; }));
}

TEST_CASE("after the answer of a stream the descriptor is handed over and the rest is raw") {
  Server server;
  Client client(server);
  client.ask("connect");
  REQUIRE(run_until(server.loop, [&] { return server.calls.size() == 1; }));
  FileDescriptor stream;
  server.calls[0]->result_and_take_stream("ok", [&](FileDescriptor fd) { stream = std::move(fd); });
  REQUIRE(client.answer());
  REQUIRE(stream);
  REQUIRE(send(stream.get(), "raw", 3, 0) == 3);
  REQUIRE(run_until(server.loop, [&] {
    client.hear();
    return client.decoder.take_rest() == to_bytes(as_bytes("raw"));
  }));
}

TEST_CASE("a stream is sent no faster than the client reads") {
  Server server;
  Client client(server);
  client.ask("audit.show");
  REQUIRE(run_until(server.loop, [&] { return server.calls.size() == 1; }));
  bool sent = false;
  server.calls[0]->more(Bytes(8 * 1024 * 1024));
  server.calls[0]->when_sent([&] { sent = true; });
  CHECK_FALSE(sent);
  REQUIRE(client.answer());
  CHECK(run_until(server.loop, [&] { return sent; }));
}

TEST_CASE("a client that comes while the server is made anew waits and is served") {
  Server server;
  server.server.reset();
  Client client(server);
  client.ask("status");
  server.server = server.make();
  CHECK(run_until(server.loop, [&] { return server.calls.size() == 1; }));
}

TEST_CASE("more clients than there is room for are served in turn") {
  Server server;
  std::list<Client> crowd;
  for (size_t i = 0; i < 200; ++i) crowd.emplace_back(server).ask("status");
  while (!crowd.empty()) {
    REQUIRE(run_until(server.loop, [&] { return server.calls.size() >= std::min<size_t>(crowd.size(), 64); }));
    CHECK(server.calls.size() <= 64);
    for (CallPtr& call : std::exchange(server.calls, {})) call->result("done");
    crowd.remove_if([](Client& client) { return client.answer_now().has_value(); });
  }
}

TEST_CASE("behind clients that stay, a further one is told so, and the next one after an end is served") {
  Server server;
  std::list<Client> staying;
  for (size_t i = 0; i < 64; ++i) staying.emplace_back(server).ask("status");
  REQUIRE(run_until(server.loop, [&] { return server.calls.size() == 64; }));
  Client late(server);
  late.ask("status");
  auto refusal = late.answer();
  REQUIRE(refusal);
  CHECK(refusal->id == 0);
  REQUIRE(refusal->failure);
  CHECK(refusal->failure->code == "limit");
  staying.pop_back();
  Client next(server);
  next.ask("status");
  CHECK(run_until(server.loop, [&] { return server.calls.size() == 65; }));
}

TEST_CASE("the socket leaves the file system with its owner") {
  TemporaryFolder folder;
  { auto socket = ControlSocket::open(folder.file("control.sock")); }
  CHECK(access(folder.file("control.sock").c_str(), F_OK) != 0);
}
