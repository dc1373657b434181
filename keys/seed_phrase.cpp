#include "keys/seed_phrase.hpp"

#include <sodium.h>

#include <cassert>

#include "keys/unicode.hpp"

namespace drawbridge {

namespace {

constexpr size_t bits_per_word = 11;
constexpr int pbkdf2_rounds = 2048;

class HmacSha512 {
 public:
  explicit HmacSha512(ByteView key) { crypto_auth_hmacsha512_init(&state_, key.data(), key.size()); }
  HmacSha512(const HmacSha512&) = default;
  ~HmacSha512() { sodium_memzero(&state_, sizeof state_); }
  HmacSha512& absorb(ByteView bytes) {
    crypto_auth_hmacsha512_update(&state_, bytes.data(), bytes.size());
    return *this;
  }
  void finish(Seed& digest) { crypto_auth_hmacsha512_final(&state_, digest.reveal_mutable().data()); }

 private:
  crypto_auth_hmacsha512_state state_;
};

// RFC 8018 5.2 for one block of output. The keyed state is copied, so that the key is hashed once and not 4096 times.
Seed pbkdf2(ByteView password, ByteView salt) {
  constexpr uint8_t block_number[] = {0, 0, 0, 1};
  const HmacSha512 keyed(password);
  Seed round, sum;
  HmacSha512(keyed).absorb(salt).absorb(block_number).finish(round);
  sum = round;
  for (int i = 1; i < pbkdf2_rounds; ++i) {
    HmacSha512(keyed).absorb(round.reveal()).finish(round);
    for (size_t j = 0; j < Seed::size; ++j) sum.reveal_mutable()[j] ^= round.reveal()[j];
  }
  return sum;
}

SecretBytes joined(const std::vector<std::string_view>& words) {
  size_t size = words.size() - 1;
  for (std::string_view word : words) size += word.size();
  SecretBytes text(size);
  uint8_t* at = text.reveal_mutable().data();
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) *at++ = ' ';
    std::memcpy(at, words[i].data(), words[i].size());
    at += words[i].size();
  }
  return text;
}

}  // namespace

SeedPhrase::SeedPhrase(ByteView entropy, Language language) : entropy_size_(entropy.size()), language_(language) {
  assert(entropy.size() >= 16 && entropy.size() <= 32 && entropy.size() % 4 == 0);
  std::memcpy(entropy_.reveal_mutable().data(), entropy.data(), entropy.size());
}

// Eleven bits of the entropy followed by its checksum, the first bits of its SHA-256.
size_t SeedPhrase::index_at(size_t position) const {
  Secret<64> bits;
  std::memcpy(bits.reveal_mutable().data(), entropy().data(), entropy_size_);
  crypto_hash_sha256(bits.reveal_mutable().data() + entropy_size_, entropy().data(), entropy_size_);
  size_t index = 0;
  for (size_t bit = position * bits_per_word; bit < (position + 1) * bits_per_word; ++bit) {
    index = index << 1 | (bits.reveal()[bit / 8] >> (7 - bit % 8) & 1);
  }
  return index;
}

std::string_view SeedPhrase::word(size_t position) const {
  assert(position < word_count());
  return word_at(language_, index_at(position));
}

std::vector<std::string_view> SeedPhrase::words() const {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < word_count(); ++i) words.push_back(word(i));
  return words;
}

Result<Seed> SeedPhrase::seed(std::string_view passphrase) const {
  auto normalized = nfkd(passphrase);
  if (!normalized) return normalized.error();
  constexpr std::string_view prefix = "mnemonic";
  SecretBytes salt(prefix.size() + normalized->size());
  std::memcpy(salt.reveal_mutable().data(), prefix.data(), prefix.size());
  if (normalized->size() > 0) {
    std::memcpy(salt.reveal_mutable().data() + prefix.size(), normalized->reveal().data(), normalized->size());
  }
  return pbkdf2(joined(words()).reveal(), salt.reveal());
}

}  // namespace drawbridge
