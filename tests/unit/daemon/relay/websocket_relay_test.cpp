// The relay over WebSocket on real sockets: plain, under TLS, through a proxy, and against those who misbehave.
#include <fcntl.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "daemon/io/stream_socket.hpp"
#include "daemon/io/system_entropy.hpp"
#include "daemon/relay/relay_service.hpp"
#include "daemon/relay/relay_websocket_client.hpp"
#include "protocol/relay/relay_client.hpp"
#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;
using namespace drawbridge::relay;

namespace {

const SocketAddress loopback = SocketAddress::v4(127, 0, 0, 1, 0);

Log& silent() {
  static Log log(::open("/dev/null", O_WRONLY | O_CLOEXEC), LogFormat::json, LogLevel::error);
  return log;
}

// A certificate of its own, as an operator would make it.
void make_certificate(const TemporaryFolder& folder) {
  std::string command = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=relay.example -days 2 -keyout " + folder.file("key.pem") +
                        " -out " + folder.file("certificate.pem") + " 2>/dev/null";
  REQUIRE(std::system(command.c_str()) == 0);
}

struct Relay {
  Loop loop;
  SystemEntropy entropy;
  Identity identity = identity_from_seed(entropy.secret32());
  TemporaryFolder folder;
  std::unique_ptr<RelayService> service;

  explicit Relay(bool tls, std::vector<std::string> tokens = {}, Duration patience = 10s) {
    RelaySettings settings;
    settings.listen = {loopback};
    settings.websocket = settings.metrics = {loopback};
    settings.tokens = std::move(tokens);
    settings.operator_name = "Ann";
    settings.opening_patience = patience;
    if (tls) {
      make_certificate(folder);
      settings.certificate = folder.file("certificate.pem");
      settings.key = folder.file("key.pem");
    }
    service = RelayService::open(loop, silent(), entropy, identity, settings).take();
  }
  RelayUrl url() const {
    for (const std::string& text : service->urls()) {
      if (text.starts_with("ws")) return parse_relay_url(text).take();
    }
    return {};
  }
};

struct User {
  Relay& relay;
  RelayClient client;
  std::unique_ptr<RelayWebSocketClient> way;
  std::vector<Bytes> received;
  std::optional<Error> closed;

  explicit User(Relay& r, std::optional<HttpProxy> proxy = {}) : relay(r), client({relay_key_of(r.identity.id).take(), {}}, r.entropy) {
    client.connect(relay.loop.now().boot, {{}, relay.service->websocket_listening()[0]});
    std::array<uint8_t, largest_control> hello;
    size_t length = client.poll_transmit(relay.loop.now().boot, hello);
    way = std::make_unique<RelayWebSocketClient>(
        relay.loop, relay.url(), relay.service->websocket_listening()[0], std::move(proxy), ByteView(hello).first(length), relay.entropy,
        RelayWebSocketClient::Callbacks{[] {}, [this](MutableBytes datagram) { take(datagram); }, [this] { settle(); }, [this](const Error& why) { closed = why; }});
  }
  void take(ByteView datagram) {
    auto got = client.handle_datagram(relay.loop.now().boot, datagram);
    if (got.channel) received.push_back(to_bytes(got.payload));
  }
  void settle() {
    std::array<uint8_t, largest_control> buffer;
    if (!way->is_open()) return;
    while (size_t length = client.poll_transmit(relay.loop.now().boot, buffer)) way->send(ByteView(buffer).first(length), length);
    way->flush();
  }
};

// Raw bytes to the relay's TCP port; what came back until it closed.
std::string exchange(Relay& relay, const SocketAddress& address, const std::string& bytes) {
  ConnectAttempt attempt = connect_tcp(address);
  REQUIRE(write(attempt.fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  std::string out;
  bool over = false;
  FdWatch watch(relay.loop, attempt.fd.get(), [&](unsigned) {
    char part[4096];
    ssize_t got = read(attempt.fd.get(), part, sizeof part);
    if (got > 0) out.append(part, static_cast<size_t>(got));
    if (got <= 0) {
      over = true;
      watch.want(0);
    }
  });
  watch.want(FdWatch::readable);
  REQUIRE(run_until(relay.loop, [&] { return over; }));
  return out;
}

}  // namespace

TEST_CASE("two ends meet over WebSocket, with and without TLS, and payloads pass whole") {
  Relay relay(GENERATE(false, true));
  User office(relay), device(relay);
  office.client.open_mailbox(Secret32(), End::office);
  device.client.open_mailbox(Secret32(), End::device);
  REQUIRE(run_until(relay.loop, [&] {
    office.settle();
    device.settle();
    return office.client.status(0) == Status::joined && device.client.status(0) == Status::joined;
  }));
  constexpr size_t segment = 1400, count = 100;
  Bytes run(segment * count);
  for (size_t i = 0; i < run.size(); ++i) run[i] = static_cast<uint8_t>(i * 13 + i / 1400);
  for (size_t at = 0; at < run.size(); at += segment) device.client.write_header(0, MutableBytes(run).subspan(at));
  CHECK(device.way->send(run, segment) == 0);
  device.way->flush();
  REQUIRE(run_until(relay.loop, [&] { return office.received.size() == count; }));
  for (size_t i = 0; i < count; ++i) CHECK(equal(office.received[i], ByteView(run).subspan(i * segment + header_size, segment - header_size)));

  // The end of the connection is news to the other end at once.
  device.way.reset();
  CHECK(run_until(relay.loop, [&] { return office.client.status(0) == Status::waiting; }));
}

TEST_CASE("a connection whose client does not know the relay's key is an ordinary page that is not there") {
  Relay relay(false);
  SocketAddress address = relay.service->websocket_listening()[0];
  CHECK(exchange(relay, address, "GET /relay HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").starts_with("HTTP/1.1 404 "));
  CHECK(exchange(relay, address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 404 "));
  CHECK(exchange(relay, address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").find("Operator: Ann") != std::string::npos);
  CHECK(exchange(relay, address, "garbage\r\n\r\n").starts_with("HTTP/1.1 400 "));
  CHECK(exchange(relay, address, std::string(300'000, 'x')).empty());
  CHECK(exchange(relay, relay.service->metrics_listening()[0], "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").find("drawbridge_relay_clients 0") != std::string::npos);
}

TEST_CASE("a private relay shows no label") {
  Relay relay(false, {"token"});
  CHECK(exchange(relay, relay.service->websocket_listening()[0], "GET / HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 404 "));
}

TEST_CASE("a new certificate is used without a restart, and a damaged one is not") {
  Relay relay(true);
  make_certificate(relay.folder);
  relay.service->reload();
  User user(relay);
  CHECK(run_until(relay.loop, [&] { return user.way->is_open(); }));
  std::ofstream(relay.folder.file("certificate.pem")) << "damaged";
  relay.service->reload();
  User second(relay);
  CHECK(run_until(relay.loop, [&] { return second.way->is_open(); }));
}

TEST_CASE("a relay that cannot be reached is told in a sentence") {
  Relay relay(false);
  RelayUrl url = relay.url();
  std::optional<Error> closed;
  RelayWebSocketClient way(relay.loop, url, SocketAddress::v4(127, 0, 0, 1, 1), {}, Bytes(hello_size), relay.entropy,
                           {[] {}, [](MutableBytes) {}, [] {}, [&](const Error& why) { closed = why; }});
  REQUIRE(run_until(relay.loop, [&] { return closed.has_value(); }));
  CHECK(closed->message == "The relay cannot be reached over TCP.");
}

namespace {

// An HTTP proxy that knows one password and passes bytes on.
struct Proxy {
  Loop& loop;
  FileDescriptor listener = listen_tcp(loopback).take(), near, far;
  SocketAddress target;
  std::string head, said;
  FdWatch accepting, from_near, from_far;

  Proxy(Loop& on, SocketAddress to) : loop(on), target(to) {
    accepting = FdWatch(loop, listener.get(), [this](unsigned) {
      near = accept_stream(listener.get());
      from_near = FdWatch(loop, near.get(), [this](unsigned) { far ? pass(near, far, from_near) : hear(); });
      from_near.want(FdWatch::readable);
      accepting.want(0);
    });
    accepting.want(FdWatch::readable);
  }
  void hear() {
    char part[4096];
    ssize_t got = read(near.get(), part, sizeof part);
    if (got > 0) head.append(part, static_cast<size_t>(got));
    if (head.find("\r\n\r\n") == std::string::npos) return;
    bool right = head.find("Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n") != std::string::npos;
    std::string answer = right ? "HTTP/1.1 200 Connection established\r\n\r\n" : "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    if (right) {
      far = std::move(connect_tcp(target).fd);
      from_far = FdWatch(loop, far.get(), [this](unsigned) { pass(far, near, from_far); });
      from_far.want(FdWatch::readable);
    }
    REQUIRE(write(near.get(), answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()));
  }
  static void pass(FileDescriptor& from, FileDescriptor& to, FdWatch& watch) {
    char part[16384];
    ssize_t got = read(from.get(), part, sizeof part);
    if (got <= 0) return watch.want(0);
    REQUIRE(write(to.get(), part, static_cast<size_t>(got)) == got);
  }
};

}  // namespace

TEST_CASE("through a proxy with a password, by its name, with and without TLS") {
  Relay relay(GENERATE(false, true));
  Proxy proxy(relay.loop, relay.service->websocket_listening()[0]);
  User user(relay, HttpProxy{own_address(proxy.listener.get()), "ann", "secret"});
  REQUIRE(run_until(relay.loop, [&] { user.settle(); return user.client.ready(); }));
  CHECK(proxy.head.starts_with("CONNECT 127.0.0.1:"));
}

TEST_CASE("a proxy that wants a password says so") {
  Relay relay(false);
  Proxy proxy(relay.loop, relay.service->websocket_listening()[0]);
  User user(relay, HttpProxy{own_address(proxy.listener.get()), "ann", "wrong"});
  REQUIRE(run_until(relay.loop, [&] { return user.closed.has_value(); }));
  CHECK(user.closed->message == "The proxy does not accept this user name and password.");
}

TEST_CASE("a TLS handshake that stalls is ended and holds nobody up") {
  Relay relay(true, {}, 500ms);
  ConnectAttempt stalled = connect_tcp(relay.service->websocket_listening()[0]);
  User user(relay);
  CHECK(run_until(relay.loop, [&] { return user.way->is_open(); }));
  bool over = false;
  FdWatch watch(relay.loop, stalled.fd.get(), [&](unsigned) { over = true, watch.want(0); });
  watch.want(FdWatch::readable);
  CHECK(run_until(relay.loop, [&] { return over; }));
}

TEST_CASE("a client that does not read loses what is above the bound, and the relay stays small") {
  Relay relay(false);
  User slow(relay), fast(relay);
  slow.client.open_mailbox(Secret32(), End::office);
  fast.client.open_mailbox(Secret32(), End::device);
  REQUIRE(run_until(relay.loop, [&] {
    slow.settle();
    fast.settle();
    return slow.client.status(0) == Status::joined && fast.client.status(0) == Status::joined;
  }));
  slow.way->pause(true);
  Bytes run(1400 * 40);
  uint64_t rounds = 0;
  REQUIRE(run_until(relay.loop, [&] {
    for (size_t at = 0; at < run.size(); at += 1400) fast.client.write_header(0, MutableBytes(run).subspan(at));
    fast.way->send(run, 1400);
    fast.way->flush();
    return ++rounds > 50 && relay.service->traffic().websocket_dropped_slow > 1'000;
  }));
  slow.way->pause(false);
  CHECK(run_until(relay.loop, [&] { return slow.received.size() > 100; }));
}
