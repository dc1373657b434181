// What must become durable, in batches; and what waits until it is.
//
// A batch is written whole or not at all. What a full or broken disk refuses is kept and tried again, so that neither
// the audit chain nor a counter ever has a gap; whoever asked for a change is told at once, and takes it back.
#pragma once

#include <algorithm>
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
  using Durable = std::function<void(Now)>;

  // Adds a row to the batch that is being gathered. Within one batch a later row of the same key replaces the earlier.
  void put(Row row);
  // The same, but a while may pass before the batch is asked for: for records of which there may be thousands a second
  // and for which nobody waits.
  void put_lazily(Row row, Instant now);
  void handle_timeout(Instant now) { due_ = due_ || now >= lazy_deadline_; }
  Instant next_timeout() const { return due_ ? far_future : lazy_deadline_; }
  // What is being gathered is at least so urgent.
  void hold(Urgency urgency) { urgency_ = std::max(urgency_, urgency); }
  // Runs when everything put so far is durable, or was refused. After a refusal the newest actions run first, so that
  // each of them finds what it changed as it left it, and may put the rows back as they were.
  void then(Then action);
  // Runs when everything put so far is durable, however long the disk takes.
  void when_durable(Durable action);

  // One batch is under way at a time, so that what is asked for meanwhile shares the next one's sync.
  std::optional<PersistBatch> poll();
  void handle_persisted(Now now, uint64_t ticket);
  void handle_refused(Now now, uint64_t ticket, const Error& error);
  bool idle() const { return rows_.empty() && in_flight_ == 0; }
  // So much waits for a disk that refuses: nothing more should happen that has to be recorded.
  bool full() const;

 private:
  void add(Row row);

  struct Waiting {
    std::vector<Then> actions;
    std::vector<Durable> patient;
  };

  std::vector<Row> rows_, written_;      // being gathered; under way
  std::map<std::pair<RowKind, Bytes>, size_t> index_;  // of rows_
  Waiting waiting_, waiting_for_written_;
  uint64_t open_ticket_ = 1, in_flight_ = 0;
  Urgency urgency_ = Urgency::ordinary, written_urgency_ = Urgency::ordinary;
  bool due_ = false;                     // something in the batch should not wait
  Instant lazy_deadline_ = far_future;
};

}  // namespace drawbridge
