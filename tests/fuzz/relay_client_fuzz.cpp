// What a relay, or somebody who says he is, sends to a client; and the URL of a relay.
#include "protocol/relay/relay_client.hpp"
#include "protocol/relay/relay_url.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::relay;

namespace {

const Instant start{Duration(std::chrono::hours(1))};

// A client that has sent HELLO and OPEN; the relay is the test itself, and so knows the session's keys.
struct Greeting {
  sim::SeededEntropy entropy{9};
  Identity identity = identity_from_seed(entropy.secret32());
  RelayKey key = relay_key_of(identity.id).take();
  RelayClient client{{key, {}}, entropy};
  SessionKeys keys;

  Greeting() {
    client.open_mailbox(Secret32(), End::device);
    client.connect(start, {});
    Bytes hello = next();
    auto read = parse_hello(hello);
    keys = *agree(identity.exchange_key, read->ephemeral, key.id, read->ephemeral, {});
    Challenge challenge{read->transaction, {}, {}, 1};
    challenge.tag = KnockKey(key.id, {}).knock(knocked_part(challenge));
    client.handle_datagram(start, encode(challenge));
    next();
  }
  Bytes next() {
    std::array<uint8_t, largest_control> buffer;
    size_t length = client.poll_transmit(start, buffer);
    return Bytes(buffer.begin(), buffer.begin() + static_cast<long>(length));
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteView bytes(data, size);
  Greeting greeting;
  if (auto state = parse_state_body(bytes)) {
    fuzz::require(equal(encode(*state), bytes), "one form only");
    StateHeader header{greeting.keys.mark, 1};
    auto got = greeting.client.handle_datagram(start, seal_body(encode(header), 1, bytes, greeting.keys.to_client));
    fuzz::require(got.ours && (size > 1'100 || greeting.client.ready()), "a sealed state is adopted");
  }
  // As a datagram whose mark is right.
  if (size >= 9) {
    Bytes datagram = to_bytes(bytes);
    std::memcpy(datagram.data() + 1, &greeting.keys.mark, 8);
    auto got = greeting.client.handle_datagram(start, datagram);
    fuzz::require(!got.channel || got.payload.size() + header_size == size, "a payload is what follows the header");
  }
  size_t sent = 0;
  while (!greeting.next().empty()) fuzz::require(++sent < 10, "few answers");
  greeting.client.handle_timeout(start + 100s);
  if (auto url = parse_relay_url(as_text(bytes))) {
    auto again = parse_relay_url(to_text(*url));
    fuzz::require(again && to_text(*again) == to_text(*url), "a URL is written in one form");
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  Greeting greeting;
  std::string key = to_text(greeting.key.id);
  Bytes payload(40);
  write_data_header(payload, 1, 0);
  return {encode(StateBody{1, 2, 3, {}, {{2, 1}}, 4, "operator", "FR", "wss://relay.example#x"}),
          encode(Challenge{}),
          encode_gone({1, 1}),
          payload,
          to_bytes(as_bytes("udp://relay.example:7471#" + key)),
          to_bytes(as_bytes("wss://[2001:db8::1]:443/relay#" + key))};
}
