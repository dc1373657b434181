// What the node keeps durable: rows of (kind, key) -> value, written in batches. The core owns every encoding; the
// storage below only keeps bytes. A batch is atomic and batches are durable in the order in which they were asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "keys/bytes.hpp"

namespace drawbridge {

// Stored in databases: never renumber.
enum class RowKind : uint8_t {
  node = 1,        // one row, empty key: counters of this node
  relation = 2,    // key: role and peer's device id
  invitation = 3,  // key: invitation id
  service = 4,     // key: service name
  revocation = 5,  // key: device id and date
  audit = 6,       // key: sequence number, 8 bytes big-endian
  relay = 7,       // key: the relay's id
  address = 8,     // key: HOST:PORT, a fixed address of this office
  instance = 9,    // one row, empty key: which copy of this node this is
  incarnation = 10,  // key: an office's id; the newest copy of it that this device has met
  audit_head = 11,   // key: an office's id; the newest head of its trail that this device has seen
  audit_checkpoint = 12,  // one row, empty key: stands for the pruned records of this node's own trail
  unreadable = 13,   // key: a kind, one byte, and a key; the value that the node found there and could not read
};

struct Row {
  RowKind kind{};
  Bytes key;
  std::optional<Bytes> value;  // absent: the row is deleted
  bool and_all_before = false;  // only of a deletion: so are all rows of this kind whose keys sort before this one
};

// What a write may cost on a full disk, where space is held back.
enum class Urgency : uint8_t {
  ordinary,
  admission,  // lets a device in: may use a part of what is held back
  vital,      // takes access away, or lets the node start: may use all of it
};

// The driver makes the batch durable (fsync), then calls Node::handle_persisted with its ticket.
struct PersistBatch {
  uint64_t ticket = 0;
  std::vector<Row> rows;
  Urgency urgency = Urgency::ordinary;
};

}  // namespace drawbridge
