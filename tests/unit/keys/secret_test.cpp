#include "keys/secret.hpp"

#include <catch2/catch.hpp>
#include <concepts>
#include <iostream>
#include <new>
#include <type_traits>

#include "keys/identity.hpp"
#include "keys/key_file.hpp"

using namespace drawbridge;

namespace {

template <typename T>
concept Printable = requires(std::ostream& stream, const T& value) {
  stream << value;
};

static_assert(Printable<int>);
static_assert(!Printable<Secret32> && !Printable<Seed> && !Printable<SecretBytes>);
static_assert(!Printable<Identity> && !Printable<KeyFile> && !Printable<SeedPhrase>);
static_assert(!std::convertible_to<Secret32, ByteView>);
static_assert(!std::convertible_to<SecretBytes, ByteView>);
static_assert(!std::is_copy_constructible_v<SecretBytes>);

Secret32 filled(uint8_t byte) {
  Secret32 secret;
  for (uint8_t& b : secret.reveal_mutable()) b = byte;
  return secret;
}

bool all_zero(ByteView bytes) {
  for (uint8_t byte : bytes) {
    if (byte != 0) return false;
  }
  return true;
}

// What a destroyed T leaves behind in its memory.
template <typename T>
Bytes remains_of(const T& value) {
  alignas(T) static unsigned char room[sizeof(T)];
  T* object = new (room) T(value);
  REQUIRE_FALSE(all_zero(room));
  object->~T();
  return {room, room + sizeof room};
}

}  // namespace

TEST_CASE("a destroyed secret leaves zeros") {
  CHECK(all_zero(remains_of(filled(7))));
}

TEST_CASE("a destroyed identity keeps only its public halves") {
  Secret32 seed = filled(5);
  std::string remains = to_hex(remains_of(identity_from_seed(seed)));
  Identity identity = identity_from_seed(seed);
  CHECK(remains.find(to_hex(identity.id.bytes)) != std::string::npos);
  CHECK(remains.find(to_hex(seed.reveal())) == std::string::npos);
  CHECK(remains.find(to_hex(identity.exchange_key.reveal())) == std::string::npos);
}

TEST_CASE("a secret that was moved from is wiped") {
  Secret32 first = filled(9), second = std::move(first);
  CHECK(all_zero(first.reveal()));
  CHECK(second == filled(9));
  Secret32 third;
  third = std::move(second);
  CHECK(all_zero(second.reveal()));
  CHECK(third == filled(9));
}

TEST_CASE("secrets are equal only if every byte is") {
  for (size_t i = 0; i < 32; ++i) {
    Secret32 changed = filled(1);
    changed.reveal_mutable()[i] ^= 0x80;
    CHECK_FALSE(changed == filled(1));
  }
  CHECK(filled(1) == filled(1));
}

TEST_CASE("secret bytes are wiped where they are cut off") {
  SecretBytes bytes{ByteView(filled(4).reveal())};
  const uint8_t* tail = bytes.reveal().data() + 10;
  bytes.shrink(10);
  CHECK(bytes.size() == 10);
  CHECK(*tail == 0);
}

TEST_CASE("the smallest parts: hexadecimal and comparisons") {
  CHECK(to_hex(from_hex("00ff7Fa0")) == "00ff7fa0");
  CHECK(from_hex("0").empty());
  CHECK(from_hex("0g").empty());
  CHECK(from_hex("00 ff").empty());
  CHECK(equal_constant_time(from_hex("0102"), from_hex("0102")));
  CHECK_FALSE(equal_constant_time(from_hex("0102"), from_hex("0103")));
  CHECK_FALSE(equal_constant_time(from_hex("0102"), from_hex("010203")));
}
