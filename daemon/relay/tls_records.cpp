#include "daemon/relay/tls_records.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <utility>

namespace drawbridge {
namespace {

constexpr uint8_t handshake_type = 22, application_type = 23;
constexpr uint8_t key_update = 24, update_requested = 1;
// Full records under one AES-GCM key: RFC 8446 5.5 allows 2^24.5.
constexpr uint64_t records_per_key = uint64_t{1} << 24;
// Of a client that says nothing in between: each costs us more than it.
constexpr uint8_t key_updates_most = 32;

struct SuiteParts {
  const char* cipher;
  size_t key_size, secret_size;
  const EVP_MD* (*hash)();
};
constexpr SuiteParts suites[] = {
    {"AES-128-GCM", 16, 32, EVP_sha256},
    {"AES-256-GCM", 32, 48, EVP_sha384},
    {"ChaCha20-Poly1305", 32, 32, EVP_sha256},
};

// The handshake has used all of it. If it fails all the same, nothing may leave that is not sealed.
void require(bool done) {
  if (!done) std::abort();
}

const SuiteParts& parts(TlsRecords::Suite suite) {
  return suites[static_cast<size_t>(suite)];
}

// One for all connections of a thread: it takes another key in less time than a system call, and has 1.2 KiB.
EVP_CIPHER_CTX* cipher_of(TlsRecords::Suite suite) {
  using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
  thread_local std::vector<Context> contexts;
  while (contexts.size() < std::size(suites)) contexts.emplace_back(nullptr, EVP_CIPHER_CTX_free);
  Context& context = contexts[static_cast<size_t>(suite)];
  if (!context) {
    context.reset(EVP_CIPHER_CTX_new());
    EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, parts(suite).cipher, nullptr);
    require(context && cipher && EVP_CipherInit_ex(context.get(), cipher, nullptr, nullptr, nullptr, 1) == 1);
    EVP_CIPHER_free(cipher);
  }
  return context.get();
}

void use_key(EVP_CIPHER_CTX* cipher, const Secret<32>& key, bool sealing) {
  require(EVP_CipherInit_ex(cipher, nullptr, nullptr, key.reveal().data(), nullptr, sealing) == 1);
}

// HKDF-Expand-Label with an empty context (RFC 8446, 7.1), for what one block of the hash gives.
void expand_label(const EVP_MD* hash, ByteView secret, std::string_view label, MutableBytes out) {
  Bytes input{0, static_cast<uint8_t>(out.size()), static_cast<uint8_t>(6 + label.size())};
  append(input, as_bytes("tls13 "));
  append(input, as_bytes(label));
  append(input, std::array<uint8_t, 2>{0, 1});  // no context; the first block
  Secret<EVP_MAX_MD_SIZE> block;
  assert(out.size() <= static_cast<size_t>(EVP_MD_get_size(hash)));
  require(HMAC(hash, secret.data(), static_cast<int>(secret.size()), input.data(), input.size(), block.reveal_mutable().data(), nullptr) != nullptr);
  std::copy_n(block.reveal().begin(), out.size(), out.begin());
}

bool open_body(EVP_CIPHER_CTX* cipher, ByteView nonce, ByteView header, ByteView body, MutableBytes text) {
  int length = 0;
  uint8_t tag[16], none[16];
  std::memcpy(tag, body.data() + text.size(), sizeof tag);
  return EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, nonce.data(), 0) == 1 &&
         EVP_CipherUpdate(cipher, nullptr, &length, header.data(), static_cast<int>(header.size())) == 1 &&
         EVP_CipherUpdate(cipher, text.data(), &length, body.data(), static_cast<int>(text.size())) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1 && EVP_CipherFinal_ex(cipher, none, &length) == 1;
}

}  // namespace

std::optional<TlsRecords::Suite> TlsRecords::suite_of(uint16_t number) {
  if (number == 0x1301) return Suite::aes_128_gcm_sha256;
  if (number == 0x1302) return Suite::aes_256_gcm_sha384;
  if (number == 0x1303) return Suite::chacha20_poly1305_sha256;
  return std::nullopt;
}

TlsRecords::TlsRecords(Suite suite, ByteView read_secret, ByteView write_secret) : suite_(suite) {
  assert(read_secret.size() == parts(suite).secret_size && write_secret.size() == parts(suite).secret_size);
  std::copy(read_secret.begin(), read_secret.end(), read_.secret.reveal_mutable().begin());
  std::copy(write_secret.begin(), write_secret.end(), write_.secret.reveal_mutable().begin());
  derive(read_);
  derive(write_);
}

void TlsRecords::derive(Direction& direction) {
  const SuiteParts& suite = parts(suite_);
  ByteView secret = ByteView(direction.secret.reveal()).first(suite.secret_size);
  expand_label(suite.hash(), secret, "key", MutableBytes(direction.key.reveal_mutable()).first(suite.key_size));
  expand_label(suite.hash(), secret, "iv", direction.iv.reveal_mutable());
  direction.sequence = 0;
}

void TlsRecords::update(Direction& direction) {
  const SuiteParts& suite = parts(suite_);
  Secret<48> next;
  MutableBytes out = MutableBytes(next.reveal_mutable()).first(suite.secret_size);
  expand_label(suite.hash(), ByteView(direction.secret.reveal()).first(suite.secret_size), "traffic upd", out);
  direction.secret = next;
  derive(direction);
}

std::array<uint8_t, TlsRecords::nonce_size> TlsRecords::Direction::next_nonce() {
  std::array<uint8_t, nonce_size> nonce{};
  std::copy(iv.reveal().begin(), iv.reveal().end(), nonce.begin());
  uint64_t number = sequence++;
  for (size_t i = 0; i < 8; ++i) nonce[nonce_size - 1 - i] ^= static_cast<uint8_t>(number >> 8 * i);
  return nonce;
}

TlsRecords::Opened TlsRecords::open(ByteView sealed, MutableBytes text) {
  assert(text.size() >= sealed.size());
  Opened out;
  EVP_CIPHER_CTX* cipher = cipher_of(suite_);
  use_key(cipher, read_.key, false);
  for (;;) {
    ByteView rest = sealed.subspan(out.used);
    if (rest.size() < header_size) return out;
    size_t length = size_t{rest[3]} << 8 | rest[4];
    out.ended = rest[0] != application_type || rest[1] != 3 || rest[2] != 3 || length <= tag_size || header_size + length > sealed_longest;
    if (out.ended || rest.size() < header_size + length) return out;
    MutableBytes inner = text.subspan(out.text, length - tag_size);
    out.ended = !open_body(cipher, read_.next_nonce(), rest.first(header_size), rest.subspan(header_size, length), inner);
    if (out.ended) return out;
    out.used += header_size + length;
    // The last byte that is not zero is the type; what follows it is padding.
    size_t end = inner.size();
    while (end > 0 && inner[end - 1] == 0) --end;
    out.ended = end == 0 || end - 1 > text_longest;
    if (out.ended) return out;
    uint8_t type = inner[--end];
    if (type == application_type) {
      out.text += end;
      if (end > 0) key_updates_ = 0;
      continue;
    }
    out.ended = type != handshake_type || !take_key_update(inner.first(end));
    if (out.ended) return out;
    use_key(cipher, read_.key, false);
  }
}

// The one message after the handshake that a client may send us: we ask for no certificate. In a record of its own, as
// the keys change behind it.
bool TlsRecords::take_key_update(ByteView message) {
  if (++key_updates_ > key_updates_most || message.size() != key_update_size || message[0] != key_update || message[1] != 0 || message[2] != 0 || message[3] != 1 ||
      message[4] > update_requested)
    return false;
  owes_update_ |= message[4] == update_requested;
  update(read_);
  return true;
}

size_t TlsRecords::seal(ByteView text, MutableBytes sealed) {
  assert(sealed.size() >= sealed_size(text.size()));
  size_t size = 0;
  use_key(cipher_of(suite_), write_.key, true);
  if (std::exchange(owes_update_, false) || write_.sequence >= records_per_key) {
    size += seal_record(handshake_type, std::array<uint8_t, key_update_size>{key_update, 0, 0, 1, 0}, sealed);
    update(write_);
    use_key(cipher_of(suite_), write_.key, true);
  }
  for (size_t at = 0; at < text.size(); at += text_longest)
    size += seal_record(application_type, text.subspan(at, std::min(text_longest, text.size() - at)), sealed.subspan(size));
  return size;
}

size_t TlsRecords::seal_record(uint8_t type, ByteView text, MutableBytes sealed) {
  EVP_CIPHER_CTX* cipher = cipher_of(suite_);
  size_t body = text.size() + 1 + tag_size;
  uint8_t* header = sealed.data();
  const uint8_t head[header_size] = {application_type, 3, 3, static_cast<uint8_t>(body >> 8), static_cast<uint8_t>(body)};
  std::memcpy(header, head, sizeof head);
  int length = 0;
  uint8_t* out = header + header_size;
  auto nonce = write_.next_nonce();
  require(EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, nonce.data(), 1) == 1 &&
          EVP_CipherUpdate(cipher, nullptr, &length, head, header_size) == 1 &&
          EVP_CipherUpdate(cipher, out, &length, text.data(), static_cast<int>(text.size())) == 1 &&
          EVP_CipherUpdate(cipher, out + text.size(), &length, &type, 1) == 1 &&
          EVP_CipherFinal_ex(cipher, out + text.size() + 1, &length) == 1 &&
          EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, tag_size, out + text.size() + 1) == 1);
  return header_size + body;
}

}  // namespace drawbridge
