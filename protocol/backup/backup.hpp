// A backup: every durable row of a node, sealed to a key that comes from its 24 words.
//
//   offset  size  field (integers big-endian)
//        0    18  "drawbridge backup\n"
//       18     1  version: 1
//       19     8  creation, milliseconds since the Unix epoch
//       27    24  XChaCha20-Poly1305 nonce
//       51     n  sealed, all before as associated data: msgpack [node id, [[kind, key, value], ...]]
#pragma once

#include <vector>

#include "keys/device_id.hpp"
#include "keys/entropy.hpp"
#include "keys/result.hpp"
#include "protocol/base/time.hpp"
#include "protocol/rows.hpp"

namespace drawbridge::backup {

struct Backup {
  DeviceId node;
  WallTime created_at;
  std::vector<Row> rows;  // each with a value
};

// The longest backup that open() reads; fits a frame of the control socket.
constexpr size_t largest_backup = 16 * 1024 * 1024 - 64;

// Too many rows for largest_backup: the oldest audit records are left out, as many as need be.
Bytes seal(const Backup& backup, const Secret32& key, Entropy& entropy);

// `malformed`: not a backup, of a newer version, or damaged before the seal. `authentication`: of other words, or
// altered.
Result<Backup> open(ByteView bytes, const Secret32& key);

struct Merged {
  std::vector<Row> rows;  // to be written over those that are there
  size_t devices = 0, offices = 0, services = 0, revocations = 0;  // after it
};

// What restoring changes. What is there wins, as it is newer; the revocations of both count, and a device that either
// has revoked does not come back.
Merged merge(const std::vector<Row>& present, const Backup& backup);

}  // namespace drawbridge::backup
