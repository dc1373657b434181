// What stands in the place of pruned records: a signed checkpoint, from which the chain goes on. docs/spec/audit.md,
// "Pruning".
#pragma once

#include <optional>
#include <string>

#include "keys/identity.hpp"
#include "protocol/audit/audit_record.hpp"

namespace drawbridge::audit {

struct Checkpoint {
  uint64_t sequence = 0;   // of the last pruned record
  ChainHash hash{};        // of that record: the next one holds it
  WallTime until;          // that record's time
  WallTime time;           // when it was signed, by the office's clock
  Signature signature{};
  bool operator==(const Checkpoint&) const = default;
};

Checkpoint sign_checkpoint(const Identity& office, uint64_t sequence, const ChainHash& hash, WallTime until, WallTime time);
bool is_signed_by(const Checkpoint& checkpoint, const DeviceId& office);

Row to_row(const Checkpoint& checkpoint);
std::optional<Checkpoint> parse_checkpoint(ByteView value);

// Every record up to and with this one disappears. The driver makes it durable in one transaction with the checkpoint.
Row prune_row(uint64_t last_sequence);

// Finds what a prune takes away: the records from the beginning of the trail up to the first that is not older than
// `before`, however the clock went after it.
class OlderRecords {
 public:
  // `start`: the checkpoint that the trail begins with.
  OlderRecords(WallTime before, const std::optional<Checkpoint>& start);
  // The next record in order. False: it stays, and so do those after it; or the chain is broken here (`error`), and
  // nothing should be pruned, because that would hide it.
  bool add(uint64_t sequence, ByteView bytes);
  const std::string& error() const { return verifier_.error(); }
  uint64_t count() const { return count_; }
  const Bytes& last() const { return last_; }  // the bytes of the newest record that goes; empty: none does

 private:
  WallTime before_;
  ChainVerifier verifier_;
  uint64_t count_ = 0;
  Bytes last_;
};

}  // namespace drawbridge::audit
