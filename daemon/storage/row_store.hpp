// The node's durable rows, and the few settings of this machine, in one SQLite file. WAL with synchronous=FULL: what
// write() acknowledged is there after a power cut.
//
// Not thread-safe: one call at a time, from whichever thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/storage/disk_reserve.hpp"
#include "daemon/storage/sqlite.hpp"
#include "protocol/base/time.hpp"
#include "protocol/rows.hpp"

namespace drawbridge {

class RowStore {
 public:
  // Creates the file, or brings it to this version in one transaction: what `now` is, its record in the trail says.
  // `state` if a newer version of Drawbridge has written it; nothing is changed then, nor after any other error.
  static Result<RowStore> open(const std::string& path, WallTime now, DiskReserve reserve = {});

  // What open() has changed in the state of an earlier version, in words.
  const std::optional<std::string>& upgraded() const { return upgraded_; }

  // Every row, in no particular order. Of the audit only the newest record, which the chain goes on from.
  Result<std::vector<Row>> load();
  // Audit rows with first <= sequence number <= last, ascending, at most `max`.
  Result<std::vector<Row>> load_audit(uint64_t first, uint64_t last, size_t max);
  // One row's value; nothing: there is none.
  Result<std::optional<Bytes>> value_of(RowKind kind, ByteView key);
  // Every row with all audit records.
  Result<std::vector<Row>> load_all();

  // All batches in one transaction: all of it, durable, or none. On a full disk the reserve is given back as far as
  // need be and the most urgent of them may.
  Result<void> write(const std::vector<PersistBatch>& batches);

  // Settings of this machine that are no business of the core.
  Result<std::map<std::string, std::string>> settings();
  Result<void> set_setting(const std::string& key, const std::string& value);

  DiskReserve& reserve() { return reserve_; }

 private:
  RowStore(Database database, DiskReserve reserve);
  Result<void> upgrade_from(int64_t version, WallTime now);
  Result<void> write(const std::vector<PersistBatch>& batches, const std::string& closing);
  Result<void> write_once(const std::vector<PersistBatch>& batches, const std::string& closing);
  Result<void> take_back(Result<void> failure);
  Result<void> apply(const Row& row);
  Result<std::vector<Row>> rows_of(Statement& statement, const char* what);

  Database database_;
  DiskReserve reserve_;
  bool disk_full_ = false;  // why the newest write failed
  std::optional<std::string> upgraded_;
  Statement put_, remove_, remove_all_before_, put_setting_;
};

}  // namespace drawbridge
