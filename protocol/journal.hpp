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
  // The same, but a while may pass before the batch is asked for: for records of which there may be thousands a second
  // and for which nobody waits.
  void put_lazily(Row row, Instant now);
  void handle_timeout(Instant now) { due_ = due_ || now >= lazy_deadline_; }
  Instant next_timeout() const { return due_ ? far_future : lazy_deadline_; }
  // Runs when everything put so far is durable.
  void then(Then action);

  // One batch is under way at a time, so that what is asked for meanwhile shares the next one's sync.
  std::optional<PersistBatch> poll();
  void handle_persisted(Now now, uint64_t ticket, const std::optional<Error>& error);
  bool idle() const { return rows_.empty() && in_flight_ == 0; }

 private:
  void add(Row row);

  std::vector<Row> rows_;
  std::map<std::pair<RowKind, Bytes>, size_t> index_;
  std::map<uint64_t, std::vector<Then>> waiting_;
  uint64_t open_ticket_ = 1, in_flight_ = 0;
  bool due_ = false;                     // something in the batch should not wait
  Instant lazy_deadline_ = far_future;
};

}  // namespace drawbridge
