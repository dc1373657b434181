// Where a pair meets. Its two ends are channels of associations.
#pragma once

#include <array>

#include "protocol/relay/association.hpp"

namespace drawbridge::relay {

struct MailboxEnd {
  uint32_t association = no_slot;  // slot of the client that has it
  uint8_t channel = 0;
  uint8_t openings = 0;            // modulo 256
  uint64_t instance = 0, number = 0;
  std::array<uint64_t, 2> displaced{};  // the newest instances that have lost this end to another
  int displacements = 0;           // by other instances, within the window; one that comes back counts for more
  Instant displaced_since{};
};

struct Mailbox {
  MailboxId id;
  MailboxEnd office, device;
  ByteBucket rate, day;
  Instant over_until{};            // of the quota's notice
  Instant empty_since{};           // meaningful while both ends are away
  AddressRecord* opener = nullptr; // whose count it is in; null once the opener has left

  MailboxEnd& at(End end) { return end == End::office ? office : device; }
  MailboxEnd& other(End end) { return end == End::office ? device : office; }
  const MailboxEnd& other(End end) const { return end == End::office ? device : office; }
  bool empty() const { return office.association == no_slot && device.association == no_slot; }
};

}  // namespace drawbridge::relay
