// Connectivity checks. The first byte says what follows: a whole datagram (even), which must not open unless it is one
// that was sealed, or only a body (odd), which is sealed here so that the parser behind the seal is reached.
#include <algorithm>

#include "protocol/base/limits.hpp"
#include "protocol/traversal/connectivity_check.hpp"
#include "tests/sim/seeded_entropy.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

constexpr size_t body_at = 33;

CheckKeys keys_of(uint8_t psk) {
  Secret32 secret;
  secret.reveal_mutable()[0] = psk;
  return check_keys(quic::derive_pair_keys(secret), quic::End::office);
}
const CheckKeys& right() {
  static const CheckKeys keys = keys_of(1);
  return keys;
}
const CheckKeys& wrong() {
  static const CheckKeys keys = keys_of(2);
  return keys;
}

const std::vector<Bytes>& sealed() {
  static const std::vector<Bytes> datagrams = [] {
    sim::SeededEntropy entropy(1);
    ConnectivityCheck request{CheckKind::request, 7, 3, 0, 0x1122334455667788, true, 1452, 40'000, {}};
    ConnectivityCheck response{CheckKind::response, UINT64_MAX, 3, 9, 5, false, 0, UINT32_MAX, SocketAddress::v4(192, 0, 2, 1, 443)};
    ConnectivityCheck restarted{CheckKind::restarted, 1, 4, 0, 0, false, 0, 0, {}};
    return std::vector<Bytes>{seal_check(request, right(), 0, entropy), seal_check(request, right(), 1452, entropy),
                              seal_check(response, right(), 0, entropy), seal_check(restarted, right(), 300, entropy)};
  }();
  return datagrams;
}

Bytes body_of(ByteView datagram) {
  Bytes body(datagram.size() - body_at - aead_tag_size);
  xchacha_open(body, datagram.subspan(body_at), datagram.subspan<1, 24>(), datagram.first(body_at), right().seal);
  return body;
}

Bytes seal_body(ByteView body) {
  Bytes datagram = to_bytes(ByteView(sealed()[0]).first(body_at));
  datagram.resize(body_at + body.size() + aead_tag_size);
  auto nonce = ByteView(datagram).subspan<1, 24>();
  xchacha_seal(MutableBytes(datagram).subspan(body_at), body, nonce, ByteView(datagram).first(body_at), right().seal);
  return datagram;
}

bool same(const ConnectivityCheck& a, const ConnectivityCheck& b) {
  return a.kind == b.kind && a.counter == b.counter && a.sender_boot == b.sender_boot && a.receiver_boot == b.receiver_boot &&
         a.transaction == b.transaction && a.nominate == b.nominate && a.confirmed_size == b.confirmed_size &&
         a.round_trip_us == b.round_trip_us && a.observed == b.observed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ByteView rest(data + 1, size - 1);
  bool whole = data[0] % 2 == 0;
  Bytes datagram = whole ? to_bytes(rest) : seal_body(rest);
  fuzz::require(!open_check(datagram, wrong()), "nothing opens with another pair's keys");
  auto check = open_check(datagram, right());
  if (!check) return 0;
  bool known = std::ranges::any_of(sealed(), [&](const Bytes& one) { return equal(one, datagram); });
  fuzz::require(!whole || known, "a datagram that nobody sealed does not open");
  fuzz::require(check->kind >= CheckKind::request && check->kind <= CheckKind::here, "only known kinds are accepted");
  sim::SeededEntropy entropy(2);
  Bytes again = seal_check(*check, right(), datagram.size(), entropy);
  fuzz::require(again.size() <= limits::largest_packet, "a check that was read can be written");
  auto reread = open_check(again, right());
  fuzz::require(reread && same(*reread, *check), "a check that was read is written the same");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  std::vector<Bytes> inputs;
  for (const Bytes& datagram : sealed()) {
    inputs.push_back(of_kind(0, datagram));
    inputs.push_back(of_kind(1, body_of(datagram)));
  }
  return inputs;
}
