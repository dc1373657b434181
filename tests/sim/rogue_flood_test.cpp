// A paired device that does too much of what it may. What it costs the office is bounded, and nobody else is held up.
#include "tests/sim/siege.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

// As many as the office's window for them allows; how many were opened.
size_t open_all(Siege& s, bool bidirectional, ByteView bytes, size_t most) {
  size_t opened = 0;
  for (int pauses = 0; opened < most && pauses < 200;) {
    if (s.rogue->open(bidirectional, bytes)) ++opened;
    else s.run(10ms), ++pauses;
  }
  return opened;
}

Bytes open_frame(const char* service) { return tunnel::encode_open(service); }

// A varint of RFC 9000 16.
void put(Bytes& bytes, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<uint8_t>(value >> shift));
  bytes[bytes.size() - 8] |= 0xc0;
}

Bytes quic_frame(std::initializer_list<uint64_t> fields, ByteView rest = {}) {
  Bytes bytes{static_cast<uint8_t>(*fields.begin())};
  for (auto field = fields.begin() + 1; field != fields.end(); ++field) put(bytes, *field);
  append(bytes, rest);
  return bytes;
}

}  // namespace

TEST_CASE("a flow takes four streams and no more, since each costs memory from its first byte") {
  Siege s;
  auto flow = s.rogue->open(true, open_frame("echo"));
  s.run(100ms);
  Bytes lane = tunnel::encode_lane(static_cast<uint64_t>(*flow));
  append(lane, s.block("x", 1'000));
  for (size_t i = 0; i + 1 < limits::lanes; ++i) s.rogue->open(false, lane, true);
  s.run(500ms);
  REQUIRE_FALSE(s.rogue->closed());
  s.rogue->open(false, lane, true);
  CHECK(s.expelled("too many lanes"));
  CHECK(s.laptop_is_served());
}

TEST_CASE("a device that opens as many connections as it can is held to its number, and the others are served") {
  Siege s;
  size_t opened = open_all(s, true, open_frame("echo"), 3 * limits::flows_per_peer);
  CHECK(opened <= limits::flows_per_peer + 1);
  s.run(1s);
  size_t live = 0;
  for (const auto& [id, flow] : s.office.flows) live += !flow.ended;
  CHECK(live <= limits::flows_per_peer + 2);
  CHECK(s.laptop_is_served());
}

TEST_CASE("a device that asks for what it was not granted without end fills neither the trail nor the office") {
  Siege s;
  size_t batches = s.office.batches;
  for (int i = 0; i < 3'000; ++i) {
    auto stream = s.rogue->open(true, open_frame("secret"), true);
    if (!stream) s.run(20ms);
  }
  s.run(2s);
  CHECK(s.reached().empty());
  CHECK(s.office.batches - batches < 200);
  CHECK(s.laptop_is_served());
}

TEST_CASE("a device that never reads holds up its own flows and nobody else's") {
  Siege s;
  s.rogue->reading = false;
  Bytes bytes = open_frame("echo");
  for (uint32_t number = 0; number < 200; ++number) append(bytes, s.block(std::string(8'000, 'x'), number));
  for (int i = 0; i < 8; ++i) s.rogue->open(true, bytes);
  s.run(10s);
  CHECK_FALSE(s.rogue->closed());
  uint64_t held = 0;
  for (const auto& [id, flow] : s.office.flows) held += flow.written;
  // What echoes can have been written: windows for the streams, and what waits beside them.
  CHECK(held <= 8 * (limits::stream_window + limits::unsent_per_flow) + 200'000);
  CHECK(s.laptop_is_served());
}

TEST_CASE("a flood of words on the control stream neither ends the office's work nor makes it send to others") {
  Siege s;
  std::vector<SocketAddress> victims;
  for (uint8_t i = 0; i < 16; ++i) victims.push_back(SocketAddress::v4(198, 51, 100, i, 53));
  s.world.received_by_stranger.clear();
  Instant begun = s.world.now;
  for (int round = 0; round < 500; ++round) {
    // Always others, so that each is news.
    for (SocketAddress& victim : victims) victim.port = static_cast<uint16_t>(1'000 + round);
    s.rogue->control(tunnel::Candidates{victims, {}});
    s.rogue->control(tunnel::Hello{"Owner's laptop"});
    if (round % 20 == 0) s.run(20ms);
  }
  s.run(2s);
  CHECK_FALSE(s.rogue->closed());
  uint64_t sent = 0;
  for (const auto& [to, count] : s.world.received_by_stranger) sent += to == s.address ? 0 : count;
  // Rounds of 16 questions, six for each time that news counts.
  double seconds = std::chrono::duration<double>(s.world.now - begun).count();
  CHECK(static_cast<double>(sent) <= 16 * 6 * (limits::probings_burst + limits::probings_per_second * seconds + 1));
  CHECK(s.laptop_is_served());
}

TEST_CASE("a hundred candidates are refused, sixteen are kept, and those that name no host are not asked") {
  Siege s;
  std::vector<SocketAddress> many(100, SocketAddress::v4(198, 51, 100, 1, 53));
  s.rogue->control(tunnel::Candidates{many, {}});
  CHECK(s.expelled("malformed control message"));
  s.connect();
  s.world.received_by_stranger.clear();
  SocketAddress group = SocketAddress::v4(224, 0, 0, 1, 53), nowhere = SocketAddress::v4(0, 0, 0, 0, 53), silent = SocketAddress::v4(198, 51, 100, 1, 0);
  s.rogue->control(tunnel::Candidates{{group, nowhere, silent}, {}});
  s.run(3s);
  for (const SocketAddress& address : {group, nowhere, silent}) CHECK(s.world.received_by_stranger[address] == 0);
  CHECK(s.laptop_is_served());
}

TEST_CASE("floods of checks, of any kind, are answered fifty times a second and move nothing but the rogue's own path") {
  Siege s;
  SocketAddress victim = SocketAddress::v4(198, 51, 100, 1, 53);
  s.world.received_by_stranger.clear();
  uint64_t answers = s.rogue->answered_checks;
  for (int i = 0; i < 5'000; ++i) {
    auto check = s.rogue->question(i % 2 == 0);
    if (i % 5 == 1) check.kind = static_cast<traversal::CheckKind>(1 + i % 7);
    if (i % 5 == 2) check.counter = UINT64_MAX - static_cast<uint64_t>(i);
    if (i % 5 == 3) check.sender_boot = UINT64_MAX, check.receiver_boot = static_cast<uint64_t>(i);
    if (i % 7 == 3) check.confirmed_size = UINT16_MAX, check.round_trip_us = 1;
    // With the victim's address as its own, too: an address is asked before it is believed.
    s.world.send(i % 3 == 0 ? victim : s.address, s.office.address, s.rogue->check(check, i % 11 == 0 ? 1452 : 0));
    if (i % 50 == 0) s.run(20ms);
  }
  s.run(1s);
  CHECK(s.rogue->answered_checks - answers <= static_cast<uint64_t>(limits::checks_burst + 10 * limits::checks_per_second));
  CHECK(s.world.received_by_stranger[victim] <= static_cast<uint64_t>(limits::checks_burst + 10 * limits::checks_per_second));
  CHECK(s.laptop_is_served());
}

TEST_CASE("datagrams for flows that are none, of streams or too many, are dropped") {
  Siege s;
  auto calls = s.rogue->open(true, open_frame("calls"));
  auto echo = s.rogue->open(true, open_frame("echo"));
  s.run(200ms);
  for (int i = 0; i < 3'000; ++i) {
    for (quic::StreamId stream : {*calls, *echo, quic::StreamId{0}, quic::StreamId{4'000}}) s.rogue->datagram(s.now(), stream, Bytes(1'000, 7));
    if (i % 20 == 0) s.run(2ms);
  }
  s.run(1s);
  CHECK_FALSE(s.rogue->closed());
  CHECK(s.laptop_is_served());
}

TEST_CASE("a device that asks for new keys and uses none does not get the office to forget those in use") {
  Siege s;
  auto ask = [&](uint32_t generation) { s.rogue->control(tunnel::Rekey{{generation, exchange_public_from(s.entropy.secret32())}}); };
  ask(1);
  s.run(500ms);
  REQUIRE_FALSE(s.rogue->closed());
  ask(2);
  ask(3);
  CHECK(s.expelled("key update out of order"));
  CHECK(s.laptop_is_served());
  s.connect();
  // All at once, in one packet.
  for (uint32_t generation = 1; generation <= 20; ++generation) ask(generation);
  CHECK(s.expelled("key update out of order"));
  CHECK(s.laptop_is_served());
}

TEST_CASE("frames of QUIC that no such peer sends end at most its own connection") {
  constexpr uint64_t huge = (uint64_t{1} << 62) - 1;
  std::vector<Bytes> frames{
      quic_frame({0x02, huge, 0, 0, huge}),                     // ACK of what was never sent
      quic_frame({0x02, 5, 0, 3, 9}),                           // ACK below zero
      quic_frame({0x04, 0, 5, huge}),                           // RESET_STREAM with an impossible size
      quic_frame({0x05, 1, 5}),                                 // STOP_SENDING of a stream of the office's that is none
      quic_frame({0x06, 0, 3}, Bytes(3)),                       // CRYPTO after the handshake
      quic_frame({0x06, huge - 8, 3}, Bytes(3)),
      quic_frame({0x07, 3}, Bytes(3)),                          // NEW_TOKEN from a client
      quic_frame({0x0e, 0, huge - 8, 3}, Bytes(3)),             // STREAM far beyond its window
      quic_frame({0x0e, 1, 0, 3}, Bytes(3)),                    // ... on a stream of the office's
      quic_frame({0x0e, huge - 3, 0, 3}, Bytes(3)),             // ... beyond their number
      quic_frame({0x10, huge}), quic_frame({0x11, 0, huge}), quic_frame({0x12, huge}), quic_frame({0x13, huge}),  // windows
      quic_frame({0x14, huge}), quic_frame({0x15, 0, huge}), quic_frame({0x16, huge}),                            // said to be used up
      quic_frame({0x18, 900, 800}, Bytes(25, 8)),               // NEW_CONNECTION_ID
      quic_frame({0x18, 1, 7}, Bytes(25, 8)),
      quic_frame({0x19, 900}),                                  // RETIRE_CONNECTION_ID of none
      Bytes(9 * 100, 0x1a),                                     // a hundred PATH_CHALLENGEs
      quic_frame({0x1b}, Bytes(8)),                             // PATH_RESPONSE to none
      quic_frame({0x1e}),                                       // HANDSHAKE_DONE from a client
      quic_frame({0x1c, 1, 0, 3}, Bytes(3, 0xff)),              // CONNECTION_CLOSE with a text that is none
      quic_frame({0x1d, huge, 60}, Bytes(60, 0x1b)),
      quic_frame({0x31, 900}, Bytes(2)),                        // DATAGRAM longer than its packet
      Bytes{0x40, 0x00}, Bytes{0x21}, Bytes{0xff}, Bytes(1'100, 0x01),
  };
  Siege s;
  for (const Bytes& each : frames) {
    INFO(to_hex(ByteView(each).first(std::min<size_t>(each.size(), 40))));
    auto flow = s.rogue->open(true, open_frame("echo"));
    s.run(50ms);
    REQUIRE(flow);
    for (int times = 0; times < 3; ++times) s.send(s.rogue->packet(each));
    s.run(100ms);
    REQUIRE(s.laptop_is_served());
    s.connect();
  }
  // Updates of keys that were not agreed on, and packets of old numbers, cannot be opened.
  CHECK(s.reached() == std::set<std::string>{"echo"});
}

TEST_CASE("what a device sent in an earlier session does nothing when it is sent again") {
  Siege s;
  s.world.capture = true;
  s.connect();
  s.rogue->open(true, open_frame("echo"));
  s.run(500ms);
  s.world.capture = false;
  auto recorded = std::exchange(s.world.captured, {});
  s.connect();
  s.run(500ms);
  size_t requested = s.office.seen<event::FlowRequested>().size();
  uint64_t handshakes = s.handshake_packets;
  for (const Captured& datagram : recorded) {
    if (datagram.path.remote == s.office.address) s.world.send(s.address, s.office.address, datagram.bytes);
  }
  s.run(2s);
  CHECK(s.office.seen<event::FlowRequested>().size() == requested);
  CHECK(s.handshake_packets == handshakes);
  CHECK_FALSE(s.rogue->closed());
  CHECK(s.laptop_is_served());
}
