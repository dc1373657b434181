#include "keys/key_file.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/fixed_entropy.hpp"

using namespace drawbridge;

namespace {

constexpr PassphraseCost cheap{1, 64};

KeyFile a_key_file() {
  KeyFile file;
  for (size_t i = 0; i < 32; ++i) file.entropy.reveal_mutable()[i] = static_cast<uint8_t>(i);
  file.language = Language::french;
  file.created_unix_ms = 1760000000123;
  file.seed = *file.phrase().seed("hidden");
  return file;
}

Bytes plain_file() {
  return to_bytes(encode_key_file(a_key_file()).reveal());
}

Bytes locked_file(std::string_view passphrase = "grand-m\xc3\xa8re", PassphraseCost cost = cheap) {
  FixedEntropy entropy(Bytes(40, 3));
  return to_bytes(encode_locked_key_file(a_key_file(), passphrase, entropy, cost)->reveal());
}

void check_is_a_key_file(const Result<KeyFile>& file) {
  REQUIRE(file.ok());
  KeyFile expected = a_key_file();
  CHECK(file->entropy == expected.entropy);
  CHECK(file->seed == expected.seed);
  CHECK(file->language == expected.language);
  CHECK(file->created_unix_ms == expected.created_unix_ms);
}

Error refusal(ByteView bytes, std::optional<std::string_view> passphrase = std::nullopt) {
  auto file = parse_key_file(bytes, passphrase);
  REQUIRE_FALSE(file.ok());
  CHECK_FALSE(file.error().remedy.empty());
  return file.error();
}

}  // namespace

TEST_CASE("a key file reads back") {
  check_is_a_key_file(parse_key_file(plain_file()));
}

TEST_CASE("a key file gives back its 24 words") {
  CHECK(equal(parse_key_file(plain_file())->phrase().entropy(), a_key_file().entropy.reveal()));
}

TEST_CASE("a locked key file reads back with its passphrase, accents composed or not") {
  check_is_a_key_file(parse_key_file(locked_file(), "grand-m\xc3\xa8re"));
  check_is_a_key_file(parse_key_file(locked_file(), "grand-me\xcc\x80re"));
}

TEST_CASE("a locked key file does not open without or with another passphrase, and does not show its secrets") {
  Error missing = refusal(locked_file());
  CHECK(missing.code == ErrorCode::authentication);
  CHECK_THAT(missing.message, Catch::Contains("locked with a passphrase"));
  CHECK_THAT(refusal(locked_file(), "grandmere").message, Catch::Contains("passphrase is wrong"));
  CHECK(refusal(locked_file(), "\xff").code == ErrorCode::authentication);
  CHECK(to_hex(locked_file()).find(to_hex(a_key_file().entropy.reveal())) == std::string::npos);
  CHECK(to_hex(plain_file()).find(to_hex(a_key_file().entropy.reveal())) != std::string::npos);
}

TEST_CASE("what a key file is can be told without its passphrase") {
  auto locked = inspect_key_file(locked_file()), plain = inspect_key_file(plain_file());
  REQUIRE((locked && plain));
  CHECK(locked->locked);
  CHECK_FALSE(plain->locked);
  CHECK(locked->language == Language::french);
  CHECK(locked->created_unix_ms == 1760000000123);
}

TEST_CASE("a key file with any bit changed or any length cut is refused") {
  for (const Bytes& file : {plain_file(), locked_file()}) {
    for (size_t bit = 0; bit < file.size() * 8; ++bit) {
      Bytes changed = file;
      changed[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      // The settings of Argon2id within their bounds would only make this slow.
      if (bit / 8 >= 28 && bit / 8 < 36 && file.size() == 188) continue;
      INFO("bit " << bit);
      REQUIRE_FALSE(parse_key_file(changed, "grand-m\xc3\xa8re").ok());
    }
    for (size_t size = 0; size < file.size(); ++size) REQUIRE_FALSE(parse_key_file(ByteView(file).first(size)).ok());
    Bytes longer = file;
    longer.push_back(0);
    REQUIRE_FALSE(parse_key_file(longer).ok());
  }
}

TEST_CASE("each kind of damage has its own sentence") {
  Bytes file = plain_file();
  CHECK_THAT(refusal(as_bytes("-----BEGIN OPENSSH PRIVATE KEY-----")).message,
             Catch::Contains("not a Drawbridge key file"));
  CHECK_THAT(refusal({}).message, Catch::Contains("not a Drawbridge key file"));
  CHECK_THAT(refusal(ByteView(file).first(20)).message, Catch::Contains("cut short"));
  CHECK_THAT(refusal(ByteView(file).first(100)).message, Catch::Contains("length"));
  file[16] = 2;
  CHECK_THAT(refusal(file).message, Catch::Contains("newer version"));
  file = plain_file();
  file[60] ^= 1;
  CHECK_THAT(refusal(file).message, Catch::Contains("checksum"));
  file = plain_file();
  file[18] = 9;
  CHECK_THAT(refusal(file).message, Catch::Contains("header"));
}

TEST_CASE("passphrase settings beyond reason are refused before any work") {
  for (size_t at : {28u, 32u}) {
    Bytes file = locked_file();
    file[at] = 0xff;
    CHECK_THAT(refusal(file, "x").message, Catch::Contains("settings make no sense"));
  }
}

TEST_CASE("an empty or unreadable passphrase cannot lock a key file") {
  FixedEntropy entropy(Bytes(80, 3));
  CHECK(encode_locked_key_file(a_key_file(), "", entropy, cheap).error().code == ErrorCode::invalid_argument);
  CHECK(encode_locked_key_file(a_key_file(), "\xc3", entropy, cheap).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("only modes of 0600 and tighter are private") {
  CHECK(mode_is_private(0600));
  CHECK(mode_is_private(0400));
  CHECK(mode_is_private(0100600));  // with the file type of st_mode
  for (uint32_t mode : {0601u, 0602u, 0604u, 0610u, 0620u, 0640u, 0700u, 0644u, 0666u, 0777u})
    CHECK_FALSE(mode_is_private(mode));
}
