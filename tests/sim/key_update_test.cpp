// Keys of a connection are changed by use, not only by time, and none seals more than it may.
#include <catch2/catch.hpp>

#include "tests/sim/connection_pair.hpp"

using namespace drawbridge;
using namespace drawbridge::sim;

namespace {

// Both ends keep one stream full; the halves of a key update pass beside the network, in the order of the protocol.
struct Exchange {
  explicit Exchange(PairOptions options) : pair(options) {
    REQUIRE(pair.handshake());
    stream = *pair.device->open_stream(true);
    pair.device_end.fill(stream, 1);
    pair.on_turn = [this] {
      pair.device_end.fill(stream, UINT64_MAX);
      if (!pair.office_end.opened.empty()) pair.office_end.fill(stream, UINT64_MAX);
      if (updates) update();
    };
  }
  void update() {
    auto half = pair.device->begin_rekey(pair.now);
    if (!half) return;
    auto answer = pair.office->answer_rekey(*half);
    REQUIRE(answer);
    REQUIRE(pair.device->finish_rekey(pair.now, *answer));
  }
  bool reaches(uint32_t generation, Duration longest) {
    return pair.run(longest, [&] { return pair.device->generation() >= generation && pair.office->generation() >= generation; });
  }
  bool intact() const { return pair.device_end.intact && pair.office_end.intact && !pair.device->closed() && !pair.office->closed(); }

  ConnectionPair pair;
  quic::StreamId stream = 0;
  bool updates = true;
};

// Which of a direction's packets open with the keys of generation 0.
class Eavesdropper {
 public:
  explicit Eavesdropper(const quic::PacketKeys& keys)
      : key_(make_packet_key(keys.aead, keys.key)), mask_(make_header_mask(keys.aead, keys.header_key)), iv_(keys.iv) {}

  bool opens(ByteView datagram) {
    constexpr size_t number_at = 1 + quic::connection_id_size;
    if (datagram.size() < number_at + 4 + header_sample_size || (datagram[0] & 0x80)) return false;
    std::array<uint8_t, header_mask_size> mask{};
    mask_->mask(mask, datagram.subspan(number_at + 4).first<header_sample_size>());
    size_t number_size = ((datagram[0] ^ mask[0]) & 3) + size_t{1};
    Bytes header = to_bytes(datagram.first(number_at + number_size));
    header[0] ^= mask[0] & 0x1f;
    uint64_t number = next_ >> (8 * number_size) << (8 * number_size), low = 0;
    for (size_t i = 0; i < number_size; ++i) low = low << 8 | (header[number_at + i] ^= mask[1 + i]);
    number |= low;
    if (number < next_ && next_ - number > uint64_t{1} << (8 * number_size - 1)) number += uint64_t{1} << (8 * number_size);
    next_ = number + 1;
    std::array<uint8_t, packet_nonce_size> nonce = iv_;
    for (size_t i = 0; i < 8; ++i) nonce[packet_nonce_size - 1 - i] ^= static_cast<uint8_t>(number >> (8 * i));
    ByteView sealed = datagram.subspan(header.size());
    Bytes plain(sealed.size() - packet_tag_size);
    return key_->open(plain, sealed, nonce, header);
  }

 private:
  std::unique_ptr<PacketKey> key_;
  std::unique_ptr<HeaderMask> mask_;
  std::array<uint8_t, packet_nonce_size> iv_;
  uint64_t next_ = 0;
};

}  // namespace

TEST_CASE("traffic goes on through dozens of key updates by packet count, both ways, under loss") {
  auto seed = GENERATE(1, 2);
  LinkOptions bad{.delay = 10ms, .bits_per_second = 50e6, .loss = 0.02, .reorder = 0.03};
  Exchange exchange({.seed = static_cast<uint64_t>(seed), .up = bad, .down = bad, .key_limits = {.rekey_packets = 250}});
  CAPTURE(seed);
  REQUIRE(exchange.reaches(48, 60s));
  uint64_t up = exchange.pair.office_end.total, down = exchange.pair.device_end.total;
  REQUIRE(exchange.reaches(52, 20s));
  CHECK(exchange.pair.office_end.total > up);
  CHECK(exchange.pair.device_end.total > down);
  CHECK(exchange.intact());
}

TEST_CASE("keys change about as often as packets ask for it, and not without") {
  LinkOptions line{.delay = 10ms, .bits_per_second = 20e6};
  Exchange exchange({.up = line, .down = line, .key_limits = {.rekey_packets = 2'000}});
  exchange.pair.run(10s);
  uint64_t packets = std::max(exchange.pair.up.counts.offered, exchange.pair.down.counts.offered);
  CHECK(exchange.pair.device->generation() <= packets / 2'000);
  CHECK(exchange.pair.device->generation() >= packets / 4'000);
  Exchange few({.up = line, .down = line});
  few.pair.run(10s);
  CHECK(few.pair.device->generation() == 0);
}

TEST_CASE("after an update no packet of either direction opens with the old keys") {
  Exchange exchange({.up = {.delay = 5ms, .bits_per_second = 50e6}, .down = {.delay = 5ms, .bits_per_second = 50e6}, .key_limits = {.rekey_packets = 1'000}});
  ConnectionPair& pair = exchange.pair;
  const quic::TrafficSecrets& first = pair.device->secrets().traffic;
  Eavesdropper up(quic::derive_packet_keys(first.to_office, pair.device->aead())), down(quic::derive_packet_keys(first.to_device, pair.device->aead()));
  pair.capture = true;
  REQUIRE(exchange.reaches(1, 20s));
  pair.run(500ms);
  REQUIRE(pair.device->generation() >= 1);
  for (auto [ear, sent] : {std::pair{&up, &pair.sent_up}, std::pair{&down, &pair.sent_down}}) {
    std::vector<bool> opened;
    for (const Bytes& datagram : *sent) opened.push_back(ear->opens(datagram));
    auto last = std::find(opened.rbegin(), opened.rend(), true);
    auto until = static_cast<size_t>(opened.rend() - last);
    CHECK(std::count(opened.begin(), opened.end(), true) >= 500);     // the ear is good
    CHECK(until + 500 < opened.size());                               // and hears nothing from the update on
    // Before it everything opens but packets of the handshake.
    CHECK(std::count(opened.begin(), opened.begin() + static_cast<ptrdiff_t>(until), false) <= 6);
  }
}

TEST_CASE("a key of AES-GCM that is not replaced seals what it may and not one packet more") {
  if (!hardware_aes_available()) return;
  constexpr uint64_t most = 300;
  Exchange exchange({.aead = AeadId::aes_256_gcm, .key_limits = {.rekey_packets = UINT64_MAX, .aes_gcm_packets = most}});
  exchange.updates = false;
  ConnectionPair& pair = exchange.pair;
  pair.run(30s, [&] { return pair.device->closed() && pair.office->closed(); });
  // The handshake took a few packets of other keys.
  for (auto [connection, link] : {std::pair{pair.device.get(), &pair.up}, std::pair{pair.office.get(), &pair.down}}) {
    CHECK(link->counts.offered <= most + 6);
  }
  CHECK((pair.device->closed() || pair.office->closed()));
  for (auto* connection : {pair.device.get(), pair.office.get()}) {
    if (!connection->closed()) continue;
    CHECK(connection->close_code() == quic::CloseCode::failed);
    CHECK(!connection->close_reason().empty());
  }
  CHECK(pair.office_end.intact);
}

TEST_CASE("with updates AES-GCM's bound is never met, and ChaCha20 has none") {
  bool gcm = GENERATE(true, false);
  if (gcm && !hardware_aes_available()) return;
  LinkOptions line{.delay = 10ms, .bits_per_second = 50e6};
  Exchange exchange({.up = line, .down = line, .aead = gcm ? AeadId::aes_256_gcm : AeadId::chacha20_poly1305,
                     .key_limits = {.rekey_packets = gcm ? 1'000u : 1'000'000u, .aes_gcm_packets = 4'000}});
  exchange.pair.run(4s);
  CHECK(exchange.pair.up.counts.offered > 12'000);
  CHECK(exchange.intact());
}
