// Datagrams from strangers and clients to a relay. Input: records of a length byte pair, a byte that says from whom, and
// a datagram. A relay that knows one session receives them; samples are a client's own messages.
#include "protocol/relay/mailbox_key.hpp"
#include "protocol/relay/relay_server.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::relay;

namespace {

const Instant start{Duration(std::chrono::hours(1))};

struct Relay {
  sim::SeededEntropy entropy{7};
  Identity identity = identity_from_seed(entropy.secret32());
  RelayServer server{{identity}, entropy};
};

Link link_of(uint8_t who) {
  return {{{}, SocketAddress::v4(10, 0, 0, who, 7470)}, who > 200 ? uint64_t{who} : 0};
}

void feed(Relay& relay, Instant now, uint8_t who, Bytes datagram) {
  size_t size = datagram.size();
  size_t segment = who % 3 == 0 && size > 40 ? 40 : size;
  size_t passed = 0;
  for (const Forward& out : relay.server.handle_datagrams(now, link_of(who), 0, segment, datagram)) passed += out.bytes.size();
  fuzz::require(passed <= size, "nothing is amplified");
  std::array<uint8_t, largest_control> buffer;
  size_t answers = 0;
  while (relay.server.poll_transmit(now, buffer).length > 0) ++answers;
  fuzz::require(answers <= size / 9 + 4, "few answers");
}

// HELLO, OPEN with one mailbox, ping, payload: what a client would send.
Bytes conversation() {
  Relay relay;
  Bytes out;
  auto record = [&](const Bytes& datagram) {
    out.push_back(static_cast<uint8_t>(datagram.size() >> 8));
    out.push_back(static_cast<uint8_t>(datagram.size()));
    out.push_back(1);
    append(out, datagram);
  };
  Secret32 ephemeral = relay.entropy.secret32();
  ExchangePublic shown = exchange_public_from(ephemeral);
  KnockKey knock(relay.identity.id, {});
  Hello hello{42, {}, 1, shown};
  hello.knock = knock.knock(knocked_part(hello));
  record(encode(hello));
  RelayKey key = relay_key_of(relay.identity.id).take();
  SessionKeys keys = *agree(ephemeral, key.exchange, key.id, shown, {});
  Bytes request = encode(hello);
  relay.server.handle_datagrams(start, link_of(1), 0, request.size(), request);
  std::array<uint8_t, largest_control> buffer;
  size_t length = relay.server.poll_transmit(start, buffer).length;
  auto challenge = parse_challenge(ByteView(buffer).first(length));
  Item item{0, End::office, {}, 5, 1};
  prove(item, mailbox_key(Secret32(), key.id), key.id, keys.binding);
  OpenHeader open{keys.mark, 1, challenge->cookie, shown};
  record(seal_body(encode(open), 1, encode(ControlBody{ControlKind::items, 0, 25, {}, {item}}), keys.to_relay));
  ControlHeader control{keys.mark, 2};
  control.knock = knock.knock(knocked_part(control));
  record(seal_body(encode(control), 2, encode(ControlBody{}), keys.to_relay));
  Bytes payload(60);
  write_data_header(payload, keys.mark, 0);
  record(payload);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Relay relay;
  relay.entropy.secret32();  // as `conversation` drew one: cookies are the same
  ByteView rest(data, size);
  Instant now = start;
  while (rest.size() >= 3) {
    size_t length = std::min<size_t>(rest[0] << 8 | rest[1], rest.size() - 3);
    feed(relay, now, rest[2], to_bytes(rest.subspan(3, length)));
    rest = rest.subspan(3 + length);
    now += 1ms;
  }
  relay.server.handle_timeout(now + 100s);
  // The bodies, which a seal keeps strangers from: here as they are.
  if (auto body = parse_control_body({data, size})) fuzz::require(equal(encode(*body), {data, size}), "one form only");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  return {conversation(), encode(ControlBody{ControlKind::items, 3, 25, {}, {Item{}, Item{1, End::office}}}),
          encode(ControlBody{ControlKind::move, 3, 25, Cookie{}})};
}
