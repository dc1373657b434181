#include "protocol/aead/chacha_packet_key.hpp"

#include <sodium.h>

#include <algorithm>
#include <cassert>

namespace drawbridge {

namespace {

constexpr size_t largest_text = 2048;  // any packet of ours; beyond 8 KiB the stock call is as fast
constexpr size_t block_size = 64;      // of ChaCha20; block 0 holds the Poly1305 key in its first half
constexpr size_t poly_key_size = 32;
constexpr size_t largest_aad = block_size - poly_key_size;  // fits into the second half of block 0
constexpr size_t stride = 256;                              // libsodium's vector code falls to single blocks below this
constexpr size_t poly_block = 16, lengths_size = 16;

constexpr size_t round_up(size_t size, size_t to) {
  return (size + to - 1) / to * to;
}
constexpr size_t workspace_size = round_up(block_size + largest_text + lengths_size, stride);

// Block 0, then the text, then zeros; not initialised, as most of it gets written anyway.
struct Workspace {
  alignas(16) uint8_t bytes[workspace_size];
  uint8_t* text() { return bytes + block_size; }

  void lay_out(ByteView source) {
    size_t used = block_size + source.size();
    std::memset(bytes, 0, block_size);
    std::copy(source.begin(), source.end(), text());  // source may be empty, with a null pointer
    std::memset(bytes + used, 0, round_up(used + lengths_size, stride) - used);
  }
  void wipe_key() { sodium_memzero(bytes, poly_key_size); }
};

void run_chacha(Workspace& output, const Workspace& input, size_t text_size, PacketNonce nonce, const Secret32& key) {
  crypto_stream_chacha20_ietf_xor_ic(output.bytes, input.bytes, round_up(block_size + text_size, stride), nonce.data(),
                                     0, key.reveal().data());
}

void put_length(uint8_t* target, uint64_t length) {
  for (size_t i = 0; i < 8; ++i) target[i] = static_cast<uint8_t>(length >> (8 * i));
}

// RFC 8439 2.8: aad, pad, ciphertext, pad, both lengths; `around` holds the ciphertext as its text, and the rest is
// written around it.
void authenticate(uint8_t* tag, Workspace& around, size_t text_size, ByteView aad, const uint8_t* poly_key) {
  size_t aad_size = round_up(aad.size(), poly_block), padded_size = round_up(text_size, poly_block);
  uint8_t* begin = around.text() - aad_size;
  std::memset(begin, 0, aad_size);
  if (!aad.empty()) std::memcpy(begin, aad.data(), aad.size());
  std::memset(around.text() + text_size, 0, padded_size - text_size);
  put_length(around.text() + padded_size, aad.size());
  put_length(around.text() + padded_size + 8, text_size);
  crypto_onetimeauth_poly1305(tag, begin, aad_size + padded_size + lengths_size, poly_key);
}

bool fits(size_t text_size, ByteView aad) {
  return text_size <= largest_text && aad.size() <= largest_aad;
}

}  // namespace

void ChachaPacketKey::seal(MutableBytes sealed, ByteView plaintext, PacketNonce nonce, ByteView aad) {
  assert(sealed.size() == plaintext.size() + packet_tag_size);
  if (!fits(plaintext.size(), aad)) return chacha_seal(sealed, plaintext, nonce, aad, key_);

  Workspace work;
  uint8_t poly_key[poly_key_size];
  work.lay_out(plaintext);
  run_chacha(work, work, plaintext.size(), nonce, key_);
  std::memcpy(poly_key, work.bytes, poly_key_size);
  uint8_t* tag = sealed.data() + plaintext.size();
  authenticate(tag, work, plaintext.size(), aad, poly_key);
  std::memcpy(sealed.data(), work.text(), plaintext.size());
  sodium_memzero(poly_key, sizeof poly_key);
  work.wipe_key();
}

bool ChachaPacketKey::open(MutableBytes plaintext, ByteView sealed, PacketNonce nonce, ByteView aad) {
  if (sealed.size() < packet_tag_size) return false;
  ByteView text = sealed.first(sealed.size() - packet_tag_size), tag = sealed.last(packet_tag_size);
  assert(plaintext.size() >= text.size());
  if (!fits(text.size(), aad)) return chacha_open(plaintext.first(text.size()), sealed, nonce, aad, key_);

  Workspace received, opened;
  received.lay_out(text);
  run_chacha(opened, received, text.size(), nonce, key_);
  uint8_t expected[packet_tag_size];
  authenticate(expected, received, text.size(), aad, opened.bytes);
  bool authentic = sodium_memcmp(expected, tag.data(), packet_tag_size) == 0;
  if (authentic) std::copy_n(opened.text(), text.size(), plaintext.data());
  sodium_memzero(opened.bytes, block_size + text.size());
  return authentic;
}

void ChachaHeaderMask::mask(std::span<uint8_t, header_mask_size> out,
                            std::span<const uint8_t, header_sample_size> sample) {
  static constexpr uint8_t zeros[header_mask_size] = {};
  uint32_t counter = sample[0] | uint32_t{sample[1]} << 8 | uint32_t{sample[2]} << 16 | uint32_t{sample[3]} << 24;
  crypto_stream_chacha20_ietf_xor_ic(out.data(), zeros, header_mask_size, sample.data() + 4, counter,
                                     key_.reveal().data());
}

}  // namespace drawbridge
