// A device's connection to an `http://` service: what its program sees, and what never reaches it.
#include "daemon/http/service_connection.hpp"

#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "tests/unit/daemon/run_until.hpp"

using namespace drawbridge;
using namespace drawbridge::http;

namespace {

struct Bench {
  Loop loop;
  FileDescriptor device, program;
  std::string said_to_program, said_to_device;
  bool program_done = false, device_done = false;
  int finished = 0;
  std::unique_ptr<ServiceConnection> connection;

  Bench() {
    int a[2], b[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, a) == 0);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b) == 0);
    device.reset(a[0]);
    program.reset(b[0]);
    connection = std::make_unique<ServiceConnection>(loop, FileDescriptor(a[1]), FileDescriptor(b[1]),
                                                     ServiceConnection::Ends{{"dev-id", "Zoë's laptop", "Étude"}, "127.0.0.1:8080"},
                                                     [this] { ++finished; });
  }
  void ask(const std::string& text) { REQUIRE(send(device.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())); }
  void answer(const std::string& text) { REQUIRE(send(program.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())); }
  static void collect(int fd, std::string& into, bool& done) {
    char buffer[4096];
    while (!done) {
      ssize_t length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (length < 0) return;
      done = length == 0;
      into.append(buffer, static_cast<size_t>(length));
    }
  }
  bool until(const std::function<bool()>& condition) {
    return run_until(loop, [&] {
      collect(program.get(), said_to_program, program_done);
      collect(device.get(), said_to_device, device_done);
      return condition();
    });
  }
  bool program_hears(const std::string& text) { return until([&] { return said_to_program.find(text) != std::string::npos; }); }
  bool device_hears(const std::string& text) { return until([&] { return said_to_device.find(text) != std::string::npos; }); }
  bool refused(unsigned status) { return device_hears("HTTP/1.1 " + std::to_string(status)); }
};

const std::string get = "GET /a?b=c HTTP/1.1\r\nHost: crm.office.localhost:8300\r\n";

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the program sees who asks, its own host name, and the page's origin as its own") {
  Bench bench;
  bench.ask(get + "Origin: http://crm.office.localhost:8300\r\nReferer: http://crm.office.localhost:8300/list?x\r\nSec-Fetch-Site: same-origin\r\nCookie: a=b\r\n\r\n");
  REQUIRE(bench.program_hears("\r\n\r\n"));
  const std::string& seen = bench.said_to_program;
  CHECK(seen.starts_with("GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
  CHECK(holds(seen, "\r\nOrigin: http://127.0.0.1:8080\r\n"));
  CHECK(holds(seen, "\r\nReferer: http://127.0.0.1:8080/list?x\r\n"));
  CHECK(holds(seen, "\r\nCookie: a=b\r\n"));
  CHECK(holds(seen, "\r\nDrawbridge-Device: dev-id\r\n"));
  CHECK(holds(seen, "\r\nDrawbridge-Device-Name: Zo%C3%AB's laptop\r\n"));
  CHECK(holds(seen, "\r\nDrawbridge-Office: %C3%89tude\r\n"));
  CHECK(holds(seen, "\r\nX-Forwarded-Host: crm.office.localhost:8300\r\n"));
}

TEST_CASE("who asks cannot be forged, in any spelling that a program may take for it") {
  auto forged = GENERATE(as<std::string>{}, "Drawbridge-Device: boss", "drawbridge-device: boss", "DRAWBRIDGE_DEVICE: boss", "Drawbridge_Device-Name: boss",
                         "Drawbridge-Anything: boss", "X-Forwarded-For: boss", "X_Forwarded_Host: boss", "Forwarded: for=boss", "X-Real-IP: boss");
  Bench bench;
  bench.ask(get + forged + "\r\nConnection: Drawbridge-Device, Drawbridge-Office\r\n\r\n");
  REQUIRE(bench.program_hears("\r\n\r\n"));
  CHECK_FALSE(holds(bench.said_to_program, "boss"));
  CHECK(holds(bench.said_to_program, "\r\nDrawbridge-Device: dev-id\r\n"));
  CHECK(holds(bench.said_to_program, "\r\nDrawbridge-Office: "));
}

TEST_CASE("a second request hidden in the first reaches no program") {
  auto smuggled = GENERATE(as<std::string>{},
                           "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
                           "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
                           "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                           "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                           "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
                           "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n Drawbridge-Device: boss\r\n\r\n",
                           "GET / HTTP/1.1\nHost: localhost\nDrawbridge-Device: boss\n\n",
                           "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rDrawbridge-Device: boss\r\n\r\n",
                           "GET http://evil/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n");
  Bench bench;
  bench.ask(smuggled);
  REQUIRE(bench.device_hears("HTTP/1.1 4"));
  CHECK(bench.said_to_program.empty());
  CHECK(bench.until([&] { return bench.device_done; }));
}

TEST_CASE("bytes behind a request's body are the next request, and are read as strictly") {
  Bench bench;
  bench.ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nokGET /two HTTP/1.1\r\nHost: localhost\r\nDrawbridge-Device: boss\r\n\r\n");
  REQUIRE(bench.program_hears("ok"));
  CHECK_FALSE(holds(bench.said_to_program, "/two"));
  bench.answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
  REQUIRE(bench.program_hears("/two"));
  CHECK_FALSE(holds(bench.said_to_program, "boss"));
  bench.answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
  REQUIRE(bench.device_hears("\r\n\r\nb"));
}

TEST_CASE("a name that a stranger can point at a device is not served, nor a change that another site asks for") {
  Bench rebound, foreign, websocket;
  rebound.ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  CHECK(rebound.refused(421));
  foreign.ask("POST / HTTP/1.1\r\nHost: 127.83.1.2:8080\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n\r\n");
  CHECK(foreign.refused(403));
  websocket.ask("GET / HTTP/1.1\r\nHost: crm.office.localhost:8300\r\nOrigin: http://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  CHECK(websocket.refused(403));
  CHECK(rebound.said_to_program + foreign.said_to_program + websocket.said_to_program == "");
}

TEST_CASE("the program's own address in an answer becomes the one that was asked for") {
  Bench bench;
  bench.ask(get + "\r\n");
  REQUIRE(bench.program_hears("\r\n\r\n"));
  bench.answer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:8080/login?next=%2F\r\nSet-Cookie: s=1; Domain=127.0.0.1; HttpOnly\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(bench.device_hears("\r\n\r\n"));
  CHECK(holds(bench.said_to_device, "\r\nLocation: http://crm.office.localhost:8300/login?next=%2F\r\n"));
  CHECK(holds(bench.said_to_device, "\r\nSet-Cookie: s=1; HttpOnly\r\n"));
}

TEST_CASE("an address elsewhere in an answer stays as it is") {
  auto elsewhere = GENERATE(as<std::string>{}, "http://127.0.0.1:80801/", "https://127.0.0.1:8080/", "http://evil.example/", "/relative");
  Bench bench;
  bench.ask(get + "\r\n");
  REQUIRE(bench.program_hears("\r\n\r\n"));
  bench.answer("HTTP/1.1 302 Found\r\nLocation: " + elsewhere + "\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(bench.device_hears("\r\nLocation: " + elsewhere + "\r\n"));
}

TEST_CASE("a stream of events reaches the device as it is said, and its end is seen") {
  Bench bench;
  bench.ask(get + "\r\n");
  REQUIRE(bench.program_hears("\r\n\r\n"));
  bench.answer("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n");
  REQUIRE(bench.device_hears("data: one\n\n"));
  bench.answer("data: two\n\n");
  REQUIRE(bench.device_hears("data: two\n\n"));
  CHECK_FALSE(holds(bench.said_to_device, "\r\n0\r\n\r\n"));
  bench.program.reset();
  bench.program_done = true;
  CHECK(bench.until([&] { return holds(bench.said_to_device, "\r\n0\r\n\r\n") && bench.device_done; }));
}

TEST_CASE("an answer that breaks off does not look whole") {
  Bench bench;
  bench.ask(get + "\r\n");
  REQUIRE(bench.program_hears("\r\n\r\n"));
  bench.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  REQUIRE(bench.device_hears("abc"));
  bench.program.reset();
  bench.program_done = true;
  CHECK(bench.until([&] { return bench.finished == 1; }));
  CHECK_FALSE(holds(bench.said_to_device, "\r\n0\r\n\r\n"));
}

TEST_CASE("an upgrade makes the rest raw bytes, with both half-closes") {
  Bench bench;
  bench.ask(get + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n");
  REQUIRE(bench.program_hears("Upgrade: websocket"));
  bench.answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst frame");
  REQUIRE(bench.device_hears("first frame"));
  std::string raw = std::string("GET / HTTP/1.1\r\nDrawbridge-Device: raw bytes are the program's business\r\n\r\n") + '\0' + "x";
  bench.ask(raw);
  REQUIRE(bench.program_hears(raw));
  shutdown(bench.device.get(), SHUT_WR);
  REQUIRE(bench.until([&] { return bench.program_done; }));
  bench.answer("last words");
  bench.program.reset();
  REQUIRE(bench.device_hears("last words"));
  CHECK(bench.until([&] { return bench.finished == 1; }));
}

TEST_CASE("a program that changes its language without being asked is cut off") {
  Bench bench;
  bench.ask(get + "\r\n");
  REQUIRE(bench.program_hears("\r\n\r\n"));
  bench.answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  CHECK(bench.refused(502));
}

TEST_CASE("a large upload to a program that does not read is held back, and goes on when it does") {
  Bench bench;
  constexpr size_t size = 4'000'000;
  bench.ask("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
  size_t sent = 0;
  std::string block(50'000, 'x');
  auto push = [&] {
    while (sent < size) {
      ssize_t length = send(bench.device.get(), block.data(), std::min(block.size(), size - sent), MSG_NOSIGNAL);
      if (length <= 0) break;
      sent += static_cast<size_t>(length);
    }
  };
  for (int i = 0; i < 50; ++i) {
    push();
    run_until(bench.loop, [] { return true; });
  }
  CHECK(sent < size / 2);
  REQUIRE(bench.until([&] {
    push();
    return bench.said_to_program.size() > size;
  }));
  bench.answer("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  CHECK(bench.device_hears("201 Created"));
}

TEST_CASE("a refusal in the middle of an upload reaches the device") {
  Bench bench;
  bench.ask("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nsome");
  REQUIRE(bench.program_hears("some"));
  bench.answer("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  bench.program.reset();
  bench.program_done = true;
  REQUIRE(bench.device_hears("413 Too Large"));
  CHECK(bench.until([&] { return bench.device_done; }));
}

TEST_CASE("what is not HTTP from the program becomes 502, and its silence an orderly end") {
  Bench garbage, gone;
  garbage.ask(get + "\r\n");
  REQUIRE(garbage.program_hears("\r\n\r\n"));
  garbage.answer("SSH-2.0-OpenSSH\r\n");
  CHECK(garbage.refused(502));
  gone.ask(get + "\r\n");
  REQUIRE(gone.program_hears("\r\n\r\n"));
  gone.program.reset();
  gone.program_done = true;
  CHECK(gone.refused(502));
}

TEST_CASE("text for a header is percent-encoded, so that no byte of a name ends it") {
  CHECK(as_header_text("a b%c") == "a b%25c");
  CHECK(as_header_text("x\r\nEvil: 1") == "x%0D%0AEvil: 1");
}
