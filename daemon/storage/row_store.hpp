// The node's durable rows, and the few settings of this machine, in one SQLite file. WAL with synchronous=FULL: what
// write() acknowledged is there after a power cut.
//
// Not thread-safe: one call at a time, from whichever thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/storage/sqlite.hpp"
#include "protocol/rows.hpp"

namespace drawbridge {

class RowStore {
 public:
  // Creates or migrates the file. `state` if a newer version of Drawbridge has written it.
  static Result<RowStore> open(const std::string& path);

  // Every row, in no particular order. Of the audit only the newest record, which the chain goes on from.
  Result<std::vector<Row>> load();
  // Audit rows with first <= sequence number <= last, ascending, at most `max`.
  Result<std::vector<Row>> load_audit(uint64_t first, uint64_t last, size_t max);
  // One row's value; nothing: there is none.
  Result<std::optional<Bytes>> value_of(RowKind kind, ByteView key);
  // Every row with all audit records.
  Result<std::vector<Row>> load_all();

  // All batches in one transaction: all of it, durable, or none.
  Result<void> write(const std::vector<PersistBatch>& batches);

  // Settings of this machine that are no business of the core.
  Result<std::map<std::string, std::string>> settings();
  Result<void> set_setting(const std::string& key, const std::string& value);

 private:
  explicit RowStore(Database database);
  Result<void> apply(const Row& row);
  Result<std::vector<Row>> rows_of(Statement& statement, const char* what);

  Database database_;
  Statement put_, remove_, remove_all_before_, put_setting_;
};

}  // namespace drawbridge
