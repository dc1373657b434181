// The audit trail: an append-only chain of records, each holding the hash of the one before. docs/spec/audit.md.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "keys/device_id.hpp"
#include "protocol/rows.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge::audit {

using ChainHash = std::array<uint8_t, 32>;

// Stored: never renumber.
enum class RecordType : uint8_t {
  paired = 1,
  granted = 2,
  denied = 3,
  renamed = 4,
  revoked = 5,
  forgotten = 6,
  connected = 7,
  disconnected = 8,
  flow_opened = 9,
  flow_closed = 10,
  refused = 11,            // counted: at most one record a minute and reason
  service_exposed = 12,
  service_removed = 13,
  invitation_created = 14,
  invitation_cancelled = 15,
  used_in_two_places = 16,
  counter_reset = 17,
  restored = 18,
  not_saved = 19,          // the disk refused the change that the named record speaks of; it was taken back
  relay_added = 20,
  relay_removed = 21,
  address_added = 22,
  address_removed = 23,
  displaced = 24,          // the device has met another copy of this office
  taken_over = 25,         // the owner said that this copy is the office
  trail_disputed = 26,     // on a device: the office's trail does not hold what it held before
  pruned = 27,             // the owner put a checkpoint in the place of older records
  asked_by_device = 28,    // the device changed something on the office's page; what came of it has a record of its own
  upgraded = 29,           // a newer version of Drawbridge has brought the state to its form
};
const char* type_name(RecordType type);  // snake_case, as `audit show` prints it

struct Record {
  uint64_t sequence = 0;   // from 1, without gaps
  WallTime time;
  RecordType type{};
  std::optional<DeviceId> device;
  std::string device_name;
  std::string service;
  std::string detail;      // type-specific text: address, reason, new name
  uint64_t sent = 0;       // flow_closed: bytes from the office to the device
  uint64_t received = 0;   // and back
};

// The record as stored: its bytes hold the hash of the previous record (zeros for the first).
struct Link {
  Bytes bytes;
  ChainHash hash{};        // BLAKE2b-256 of `bytes`
};
Link encode(const Record& record, const ChainHash& previous);

struct Parsed {
  Record record;
  ChainHash previous{};
};
std::optional<Parsed> parse(ByteView bytes);

// Follows a chain record by record, in order, and says where it breaks first.
class ChainVerifier {
 public:
  // At the first record of all; or behind a record that is not there any more, of this number and hash.
  ChainVerifier() = default;
  ChainVerifier(uint64_t sequence, const ChainHash& head) : sequence_(sequence), head_(head) {}
  // False: this record does not continue the chain (`error` says why). Later calls stay false.
  bool add(uint64_t sequence, ByteView bytes);
  const std::string& error() const { return error_; }
  uint64_t sequence() const { return sequence_; }
  const ChainHash& head() const { return head_; }

 private:
  uint64_t sequence_ = 0;
  ChainHash head_{};
  std::string error_;
};

Bytes sequence_key_bytes(uint64_t sequence);         // 8 bytes, big-endian
Row to_row(const Record& record, const Link& link);  // key: the sequence's; value: Link::bytes

}  // namespace drawbridge::audit
