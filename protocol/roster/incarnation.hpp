// Which of several running copies of one office is the office. A backup restored beside the original, or a state folder
// that was copied, makes two computers with one identity. docs/spec/pairing.md, "One identity, one running office".
//
// Each copy signs who it is; devices keep the newest such word of their office and show it to whichever copy they meet.
// So a copy learns, by its own signature, of another one that began after it.
#pragma once

#include <array>
#include <optional>

#include "keys/identity.hpp"
#include "protocol/rows.hpp"

namespace drawbridge::roster {

using InstanceId = std::array<uint8_t, 8>;

struct Incarnation {
  uint64_t boot_id = 0;        // as roster::NodeState; a copy skips far ahead when it begins
  InstanceId instance{};       // drawn where a state begins: at `init`, or when it finds itself on another machine
  Signature signature{};       // of the office
  bool operator==(const Incarnation&) const = default;
};

Incarnation sign_incarnation(const Identity& office, uint64_t boot_id, const InstanceId& instance);
bool is_signed_by(const Incarnation& incarnation, const DeviceId& office);
// Whether `other` is another copy, and began after `own`.
bool displaces(const Incarnation& other, const Incarnation& own);

// What a device remembers of its office.
Row to_row(const Incarnation& incarnation, const DeviceId& office);
struct RememberedIncarnation {
  DeviceId office;
  Incarnation incarnation;
};
std::optional<RememberedIncarnation> parse_incarnation(ByteView value);
Bytes incarnation_key_bytes(const DeviceId& office);

// What a node remembers of itself.
struct Instance {
  InstanceId id{};
  std::array<uint8_t, 32> machine{};   // NodeConfig::machine when `id` was drawn; zeros: unknown
  uint64_t displaced_by = 0;           // start number of the copy that displaces this one; 0: none
};
Row to_row(const Instance& instance);
std::optional<Instance> parse_instance(ByteView value);

}  // namespace drawbridge::roster
