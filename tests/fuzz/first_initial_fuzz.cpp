// A stranger's first datagram. The first byte says what follows: a whole datagram (even), or the frames of one (odd),
// which are sealed here with the right knock key, as somebody could who has stolen it but not the PSK's handshake.
#include <algorithm>

#include "protocol/quic/connection.hpp"
#include "protocol/quic/knock.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::quic;

namespace {

class DeafObserver final : public ConnectionObserver {
 public:
  void on_id_issued(const ConnectionId&) override {}
  void on_id_retired(const ConnectionId&) override {}
  void on_handshake_completed() override { fuzz::require(false, "no handshake completes with one datagram"); }
  void on_stream_opened(StreamId) override {}
  void on_stream_bytes(StreamId, ByteView, bool) override {}
  void on_stream_reset(StreamId, uint64_t) override {}
  void on_stop_sending(StreamId, uint64_t) override {}
  void on_stream_closed(StreamId) override {}
  void on_stream_window_blocked(StreamId) override {}
  void on_datagram(StreamId, ByteView) override {}
};

Secret32 secret(uint8_t first) {
  Secret32 value;
  value.reveal_mutable()[0] = first;
  return value;
}

struct Scene {
  sim::SeededEntropy entropy{1};
  ChunkPool pool;
  DeafObserver observer;
  Identity device = identity_from_seed(secret(1)), office = identity_from_seed(secret(2));
  PairKeys keys = derive_pair_keys(secret(3)), foreign = derive_pair_keys(secret(4));
  Instant now{Duration(std::chrono::hours(1))};
  Bytes datagram = first_datagram();

  Bytes first_datagram() {
    DeviceHandshake handshake(Purpose::session, device, office.id, office.exchange_public, keys.psk, entropy);
    auto connection = Connection::initiate({End::device, false, &pool, &entropy, &observer}, now, keys, std::move(handshake), {});
    Bytes packet(limits::smallest_packet);
    uint8_t ecn = 0;
    packet.resize(connection->write_packet(now, packet, ecn));
    return packet;
  }
  PacketKeys initial_keys() const { return derive_initial_keys(keys.knock, parse_first_initial(datagram)->dcid).to_office; }
};
Scene& scene() {
  static Scene one;
  return one;
}

// The scene's datagram with other frames: packet number 0 in one byte.
Bytes seal_frames(Bytes frames) {
  constexpr size_t length_at = 32, number_at = length_at + 2, header = number_at + 1;
  frames.resize(std::clamp<size_t>(frames.size(), limits::smallest_packet - header - packet_tag_size, 1400));
  Bytes datagram = to_bytes(ByteView(scene().datagram).first(header));
  size_t length = 1 + frames.size() + packet_tag_size;
  datagram[0] = 0xc0;
  datagram[length_at] = static_cast<uint8_t>(0x40 | length >> 8), datagram[length_at + 1] = static_cast<uint8_t>(length);
  datagram[number_at] = 0;
  PacketKeys keys = scene().initial_keys();
  datagram.resize(header + frames.size() + packet_tag_size);
  make_packet_key(keys.aead, keys.key)->seal(MutableBytes(datagram).subspan(header), frames, keys.iv, ByteView(datagram).first(header));
  std::array<uint8_t, header_mask_size> mask{};
  make_header_mask(keys.aead, keys.header_key)->mask(mask, ByteView(datagram).subspan<number_at + 4, header_sample_size>());
  datagram[0] ^= mask[0] & 0x0f;
  datagram[number_at] ^= mask[1];
  return datagram;
}

Bytes frames_of(ByteView datagram) {
  FirstInitial form = *parse_first_initial(datagram);
  PacketKeys keys = scene().initial_keys();
  std::array<uint8_t, header_mask_size> mask{};
  make_header_mask(keys.aead, keys.header_key)->mask(mask, datagram.subspan(form.number_at + 4).first<header_sample_size>());
  size_t number_size = ((datagram[0] ^ mask[0]) & 3) + size_t{1};
  Bytes header = to_bytes(datagram.first(form.number_at + number_size));
  header[0] ^= mask[0] & 0x0f;
  for (size_t i = 0; i < number_size; ++i) header[form.number_at + i] ^= mask[1 + i];
  ByteView sealed = datagram.subspan(header.size());
  Bytes frames(sealed.size() - packet_tag_size);
  // The first packet's number is 0, so the nonce is the IV.
  fuzz::require(make_packet_key(keys.aead, keys.key)->open(frames, sealed, keys.iv, header), "the sample opens");
  return frames;
}

void answer(const Bytes& datagram, OfficeHandshake handshake) {
  Scene& s = scene();
  auto office = Connection::accept({End::office, false, &s.pool, &s.entropy, &s.observer}, s.now, datagram, s.keys, std::move(handshake), {});
  if (!office) return;
  fuzz::require(!office->handle_packet(s.now, 0, datagram), "a first datagram holds no 1-RTT packet");
  size_t written = 0;
  Bytes packet(limits::smallest_packet);
  for (uint8_t ecn = 0; size_t length = office->write_packet(s.now, packet, ecn); written += length) {}
  fuzz::require(written <= limits::amplification * datagram.size(), "the answer is not longer than it may be");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Scene& s = scene();
  bool whole = data[0] % 2 == 0;
  Bytes rest(data + 1, data + size);
  Bytes datagram = whole ? rest : seal_frames(rest);
  auto form = parse_first_initial(datagram);
  fuzz::require(form || whole, "the form does not depend on the frames");
  if (!form) return 0;
  fuzz::require(form->end == datagram.size() && form->number_at < form->end, "the form lies within the datagram");
  fuzz::require(!open_first_initial(datagram, *form, s.foreign.knock), "nothing opens with another pair's knock key");
  auto message = open_first_initial(datagram, *form, s.keys.knock);
  if (!message) return 0;
  fuzz::require(message->size() <= limits::message1_bytes, "message 1 is bounded");
  fuzz::require(!whole || datagram == s.datagram, "a datagram that nobody sealed does not open");
  auto handshake = OfficeHandshake::read(*message, Purpose::session, s.office, s.device.id, s.keys.psk, s.entropy);
  if (handshake) answer(datagram, std::move(*handshake));
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  Bytes whole = of_kind(0, scene().datagram), frames = of_kind(1, frames_of(scene().datagram));
  // Without most of the padding a wound is more likely to hit something.
  Bytes bare = frames;
  while (bare.size() > 8 && bare.back() == 0) bare.pop_back();
  return {whole, frames, bare, bare};
}
