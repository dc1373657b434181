// What must become durable, in batches; and what waits until it is.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "keys/result.hpp"
#include "protocol/base/time.hpp"
#include "protocol/rows.hpp"

namespace drawbridge {

class Journal {
 public:
  // Called once: with nothing when the rows are durable, with the error when the disk refused them.
  using Then = std::function<void(Now, const std::optional<Error>&)>;

  // Adds a row to the batch that is being gathered. Within one batch a later row of the same key replaces the earlier.
  void put(Row row);
  // Runs when everything put so far is durable.
  void then(Then action) { waiting_[open_ticket_].push_back(std::move(action)); }

  // One batch is under way at a time, so that what is asked for meanwhile shares the next one's sync.
  std::optional<PersistBatch> poll();
  void handle_persisted(Now now, uint64_t ticket, const std::optional<Error>& error);
  bool idle() const { return rows_.empty() && in_flight_ == 0; }

 private:
  std::vector<Row> rows_;
  std::map<std::pair<RowKind, Bytes>, size_t> index_;
  std::map<uint64_t, std::vector<Then>> waiting_;
  uint64_t open_ticket_ = 1, in_flight_ = 0;
};

}  // namespace drawbridge
