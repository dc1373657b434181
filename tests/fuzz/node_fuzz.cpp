// A whole office under fire. The first byte says from whom: a datagram from elsewhere and with the laptop's and the
// office's addresses forged (0); frames of a packet that a paired device seals (1); what such a device does and what the
// owner asks for, one step after the other (2 and above). The laptop's open flow must go on after each.
#include "protocol/wire/utf8.hpp"
#include "tests/fuzz/street.hpp"

using namespace drawbridge;
using fuzz::Street;

namespace {

Street& street() {
  static Street one(1);
  return one;
}

// Reads an input piece by piece; at its end everything is zero or empty.
class Pieces {
 public:
  explicit Pieces(ByteView bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    uint8_t first = rest_[0];
    rest_ = rest_.subspan(1);
    return first;
  }
  // Its length comes first.
  ByteView bytes() {
    size_t length = byte();
    length = std::min(length, rest_.size());
    ByteView taken = rest_.first(length);
    rest_ = rest_.subspan(length);
    return taken;
  }
  // As an owner's requests hold it: well-formed, and as long as somebody likes.
  std::string text() {
    std::string_view piece = utf8_prefix(as_text(bytes()), UINT8_MAX);
    std::string whole;
    for (int times = byte() % 16; times >= 0; --times) whole += piece;
    return whole;
  }
  uint64_t number() {
    uint64_t value = 0;
    for (uint8_t each : bytes()) value = value << 8 | each;
    return value;
  }

 private:
  ByteView rest_;
};

Bytes tunnel_frame(uint8_t kind, uint32_t argument, ByteView payload) {
  Bytes frame = to_bytes(tunnel::encode({static_cast<tunnel::FrameKind>(kind), static_cast<uint32_t>(payload.size()), argument}));
  append(frame, payload);
  return frame;
}

traversal::ConnectivityCheck check_of(Pieces& pieces) {
  traversal::ConnectivityCheck check = street().rogue().question(pieces.byte() & 1);
  check.kind = static_cast<traversal::CheckKind>(pieces.byte() % 7);
  if (pieces.byte() & 1) check.counter = pieces.number();
  if (pieces.byte() & 1) check.receiver_boot = pieces.number(), check.sender_boot = pieces.number();
  check.confirmed_size = static_cast<uint16_t>(pieces.number());
  check.round_trip_us = static_cast<uint32_t>(pieces.number());
  return check;
}

// Anything but what would take the laptop's access away.
void ask_as_owner(Pieces& pieces) {
  Node& office = street().office();
  Now now = street().now();
  DeviceId device = pieces.byte() & 1 ? street().rogue_id() : DeviceId{{pieces.byte()}};
  std::string text = pieces.text();
  bool precious = text == "echo" || text == "secret" || text == "*";
  switch (pieces.byte() % 14) {
    case 0: (void)office.create_invitation(now, {.name = text, .grants = {{pieces.text(), {}}}, .valid_for = std::chrono::seconds(pieces.byte())}); break;
    case 1: (void)office.cancel_invitation(now, pieces.number()); break;
    case 2: if (!precious) (void)office.allow(now, device, {{text, WallTime{static_cast<int64_t>(pieces.number())}}}); break;
    case 3: if (!precious) (void)office.deny(now, device, {text}); break;
    case 4: (void)office.rename(now, device, text); break;
    case 5: if (!precious) (void)office.expose(now, {text, pieces.text(), pieces.text(), pieces.byte()}); break;
    case 6: if (!precious) (void)office.unexpose(now, text); break;
    case 7: (void)office.reset_counter(now, device); break;
    case 8: (void)office.add_relay(now, text, pieces.text()); break;
    case 9: (void)office.remove_relay(now, text); break;
    case 10: (void)office.add_address(now, text); break;
    case 11: (void)office.remove_address(now, text); break;
    case 12: (void)office.forget_device(now, device); break;
    default: (void)office.ping(now, {PeerRole::device, device}, 1s); break;
  }
  (void)office.devices(now);
  (void)office.path_facts(now, {PeerRole::device, device});
}

void step(Pieces& pieces) {
  sim::RogueDevice& rogue = street().rogue();
  uint8_t what = pieces.byte();
  quic::StreamId stream = pieces.byte();
  switch (what % 16) {
    case 0: rogue.open(true, pieces.bytes()); break;
    case 1: rogue.open(false, pieces.bytes()); break;
    case 2: rogue.write(stream, pieces.bytes()); break;
    case 3: rogue.finish(stream); break;
    case 4: rogue.abort(stream, pieces.number() >> 2); break;
    case 5: rogue.stop(stream, pieces.number() >> 2); break;
    case 6: rogue.control(pieces.bytes()); break;
    case 7: rogue.control_bytes(pieces.bytes()); break;
    case 8: rogue.datagram(street().now(), stream, pieces.bytes()); break;
    case 9: street().send_as_rogue(rogue.check(check_of(pieces), pieces.byte() * size_t{6})); break;
    case 10: rogue.open(true, tunnel::encode_open(pieces.byte() & 1 ? "echo" : pieces.text())); break;
    case 11: rogue.write(stream, tunnel_frame(pieces.byte(), pieces.byte(), pieces.bytes())); break;
    case 12: street().send_as_rogue(rogue.packet(pieces.bytes())); break;
    case 13: ask_as_owner(pieces); break;
    case 14: rogue.reading = pieces.byte() & 1; break;
    default: street().run(std::chrono::milliseconds(pieces.byte()), [] { return false; }); break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Pieces pieces({data + 1, size - 1});
  if (data[0] == 0) street().inject_everywhere({data + 1, size - 1});
  else if (data[0] == 1) street().send_as_rogue(street().rogue().packet({data + 1, std::min<size_t>(size - 1, 1'100)}));
  else for (int steps = 0; steps < 40 && !pieces.empty(); ++steps) step(pieces);
  street().run(5ms, [] { return false; });
  fuzz::require(street().told_to_stranger() == 0, "a stranger is told nothing");
  fuzz::require(street().echo(10), "a live session goes on");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  std::vector<Bytes> inputs;
  for (const Bytes& datagram : street().recorded()) inputs.push_back(of_kind(0, datagram));
  for (Bytes frames : {Bytes{0x01}, Bytes{0x08, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0x91}, Bytes{0x02, 0, 0, 0, 0}, Bytes{0x19, 0}, Bytes{0x30, 1, 2}}) inputs.push_back(of_kind(1, frames));
  // Opens a flow, says something, ends it; words on the control stream; the owner's requests.
  inputs.push_back({2, 10, 0, 1, 15, 0, 9, 11, 4, 0x10, 0, 3, 'a', 'b', 'c', 15, 0, 9, 11, 4, 0x11, 1, 0, 3, 4});
  inputs.push_back({2, 10, 0, 1, 1, 0, 16, 4, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 4, 2, 1, 2});
  for (const tunnel::ControlMessage& message : std::vector<tunnel::ControlMessage>{tunnel::Hello{"x"}, tunnel::Candidates{{SocketAddress::v4(192, 0, 2, 9, 1)}, {}}, tunnel::Rekey{{1, {9}}}}) {
    Bytes payload = tunnel::encode(message), input{2, 6, 0, static_cast<uint8_t>(payload.size())};
    append(input, payload);
    inputs.push_back(input);
  }
  for (uint8_t request = 0; request < 14; ++request) inputs.push_back({2, 13, 0, 1, 4, 'n', 'a', 'm', 'e', 0, request, 3, 't', 'c', 'p', 0, 2, 'a', 'b', 0, 7});
  inputs.push_back({2, 9, 0, 1, 1, 0, 0, 2, 5, 5, 1, 9, 0});
  return inputs;
}
