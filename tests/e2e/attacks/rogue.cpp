// A paired device that misbehaves, on a real socket, against a real office:
//   rogue KEY_FILE RELATION HOST:PORT SCENARIO     RELATION: the row of the state database, in hexadecimal
// Each scenario is done once the office was given everything; what it answered to is printed, a line each.
#include <arpa/inet.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "keys/key_derivation.hpp"
#include "keys/key_file.hpp"
#include "keys/libsodium.hpp"
#include "protocol/roster/records.hpp"
#include "tests/sim/rogue_device.hpp"

using namespace drawbridge;
using sim::RogueDevice;

namespace {

class SystemRandom final : public Entropy {
 public:
  void fill(MutableBytes target) override { randombytes_buf(target.data(), target.size()); }
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "rogue: %s\n", what);
  std::exit(2);
}

Now clocks() {
  timespec boot{}, wall{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  clock_gettime(CLOCK_REALTIME, &wall);
  return {Instant(std::chrono::seconds(boot.tv_sec) + Duration(boot.tv_nsec)), {wall.tv_sec * 1000 + wall.tv_nsec / 1'000'000}};
}

class Attack {
 public:
  Attack(sim::RogueKeys keys, const SocketAddress& office) : rogue_(std::move(keys), entropy_) {
    socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(office.port);
    std::copy_n(office.ip.begin() + 12, 4, reinterpret_cast<uint8_t*>(&to.sin_addr));
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("no socket to the office");
  }
  ~Attack() { close(socket_); }

  RogueDevice& rogue() { return rogue_; }
  void send(ByteView datagram) { (void)::send(socket_, datagram.data(), datagram.size(), 0); }

  // True as soon as `done` holds.
  bool run(Duration longest, const std::function<bool()>& done = [] { return false; }) {
    Instant until = clocks().boot + longest;
    while (true) {
      uint8_t buffer[2048];
      for (ssize_t length; (length = recv(socket_, buffer, sizeof buffer, 0)) > 0;) {
        rogue_.handle_datagram(clocks(), {buffer, static_cast<size_t>(length)});
      }
      rogue_.handle_timeout(clocks());
      while (auto datagram = rogue_.poll_datagram(clocks())) send(*datagram);
      if (done()) return true;
      if (clocks().boot >= until) return false;
      pollfd waiting{socket_, POLLIN, 0};
      poll(&waiting, 1, 5);
    }
  }

  void connect() {
    // The office answers five handshakes a second, twenty at once.
    for (int tries = 0; tries < 20; ++tries) {
      rogue_.connect(clocks());
      if (!run(std::chrono::seconds(3), [&] { return rogue_.connected(); })) continue;
      send(rogue_.check(rogue_.question()));
      if (run(std::chrono::seconds(3), [&] { return rogue_.answered_checks > 0 && rogue_.asked_checks > 0; })) return;
    }
    fail("the office does not let it in");
  }

  void expect_expulsion() {
    if (!run(std::chrono::seconds(60), [&] { return rogue_.closed(); })) fail("the office has not ended the connection");
    std::printf("expelled: %s\n", rogue_.close_reason().c_str());
    connect();
  }

  // What the office answered to a connection's first words.
  void expect_refusal(const char* service) {
    auto stream = rogue_.open(true, tunnel::encode_open(service));
    if (!stream || !run(std::chrono::seconds(60), [&] { return rogue_.ended.contains(*stream); })) fail("no answer to a service's name");
    const Bytes& answer = rogue_.received[*stream];
    auto refusal = answer.size() < tunnel::frame_header_size ? std::nullopt : tunnel::parse_refuse(ByteView(answer).subspan(tunnel::frame_header_size));
    if (!refusal) fail("a service was given that was not granted");
    std::printf("refused %s: %s\n", service, refusal->message.c_str());
  }

 private:
  SystemRandom entropy_;
  RogueDevice rogue_;
  int socket_;
};

Bytes frame(uint8_t kind, uint32_t length) { return to_bytes(tunnel::encode({static_cast<tunnel::FrameKind>(kind), length, 0})); }

void say_malformed(Attack& attack) {
  RogueDevice& rogue = attack.rogue();
  for (const Bytes& bytes : {frame(0x7f, 0), frame(0x01, 600), tunnel::encode_accept(), tunnel::encode_lane(0)}) {
    rogue.open(true, bytes);
    attack.expect_expulsion();
  }
  for (const Bytes& bytes : {frame(0x20, 0xffffff), frame(0x20, 0), Bytes(40, 0xff)}) {
    rogue.control_bytes(bytes);
    attack.expect_expulsion();
  }
  for (const tunnel::ControlMessage& lie : std::vector<tunnel::ControlMessage>{tunnel::Revoked{"lost"}, tunnel::PairDone{}, tunnel::AuditHead{1'000'000, {}, {}, {}},
                                                                              tunnel::Incarnation{1'000'000'000, {7}, {}}, tunnel::Rekey{{7, {9}}}}) {
    rogue.control(lie);
    attack.expect_expulsion();
  }
  // Generations of keys that it never uses.
  for (uint32_t generation = 1; generation < 10; ++generation) rogue.control(tunnel::Rekey{{generation, {9}}});
  attack.expect_expulsion();
  for (const Bytes& frames : {Bytes{0x1e}, Bytes{0x07, 1, 1}, Bytes{0x02, 0x7f, 0xff, 0, 0, 0}, Bytes{0x40, 0x00}}) {
    rogue.open(true, tunnel::encode_open("echo"));
    attack.run(std::chrono::milliseconds(200));
    attack.send(rogue.packet(frames));
    attack.run(std::chrono::seconds(1), [&] { return rogue.closed(); });
    attack.connect();
  }
}

void ask_for_others(Attack& attack) {
  for (const char* service : {"secret", "ech", "echo1", "office-page"}) attack.expect_refusal(service);
  for (const char* service : {"", "*", "ECHO", "secret\n", "../secret"}) {
    attack.rogue().open(true, tunnel::encode_open(service));
    attack.expect_expulsion();
  }
}

void flood(Attack& attack) {
  RogueDevice& rogue = attack.rogue();
  for (int round = 0; round < 4'000; ++round) {
    auto stream = rogue.open(true, tunnel::encode_open(round % 2 ? "echo" : "secret"));
    if (stream && round % 3) rogue.abort(*stream, 1);
    rogue.datagram(clocks(), round % 50 * 4, Bytes(900, 1));
    std::vector<SocketAddress> others(16, SocketAddress::v4(127, 0, 0, 1, static_cast<uint16_t>(1 + round)));
    if (round % 4 == 0) rogue.control(tunnel::Candidates{others, {}});
    attack.send(rogue.check(rogue.question(round % 2 == 0)));
    if (round % 20 == 0) attack.run(std::chrono::milliseconds(5));
    if (rogue.closed()) attack.connect();
  }
  std::printf("done\n");
}

// As many connections as it can have to a program that never stops sending, and reads nothing.
void take_all(Attack& attack) {
  RogueDevice& rogue = attack.rogue();
  rogue.reading = false;
  int opened = 0;
  for (int tries = 0; tries < 3'000; ++tries) {
    if (rogue.open(true, tunnel::encode_open("endless"))) ++opened;
    else attack.run(std::chrono::milliseconds(2));
  }
  attack.run(std::chrono::seconds(3));
  std::printf("opened %d\n", opened);
}

void begin_handshakes(Attack& attack) {
  for (int round = 0; round < 300; ++round) {
    attack.rogue().connect(clocks());
    if (auto first = attack.rogue().poll_datagram(clocks())) attack.send(*first);
  }
  std::printf("done\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) fail("usage: rogue KEY_FILE RELATION HOST:PORT SCENARIO");
  start_libsodium();
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::ifstream file(argv[1], std::ios::binary);
  Bytes bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto key = parse_key_file(bytes);
  auto relation = roster::parse_relation(from_hex(argv[2]));
  auto office = parse_socket_address(argv[3]);
  if (!key || !relation || !office) fail("a key, a relation or an address cannot be read");
  Attack attack({derive_identity(key->seed), relation->key.peer, std::move(relation->psk)}, *office);
  std::string_view scenario = argv[4];
  if (scenario != "handshakes") attack.connect();
  if (scenario == "malformed") say_malformed(attack);
  else if (scenario == "ungranted") ask_for_others(attack);
  else if (scenario == "flood") flood(attack);
  else if (scenario == "unread") take_all(attack);
  else if (scenario == "handshakes") begin_handshakes(attack);
  else fail("no such scenario");
}
