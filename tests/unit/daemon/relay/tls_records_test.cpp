// Our record layer of TLS 1.3 against OpenSSL's: a client of OpenSSL's at the other end of a socket pair.
#include "daemon/relay/tls_records.hpp"

#include <malloc.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "daemon/relay/byte_stream.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;
using Outcome = ByteStream::Outcome;

namespace {

struct Certificate {
  TemporaryFolder folder;
  TlsSettings settings;

  Certificate() {
    std::string files = " -keyout " + folder.file("key.pem") + " -out " + folder.file("certificate.pem") + " 2>/dev/null";
    REQUIRE(std::system(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=relay.example -days 2" + files).c_str()) == 0);
    settings = tls_server_settings(folder.file("certificate.pem"), folder.file("key.pem")).take();
  }
};

const TlsSettings& certificate() {
  static Certificate one;
  return one.settings;
}

std::pair<FileDescriptor, FileDescriptor> socket_pair() {
  int fds[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  return {FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

// The relay's end is a ByteStream, the client's is OpenSSL by itself.
struct Ends {
  using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;

  explicit Ends(const char* suite = nullptr, int version = TLS1_3_VERSION) : Ends(socket_pair(), suite, version) {}
  Ends(std::pair<FileDescriptor, FileDescriptor> fds, const char* suite, int version) : client_fd(std::move(fds.second)), relay(std::move(fds.first)) {
    TlsSettings settings(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    SSL_CTX_set_max_proto_version(settings.get(), version);
    if (suite) REQUIRE(SSL_CTX_set_ciphersuites(settings.get(), suite) == 1);
    client = Ssl(SSL_new(settings.get()), SSL_free);
    SSL_set_fd(client.get(), client_fd.get());
    SSL_set_connect_state(client.get());
    relay.start_tls_server(certificate());
    Outcome outcome = Outcome::needs_read;
    for (int turn = 0; turn < 10 && outcome != Outcome::done; ++turn) {
      SSL_do_handshake(client.get());
      // With the last flight comes what the client has to say.
      if (SSL_is_init_finished(client.get()) && !greeted) greeted = SSL_write(client.get(), "hello", 5) == 5;
      outcome = relay.handshake();
    }
    REQUIRE(outcome == Outcome::done);
    REQUIRE(SSL_do_handshake(client.get()) == 1);
    if (!greeted) REQUIRE(SSL_write(client.get(), "hello", 5) == 5);
    REQUIRE(as_text(hear(5)) == "hello");
  }

  // What the relay reads until it has `size` bytes, or the end.
  Bytes hear(size_t size) {
    Bytes out, room(2 * ByteStream::least_room);
    for (int turn = 0; turn < 1000 && out.size() < size && !ended; ++turn) {
      size_t count = 0;
      ended = relay.read(room, count) == Outcome::ended;
      append(out, ByteView(room).first(count));
    }
    return out;
  }
  // All of `bytes` by the relay, read by the client.
  Bytes told(ByteView bytes) {
    Bytes out;
    uint8_t part[4096];
    for (size_t at = 0, idle = 0; idle < 10 && out.size() < bytes.size();) {
      size_t count = 0;
      if (at < bytes.size()) REQUIRE(relay.write(bytes.subspan(at), count) != Outcome::ended);
      at += count;
      int got = 0;
      while ((got = SSL_read(client.get(), part, sizeof part)) > 0) append(out, ByteView(part, static_cast<size_t>(got))), idle = 0;
      ++idle;
    }
    return out;
  }

  FileDescriptor client_fd;
  ByteStream relay;
  Ssl client{nullptr, SSL_free};
  bool greeted = false, ended = false;
};

Bytes numbered(size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 131 + i / 255);
  return bytes;
}

// One record as a peer with this secret would seal it, whatever is in it.
Bytes sealed(TlsRecords& by, ByteView text) {
  Bytes out(TlsRecords::sealed_size(text.size()));
  out.resize(by.seal(text, out));
  return out;
}

const Bytes one(32, 1), other(32, 2);
TlsRecords ours() { return {TlsRecords::Suite::aes_128_gcm_sha256, one, other}; }
TlsRecords theirs() { return {TlsRecords::Suite::aes_128_gcm_sha256, other, one}; }

}  // namespace

TEST_CASE("bytes of any number pass whole both ways, in each suite, also when the socket is full in between") {
  const char* suite = GENERATE("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");
  Ends ends(suite);
  for (size_t size : {size_t{1}, size_t{1500}, size_t{16'384}, size_t{16'385}, size_t{70'000}, size_t{3'000'000}}) {
    Bytes text = numbered(size), back;
    CHECK(equal(ends.told(text), text));
    int turns = 0;
    for (size_t at = 0; at < size;) {
      REQUIRE(++turns < 10'000);
      int taken = SSL_write(ends.client.get(), text.data() + at, static_cast<int>(std::min<size_t>(size - at, 50'000)));
      if (taken > 0) at += static_cast<size_t>(taken);
      append(back, ends.hear(1));
    }
    append(back, ends.hear(size - back.size()));
    CHECK(equal(back, text));
  }
}

TEST_CASE("what is told in part goes on with the rest, whatever has been added behind it") {
  Ends ends;
  Bytes text = numbered(2'000'000);
  size_t count = 0;
  REQUIRE(ends.relay.write(ByteView(text).first(1'000'000), count) == Outcome::needs_write);
  REQUIRE(count < 1'000'000);
  Bytes got, part(4096);
  int turns = 0;
  for (size_t at = count; got.size() < text.size();) {
    REQUIRE(++turns < 10'000);
    for (int length = 0; (length = SSL_read(ends.client.get(), part.data(), static_cast<int>(part.size()))) > 0;)
      append(got, ByteView(part).first(static_cast<size_t>(length)));
    if (at == text.size()) continue;
    REQUIRE(ends.relay.write(ByteView(text).subspan(at), count) != Outcome::ended);
    at += count;
  }
  CHECK(equal(got, text));
}

TEST_CASE("a client may change its keys at any time, and has ours changed in return when it asks") {
  const char* suite = GENERATE("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");
  Ends ends(suite);
  for (int kind : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    REQUIRE(SSL_key_update(ends.client.get(), kind) == 1);
    REQUIRE(SSL_write(ends.client.get(), "after", 5) == 5);
    CHECK(as_text(ends.hear(5)) == "after");
    Bytes text = numbered(40'000);
    CHECK(equal(ends.told(text), text));
  }
}

TEST_CASE("a client that does nothing but change its keys is not read from for long") {
  Ends ends;
  for (int i = 0; i < 32; ++i) {
    REQUIRE(SSL_key_update(ends.client.get(), SSL_KEY_UPDATE_REQUESTED) == 1);
    REQUIRE(SSL_do_handshake(ends.client.get()) == 1);
  }
  REQUIRE(SSL_write(ends.client.get(), "word", 4) == 4);
  CHECK(as_text(ends.hear(4)) == "word");
  for (int i = 0; i < 33; ++i) {
    REQUIRE(SSL_key_update(ends.client.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    REQUIRE(SSL_do_handshake(ends.client.get()) == 1);
  }
  REQUIRE(SSL_write(ends.client.get(), "word", 4) == 4);
  CHECK(ends.hear(4).empty());
  CHECK(ends.ended);
}

TEST_CASE("a client that says that it ends is heard to its last byte, and then not any more") {
  Ends ends;
  REQUIRE(SSL_write(ends.client.get(), "last words", 10) == 10);
  SSL_shutdown(ends.client.get());
  CHECK(as_text(ends.hear(10)) == "last words");
  CHECK_FALSE(ends.ended);
  CHECK(ends.relay.has_buffered());
  CHECK(ends.hear(1).empty());
  CHECK(ends.ended);
}

TEST_CASE("a client that knows TLS 1.2 only is served as well") {
  Ends ends(nullptr, TLS1_2_VERSION);
  Bytes text = numbered(100'000);
  CHECK(equal(ends.told(text), text));
}

TEST_CASE("a record that is damaged, too long, empty or of another kind ends the reading") {
  Bytes good = [] { TlsRecords peer = theirs(); return sealed(peer, as_bytes("text")); }();
  auto refused = [](Bytes record) {
    TlsRecords reader = ours();
    Bytes room(record.size());
    TlsRecords::Opened opened = reader.open(record, room);
    return opened.ended && opened.used == 0 && opened.text == 0;
  };
  REQUIRE_FALSE(refused(good));
  for (size_t i = 0; i < good.size(); ++i) {
    if (i == 4) continue;  // a longer one is waited for
    Bytes damaged = good;
    damaged[i] ^= 0x80;
    CAPTURE(i);
    if (i == 3) damaged[i] = 0x7f;
    CHECK(refused(damaged));
  }
  CHECK(refused({23, 3, 3, 0, 16}));
  CHECK(refused({23, 3, 3, 0x41, 1}));
  CHECK(refused({20, 3, 3, 0, 1, 1}));
  CHECK(refused({21, 3, 3, 0, 2, 1, 0}));
}

TEST_CASE("records open in their order only, and each once") {
  TlsRecords peer = theirs(), reader = ours();
  Bytes first = sealed(peer, as_bytes("first")), second = sealed(peer, as_bytes("second")), room(200);
  TlsRecords early = ours();
  CHECK(early.open(second, room).ended);
  Bytes together = first;
  append(together, ByteView(second).first(second.size() - 1));
  TlsRecords::Opened opened = reader.open(together, room);
  CHECK((opened.used == first.size() && opened.text == 5 && !opened.ended));
  CHECK(reader.open(second, room).text == 6);
  CHECK(reader.open(second, room).ended);
}

TEST_CASE("an idle connection under TLS keeps less than two kilobytes") {
  constexpr size_t count = 200;
  std::vector<std::unique_ptr<Ends>> kept;
  auto ready = [] {
    auto ends = std::make_unique<Ends>();
    Bytes text = numbered(5'000);
    REQUIRE(equal(ends->told(text), text));
    ends->client.reset();
    return ends;
  };
  kept.push_back(ready());
  size_t before = mallinfo2().uordblks;
  for (size_t i = 0; i < count; ++i) kept.push_back(ready());
  CHECK((mallinfo2().uordblks - before) / count < 2'048);
}
