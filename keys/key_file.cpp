#include "keys/key_file.hpp"

#include <algorithm>

#include "keys/aead.hpp"
#include "keys/hash.hpp"
#include "keys/unicode.hpp"

namespace drawbridge {

namespace {

constexpr std::string_view magic{"drawbridge key\n\0", 16};
constexpr uint8_t version = 1, not_locked = 0, locked_by_passphrase = 1;

constexpr size_t version_at = 16, lock_at = 17, language_at = 18, reserved_at = 19, created_at = 20, header_size = 28;
constexpr size_t secrets_size = Secret32::size + Seed::size;
constexpr size_t checksum_at = header_size + secrets_size, plain_size = checksum_at + 32;
constexpr size_t passes_at = 28, memory_at = 32, salt_at = 36, nonce_at = 52, sealed_at = 76;
constexpr size_t locked_size = sealed_at + secrets_size + aead_tag_size;
static_assert(plain_size == 156 && locked_size == 188 && locked_size <= largest_key_file);
static_assert(nonce_at - salt_at == passphrase_salt_size && sealed_at - nonce_at == xchacha_nonce_size);

void put_number(MutableBytes target, uint64_t value) {
  for (size_t i = target.size(); i-- > 0; value >>= 8) target[i] = static_cast<uint8_t>(value);
}
uint64_t number(ByteView bytes) {
  uint64_t value = 0;
  for (uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

Error damaged(std::string message) {
  return {ErrorCode::malformed, std::move(message),
          "Restore the key file from a backup, or make it anew from the 24 words with `drawbridge init --restore`."};
}

void put_header(MutableBytes bytes, const KeyFile& file, uint8_t lock) {
  std::ranges::copy(magic, bytes.begin());
  bytes[version_at] = version;
  bytes[lock_at] = lock;
  bytes[language_at] = static_cast<uint8_t>(file.language);
  bytes[reserved_at] = 0;
  put_number(bytes.subspan(created_at, 8), static_cast<uint64_t>(file.created_unix_ms));
}

void put_secrets(MutableBytes bytes, const KeyFile& file) {
  std::ranges::copy(file.entropy.reveal(), bytes.begin());
  std::ranges::copy(file.seed.reveal(), bytes.begin() + Secret32::size);
}

KeyFile from_secrets(const KeyFileSummary& summary, ByteView secrets) {
  return {Secret32(secrets.first<Secret32::size>()), Seed(secrets.last<Seed::size>()), summary.language,
          summary.created_unix_ms};
}

Result<KeyFile> unlock(ByteView bytes, const KeyFileSummary& summary, std::string_view passphrase) {
  PassphraseCost cost{static_cast<uint32_t>(number(bytes.subspan(passes_at, 4))),
                      static_cast<uint32_t>(number(bytes.subspan(memory_at, 4)))};
  if (!cost_is_sane(cost)) return damaged("The key file is damaged: its passphrase settings make no sense.");
  Error wrong{ErrorCode::authentication, "The passphrase is wrong, or the key file is damaged.",
              "Check the keyboard layout and try again; else restore with the 24 words."};
  auto typed = nfkd(passphrase);
  if (!typed) return wrong;
  auto key = stretch(typed->reveal(), bytes.subspan(salt_at, passphrase_salt_size), cost);
  if (!key) return key.error();
  Secret<secrets_size> secrets;
  auto nonce = bytes.subspan(nonce_at).first<xchacha_nonce_size>();
  if (!xchacha_open(secrets.reveal_mutable(), bytes.subspan(sealed_at), nonce, bytes.first(sealed_at), *key))
    return wrong;
  return from_secrets(summary, secrets.reveal());
}

}  // namespace

SecretBytes encode_key_file(const KeyFile& file) {
  SecretBytes encoded(plain_size);
  MutableBytes bytes = encoded.reveal_mutable();
  put_header(bytes, file, not_locked);
  put_secrets(bytes.subspan(header_size), file);
  std::ranges::copy(blake2b_256({bytes.first(checksum_at)}), bytes.begin() + checksum_at);
  return encoded;
}

Result<SecretBytes> encode_locked_key_file(const KeyFile& file, std::string_view passphrase, Entropy& entropy,
                                           PassphraseCost cost) {
  auto typed = nfkd(passphrase);
  if (!typed) return Error{ErrorCode::invalid_argument, typed.error().message, typed.error().remedy};
  if (typed->size() == 0)
    return Error{ErrorCode::invalid_argument, "The passphrase is empty.", "Choose at least a few words."};
  if (!cost_is_sane(cost)) return Error{ErrorCode::invalid_argument, "The passphrase settings make no sense.", ""};

  SecretBytes encoded(locked_size);
  MutableBytes bytes = encoded.reveal_mutable();
  put_header(bytes, file, locked_by_passphrase);
  put_number(bytes.subspan(passes_at, 4), cost.passes);
  put_number(bytes.subspan(memory_at, 4), cost.memory_kib);
  entropy.fill(bytes.subspan(salt_at, sealed_at - salt_at));
  auto key = stretch(typed->reveal(), bytes.subspan(salt_at, passphrase_salt_size), cost);
  if (!key) return key.error();
  Secret<secrets_size> secrets;
  put_secrets(secrets.reveal_mutable(), file);
  xchacha_seal(bytes.subspan(sealed_at), secrets.reveal(),
               ByteView(bytes).subspan(nonce_at).first<xchacha_nonce_size>(), bytes.first(sealed_at), *key);
  return encoded;
}

Result<KeyFileSummary> inspect_key_file(ByteView bytes) {
  bool ours = bytes.size() >= magic.size() && equal(bytes.first(magic.size()), as_bytes(magic));
  if (!ours)
    return Error{ErrorCode::malformed, "This is not a Drawbridge key file.", "Name the file key in the state folder."};
  if (bytes.size() < header_size) return damaged("The key file is cut short.");
  if (bytes[version_at] != version) {
    return Error{ErrorCode::malformed, "The key file was written by a newer version of Drawbridge.",
                 "Update Drawbridge."};
  }
  bool plain = bytes[lock_at] == not_locked && bytes.size() == plain_size;
  bool locked = bytes[lock_at] == locked_by_passphrase && bytes.size() == locked_size;
  if (!plain && !locked) return damaged("The key file is damaged: its length is not as it should be.");
  uint8_t language = bytes[language_at];
  bool known =
      std::ranges::any_of(all_languages, [language](Language l) { return static_cast<uint8_t>(l) == language; });
  if (!known || bytes[reserved_at] != 0) return damaged("The key file is damaged: its header makes no sense.");
  if (plain && !equal(blake2b_256({bytes.first(checksum_at)}), bytes.subspan(checksum_at))) {
    return damaged("The key file is damaged: its checksum is wrong.");
  }
  return KeyFileSummary{locked, static_cast<Language>(language),
                        static_cast<int64_t>(number(bytes.subspan(created_at, 8)))};
}

Result<KeyFile> parse_key_file(ByteView bytes, std::optional<std::string_view> passphrase) {
  auto summary = inspect_key_file(bytes);
  if (!summary) return summary.error();
  if (!summary->locked) return from_secrets(*summary, bytes.subspan(header_size, secrets_size));
  if (passphrase) return unlock(bytes, *summary, *passphrase);
  return Error{ErrorCode::authentication, "The key file is locked with a passphrase.", "Give the passphrase."};
}

}  // namespace drawbridge
