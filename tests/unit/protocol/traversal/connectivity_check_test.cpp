#include "protocol/traversal/connectivity_check.hpp"

#include <catch2/catch.hpp>

#include "protocol/base/limits.hpp"
#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::traversal;

namespace {

quic::PairKeys pair_of(uint8_t byte) {
  Secret32 psk;
  psk.reveal_mutable()[0] = byte;
  return quic::derive_pair_keys(psk);
}
const CheckKeys keys = check_keys(pair_of(1), quic::End::office);

ConnectivityCheck response() {
  return {CheckKind::response, UINT64_MAX, 3, 9, 0x1122334455667788, true, 1452, UINT32_MAX, SocketAddress::v4(192, 0, 2, 1, 443)};
}

Bytes sealed(const ConnectivityCheck& check, size_t size = 0) {
  sim::SeededEntropy entropy(1);
  return seal_check(check, keys, size, entropy);
}

}  // namespace

TEST_CASE("a check brings every field") {
  auto opened = open_check(sealed(response()), keys);
  REQUIRE(opened);
  CHECK(opened->kind == CheckKind::response);
  CHECK(opened->counter == UINT64_MAX);
  CHECK(opened->sender_boot == 3);
  CHECK(opened->receiver_boot == 9);
  CHECK(opened->transaction == 0x1122334455667788);
  CHECK(opened->nominate);
  CHECK(opened->confirmed_size == 1452);
  CHECK(opened->round_trip_us == UINT32_MAX);
  CHECK(opened->observed == SocketAddress::v4(192, 0, 2, 1, 443));
}

TEST_CASE("a check is padded to exactly the size that is probed") {
  size_t bare = sealed(response()).size();
  for (size_t size = bare; size <= limits::largest_packet; ++size) {
    Bytes datagram = sealed(response(), size);
    // One size cannot be reached: a byte string of 256 bytes has a longer head than one of 255.
    CHECK((datagram.size() == size || datagram.size() + 1 == size));
    if (size == limits::largest_packet || size == limits::smallest_packet) CHECK(datagram.size() == size);
    REQUIRE(open_check(datagram, keys));
  }
  CHECK(sealed(response(), 10).size() == bare);
}

TEST_CASE("a check opens with the keys of its pair and direction only") {
  Bytes datagram = sealed(response());
  CHECK_FALSE(open_check(datagram, check_keys(pair_of(1), quic::End::device)));
  CHECK_FALSE(open_check(datagram, check_keys(pair_of(2), quic::End::office)));
  CHECK_FALSE(check_tag_matches(datagram, check_keys(pair_of(1), quic::End::device)));
}

TEST_CASE("a check that lost, gained or changed a byte does not open") {
  Bytes datagram = sealed(response());
  for (size_t length = 0; length < datagram.size(); ++length) CHECK_FALSE(open_check(ByteView(datagram).first(length), keys));
  for (size_t i = 0; i < datagram.size(); ++i) {
    Bytes changed = datagram;
    changed[i] ^= 0x01;
    CHECK_FALSE(open_check(changed, keys));
  }
  datagram.push_back(0);
  CHECK_FALSE(open_check(datagram, keys));
}

TEST_CASE("a check cannot be taken for a QUIC packet with a long header") {
  sim::SeededEntropy entropy(5);
  for (int i = 0; i < 200; ++i) CHECK(seal_check(response(), keys, 0, entropy)[0] < 0x80);
  Bytes datagram = sealed(response());
  datagram[0] |= 0x80;
  CHECK_FALSE(check_tag_matches(datagram, keys));
}

TEST_CASE("two checks with the same content look different from first to last byte") {
  sim::SeededEntropy entropy(6);
  Bytes one = seal_check(response(), keys, 0, entropy), other = seal_check(response(), keys, 0, entropy);
  size_t same = 0;
  for (size_t i = 0; i < one.size(); ++i) same += one[i] == other[i];
  CHECK(same < 12);
}

TEST_CASE("a check longer than any path's packet is not even decrypted") {
  CHECK(open_check(sealed(response(), limits::largest_packet), keys));
  CHECK_FALSE(open_check(sealed(response(), limits::largest_packet + 1), keys));
}

TEST_CASE("a kind that does not exist is refused although its seal is right") {
  CHECK_FALSE(open_check(sealed({.kind = CheckKind{0}}), keys));
  CHECK_FALSE(open_check(sealed({.kind = CheckKind{6}}), keys));
  CHECK(open_check(sealed({.kind = CheckKind::here}), keys));
}

TEST_CASE("the least of checks has the size of a check, and one byte less has not") {
  ConnectivityCheck least{CheckKind::request, 0, 0, 0, 0, false, 0, 0, {}};
  Bytes datagram = sealed(least);
  CHECK(has_check_size(datagram));
  CHECK_FALSE(has_check_size(ByteView(datagram).first(datagram.size() - 1)));
  CHECK(has_check_size(sealed(response(), limits::largest_packet)));
  CHECK_FALSE(has_check_size(Bytes(limits::largest_packet + 1)));
}
