// A paired device that says what no device says. The office ends its connection, with a reason, and nobody else's; what it
// was not granted it never reaches.
#include "tests/sim/siege.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;
using tunnel::FrameKind;

namespace {

struct Malformed {
  const char* what;
  std::function<void(Siege&)> act;
  const char* reason;
};

// On a bidirectional stream of its own.
std::function<void(Siege&)> on_flow(std::function<Bytes(Siege&)> bytes) {
  return [bytes](Siege& s) { s.rogue->open(true, bytes(s)); };
}

std::function<void(Siege&)> on_open_flow(std::function<Bytes(Siege&)> bytes) {
  return on_flow([bytes](Siege& s) {
    Bytes all = tunnel::encode_open("echo");
    append(all, bytes(s));
    return all;
  });
}

const std::vector<Malformed> malformed_streams{
    {"a first frame of no known kind", on_flow([](Siege& s) { return s.frame(0x7f, 0); }), "unexpected first frame"},
    {"an answer instead of a question", on_flow([](Siege&) { return tunnel::encode_accept(); }), "unexpected first frame"},
    {"a block before it has asked", on_flow([](Siege& s) { return s.block("hello"); }), "unexpected first frame"},
    {"a control message on a flow's stream", on_flow([](Siege& s) { return s.frame(0x20, 0); }), "unexpected first frame"},
    {"an open frame longer than any", on_flow([](Siege& s) { return s.frame(0x01, 513); }), "malformed first frame"},
    {"an open frame of 16 MiB", on_flow([](Siege& s) { return s.frame(0x01, 0xffffff); }), "malformed first frame"},
    {"an open frame without a name", on_flow([](Siege& s) { return s.frame(0x01, 0); }), "malformed open frame"},
    {"a lane on a stream that goes both ways", on_flow([](Siege&) { return tunnel::encode_lane(4); }), "unexpected first frame"},
    {"an open frame on a stream that goes one way", [](Siege& s) { s.rogue->open(false, tunnel::encode_open("echo")); }, "unexpected first frame"},
    {"a second open frame on one stream", on_open_flow([](Siege&) { return tunnel::encode_open("echo"); }), "malformed block"},
    {"a block without a byte", on_open_flow([](Siege& s) { return s.frame(0x10, 0); }), "malformed block"},
    {"an end with bytes", on_open_flow([](Siege& s) { return s.frame(0x11, 5); }), "malformed block"},
    {"a lane frame between blocks", on_open_flow([](Siege&) { return tunnel::encode_lane(4); }), "malformed block"},
    {"bytes behind the end",
     on_open_flow([](Siege& s) {
       Bytes bytes = s.frame(0x11, 0);
       append(bytes, s.block("more"));
       return bytes;
     }),
     "malformed block"},
    {"a control frame of another kind", [](Siege& s) { s.rogue->control_bytes(tunnel::encode_open("echo")); }, "malformed control frame"},
    {"a control frame too long", [](Siege& s) { s.rogue->control_bytes(s.frame(0x20, limits::control_message_bytes + 1)); }, "malformed control frame"},
    {"a control message of no bytes", [](Siege& s) { s.rogue->control(ByteView()); }, "malformed control message"},
    {"the end of the control stream", [](Siege& s) { s.rogue->control_bytes({}), s.rogue->finish(0); }, "the control stream ended"},
    {"a reset of the control stream", [](Siege& s) { s.rogue->control_bytes(Bytes(3)), s.run(50ms), s.rogue->abort(0, 1); }, "the control stream was reset"},
    {"the office's word for services", [](Siege& s) { s.rogue->control(tunnel::Offer{"Office", {}, {}, {}, {}}); }, "unexpected control message"},
    {"the office's word that it is revoked", [](Siege& s) { s.rogue->control(tunnel::Revoked{"lost"}); }, "unexpected control message"},
    {"a pairing of another device", [](Siege& s) { s.rogue->control(tunnel::PairRequest{s.laptop.identity.id, "Laptop", {}}); }, "unexpected control message"},
    {"the end of a pairing", [](Siege& s) { s.rogue->control(tunnel::PairDone{}); }, "unexpected control message"},
    {"a pairing that it grants itself", [](Siege& s) { s.rogue->control(tunnel::PairGrant{"Office", "Laptop", Bytes(100)}); }, "unexpected control message"},
    {"an audit head", [](Siege& s) { s.rogue->control(tunnel::AuditHead{1'000'000, {}, {}, {}}); }, "unexpected control message"},
    {"a later copy of the office that nobody has signed",
     [](Siege& s) { s.rogue->control(tunnel::Incarnation{1'000'000, {7}, {}}); }, "an incarnation that we have not signed"},
    {"a key update out of order", [](Siege& s) { s.rogue->control(tunnel::Rekey{{7, {9}}}); }, "key update out of order"},
    {"a key update to the point of small order", [](Siege& s) { s.rogue->control(tunnel::Rekey{{1, {}}}); }, "key update out of order"},
    {"an answer to a key update that nobody wanted", [](Siege& s) { s.rogue->control(tunnel::RekeyAnswer{{1, {9}}}); }, "key update out of order"},
};

std::vector<tunnel::ControlMessage> messages_of_devices() {
  return {tunnel::Hello{"Laptop"}, tunnel::Leave{}, tunnel::Rekey{{1, {9}}}, tunnel::Incarnation{1, {7}, {}},
          tunnel::Candidates{{SocketAddress::v4(192, 0, 2, 1, 443)}, {}}, tunnel::PairRequest{{}, "Laptop", {}}};
}

// What the office keeps of its devices.
std::string roster_of(Siege& s) {
  std::string text;
  for (const DeviceStatus& device : s.office.node->devices(s.now())) {
    text += to_hex(device.id.bytes) + " " + device.name + (device.revoked_at ? " revoked" : "");
    for (const Grant& grant : device.grants) text += " " + grant.service;
  }
  return text;
}

}  // namespace

TEST_CASE("whatever a paired device puts on a stream against the rules ends its connection with a reason, and no other") {
  Siege s;
  std::string roster = roster_of(s);
  for (const Malformed& each : malformed_streams) {
    INFO(each.what);
    each.act(s);
    bool expelled = s.expelled(each.reason);
    INFO(s.rogue->close_reason());
    REQUIRE(expelled);
    REQUIRE(s.laptop_is_served());
    s.connect();
  }
  CHECK(roster_of(s) == roster);
  auto ended = s.office.seen<event::Disconnected>();
  CHECK(std::any_of(ended.begin(), ended.end(), [](const auto& each) { return each.reason == "misbehaved: malformed block"; }));
  for (const std::string& service : s.reached()) CHECK(service == "echo");
  CHECK_FALSE(s.office.node->displaced());
}

TEST_CASE("a control message that is cut, has a byte too many, or is of no known type ends the connection of who sent it") {
  Siege s;
  auto expect_expulsion = [&](ByteView payload) {
    INFO(to_hex(payload));
    s.rogue->control(payload);
    REQUIRE(s.expelled("malformed control message"));
    s.connect();
  };
  for (const tunnel::ControlMessage& message : messages_of_devices()) {
    Bytes whole = tunnel::encode(message);
    for (size_t length = 1; length < whole.size(); length += 1 + whole.size() / 16) expect_expulsion(ByteView(whole).first(length));
    whole.push_back(0);
    expect_expulsion(whole);
  }
  for (uint8_t type : {0, 14, 15, 127}) expect_expulsion(Bytes{0x91, type});
  expect_expulsion(Bytes{0x92, 0x81, 0x01, 0x01});
  expect_expulsion(Bytes(limits::control_message_bytes, 0x91));
  // A list that is said to be long, and names that no name is.
  expect_expulsion(Bytes{0x93, 10, 0xdd, 0xff, 0xff, 0xff, 0xff, 0x90});
  for (std::string_view name : {"", "a\nb", "\x1b[2J", "\xff\xfe", "0123456789012345678901234567890123456789012345678901234567890123456789"}) {
    expect_expulsion(tunnel::encode(tunnel::PairRequest{{}, std::string(name), {}}));
  }
  CHECK(s.laptop_is_served());
}

TEST_CASE("a device reaches what it was granted by that very name only, however it spells others") {
  Siege s;
  for (const char* name : {"secret", "ech", "echo1", "echo-1", "calls2", "e", "x", "echo-echo"}) {
    INFO(name);
    auto stream = s.rogue->open(true, tunnel::encode_open(name));
    REQUIRE(s.run(2s, [&] { return s.rogue->ended.contains(*stream); }));
    auto refusal = tunnel::parse_refuse(ByteView(s.rogue->received[*stream]).subspan(tunnel::frame_header_size));
    REQUIRE(refusal);
    CHECK(refusal->message == "The office offers no such service to this device.");
  }
  for (const char* name : {"", "*", "ECHO", "echo ", " echo", "echo\n", "echo.", "../secret", "echo/secret", "secret%00", "-echo", "ëcho",
                           "0123456789012345678901234567890123456789"}) {
    INFO(name);
    s.rogue->open(true, tunnel::encode_open(name));
    REQUIRE(s.expelled("malformed open frame"));
    s.connect();
  }
  CHECK(s.reached().empty());
  auto stream = s.rogue->open(true, tunnel::encode_open("echo"));
  REQUIRE(s.run(2s, [&] { return !s.rogue->received[*stream].empty(); }));
  CHECK(s.reached() == std::set<std::string>{"echo"});
  CHECK(s.laptop_is_served());
}

TEST_CASE("a device that resets or goes quiet at any stage leaves nothing open and disturbs nobody") {
  Siege s;
  std::vector<std::function<void(quic::StreamId)>> stages{
      [](auto) {}, [&](auto) { s.run(50ms); }, [&](auto stream) { s.rogue->write(stream, s.frame(0x10, 100)); },
      [&](auto stream) { s.rogue->write(stream, s.block("hello")), s.run(50ms); },
      [&](auto stream) { s.rogue->write(stream, s.frame(0x11, 0, 0)), s.rogue->finish(stream); }};
  for (auto& stage : stages) {
    for (bool stop : {false, true}) {
      auto stream = s.rogue->open(true, tunnel::encode_open("echo"));
      stage(*stream);
      stop ? s.rogue->stop(*stream, 1) : s.rogue->abort(*stream, UINT32_MAX);
      s.run(100ms);
      REQUIRE_FALSE(s.rogue->closed());
    }
  }
  // Handshakes that end after each of their packets; the office must not hold them for good.
  for (size_t packets = 1; packets < 8; ++packets) {
    s.run(300ms);
    s.rogue->connect(s.now());
    for (size_t i = 0; i < packets; ++i) {
      if (auto datagram = s.rogue->poll_datagram(s.now())) s.send(*datagram);
      s.world.run(10ms);
    }
  }
  s.connect();
  CHECK(s.laptop_is_served());
  auto over = [](const auto& flow) { return flow.second.ended; };
  CHECK(s.run(20s, [&] { return std::all_of(s.office.flows.begin(), s.office.flows.end(), over); }));
}

TEST_CASE("what a device says of its version cannot do more than be refused") {
  Siege s;
  for (auto versions : std::vector<std::vector<uint8_t>>{{}, {0}, {255}, {2, 3, 4}}) {
    s.run(300ms);
    s.rogue->connect(s.now(), [&](quic::ClientHello& hello) { hello.versions = versions; });
    REQUIRE(s.run(5s, [&] { return s.rogue->closed(); }));
    CHECK(s.rogue->close_code() == quic::CloseCode::upgrade_needed);
  }
  s.run(2 * limits::handshake_timeout);  // until the office has forgotten these
  // Forms that no message 1 has are met with silence.
  for (int which = 0; which < 3; ++which) {
    s.run(300ms);
    s.rogue->connect(s.now(), [&](quic::ClientHello& hello) {
      if (which == 0) hello.versions.assign(200, 9);
      if (which == 1) hello.aeads.assign(200, AeadId::chacha20_poly1305);
      if (which == 2) hello.counter = 5;
    });
    s.handshake_packets = 0;
    CHECK_FALSE(s.run(2s, [&] { return s.rogue->connected(); }));
    CHECK(s.handshake_packets == 0);
  }
  auto devices = s.office.node->devices(s.now());
  auto refused = std::find_if(devices.begin(), devices.end(), [&](const DeviceStatus& device) { return device.id == s.rogue_id(); });
  CHECK(refused->last_refusal.find("counter_behind") == 0);
  s.connect();
  CHECK(s.laptop_is_served());
}

TEST_CASE("a device that claims to be another one with its own pair's keys receives nothing") {
  Siege s;
  Identity other = identity_from_seed(s.entropy.secret32());
  RogueKeys keys{other, s.office.identity.id, {}};
  for (const auto& [key, value] : s.world.nodes.back()->disk) {
    if (key.first == RowKind::relation) keys.psk = roster::parse_relation(value)->psk;
  }
  s.run(1s);
  s.rogue = std::make_unique<RogueDevice>(std::move(keys), s.entropy);
  s.run(10s);
  s.handshake_packets = 0;
  s.rogue->connect(s.now());
  CHECK_FALSE(s.run(5s, [&] { return s.rogue->connected(); }));
  CHECK(s.handshake_packets == 0);
  CHECK(s.laptop_is_served());
}
