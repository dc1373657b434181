// TlsRecords: the record layer of TLS 1.3 (RFC 8446, section 5) for a connection whose handshake OpenSSL has made.
// OpenSSL keeps 14 KiB of a connection for as long as it lives; this is 0.3 KiB, and a relay holds thousands that wait.
// Without IO; the cipher is libcrypto's. docs/decisions/0008-tls-records.md
#pragma once

#include <optional>

#include "keys/secret.hpp"

namespace drawbridge {

class TlsRecords {
 public:
  enum class Suite : uint8_t { aes_128_gcm_sha256, aes_256_gcm_sha384, chacha20_poly1305_sha256 };
  // By its number in the protocol (RFC 8446, B.4). Nothing: none of these.
  static std::optional<Suite> suite_of(uint16_t number);

  static constexpr size_t text_longest = 16 * 1024;        // of one record
  static constexpr size_t sealed_longest = text_longest + 256 + 5;
  // What the first application traffic secrets of both directions open, from their first record on.
  TlsRecords(Suite suite, ByteView read_secret, ByteView write_secret);

  struct Opened {
    size_t used = 0;     // bytes of `sealed`: whole records
    size_t text = 0;     // bytes written
    bool ended = false;  // by the other side, or by a record that is not right: nothing may be read any more
  };
  // Opens the records at the beginning of `sealed`, as many as are whole. `text` has as much room as `sealed` is long, and
  // is another place.
  Opened open(ByteView sealed, MutableBytes text);

  // `sealed` has this much room.
  static constexpr size_t sealed_size(size_t text) {
    size_t records = (text + text_longest - 1) / text_longest;
    return text + (records + 1) * (header_size + 1 + tag_size) + key_update_size;
  }
  // Seals all of `text`, which is not empty; the size of it. A change of keys that is due goes before.
  size_t seal(ByteView text, MutableBytes sealed);

 private:
  static constexpr size_t header_size = 5, tag_size = 16, nonce_size = 12, key_update_size = 5;
  struct Direction {
    Secret<48> secret;
    Secret<32> key;
    Secret<nonce_size> iv;
    uint64_t sequence = 0;
    std::array<uint8_t, nonce_size> next_nonce();
  };
  void derive(Direction& direction);
  void update(Direction& direction);
  bool take_key_update(ByteView message);
  size_t seal_record(uint8_t type, ByteView text, MutableBytes sealed);

  Suite suite_;
  bool owes_update_ = false;
  uint8_t key_updates_ = 0;  // since something was said
  Direction read_, write_;
};

}  // namespace drawbridge
