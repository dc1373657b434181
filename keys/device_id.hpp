// The name of a device: its Ed25519 public key, and the text that people copy.
//
// Text form: nine groups of seven characters, lower case, joined by dashes (71 characters in all).
//   alphabet   0123456789abcdefghjkmnpqrstvwxyz (Crockford's base32: no i, l, o, u); reading takes i and l for 1,
//              o for 0, either case, and ignores dashes and spaces
//   group      six characters of 5 bits, most significant first, and one check character over GF(32): any one wrong
//              character, any two swapped within a group and any two groups swapped are found, and the group named
//   content    the 32 bytes of the key, then the first 14 bits of BLAKE2b-256("drawbridge device id" || key), which
//              catch several errors at once
#pragma once

#include <compare>
#include <functional>
#include <string>

#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge {

struct DeviceId {
  std::array<uint8_t, 32> bytes{};
  std::strong_ordering operator<=>(const DeviceId&) const = default;
  bool operator==(const DeviceId&) const = default;
};

std::string to_text(const DeviceId& id);

// The first two groups, "k3v90fx-8m2qz7p": for display; also a valid prefix (below).
std::string short_text(const DeviceId& id);

// `malformed` with the place of the error: "The third group (k3v90fx) has a typo." The bytes need not be a valid
// public key: exchange_public_of (keys/identity.hpp) decides that.
Result<DeviceId> parse_device_id(std::string_view text);

// Whether `text` is the beginning of the id's text form: 8 characters or more, not counting dashes and spaces; read
// as forgivingly as a whole id.
constexpr size_t device_id_prefix_minimum = 8;
bool matches_prefix(const DeviceId& id, std::string_view text);

}  // namespace drawbridge

template <>
struct std::hash<drawbridge::DeviceId> {
  // Public keys are as good as random, and every id in a table was paired by the owner: the first bytes will do.
  size_t operator()(const drawbridge::DeviceId& id) const noexcept {
    size_t value = 0;
    std::memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
};
