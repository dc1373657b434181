// WriteQueue: batches become durable on another thread, in order, so that the disk never holds up packets.
//
// While one transaction is at the disk, further batches gather; they share the next one (group commit).
#pragma once

#include <uv.h>

#include <functional>

#include "daemon/io/loop.hpp"
#include "daemon/storage/row_store.hpp"

namespace drawbridge {

class WriteQueue {
 public:
  // Called on the loop, in the order of the batches. An error holds for every batch of its transaction.
  using Done = std::function<void(uint64_t ticket, const Result<void>& result)>;

  // `store` must outlive the queue and is not to be used by others but inside ask().
  WriteQueue(Loop& loop, RowStore& store, Done done);
  // Waits for the disk; what is still queued is written, but nobody is told.
  ~WriteQueue();
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  void write(PersistBatch batch);
  // `work` runs on the other thread, alone with the store, after every batch queued before; then `then` on the loop.
  void ask(std::function<void(RowStore&)> work, std::function<void()> then);
  // Nothing is queued or under way.
  bool idle() const;

 private:
  struct Job;
  void start_next();
  void finished(Job& job);

  Loop& loop_;
  RowStore& store_;
  Done done_;
  std::vector<PersistBatch> waiting_;
  std::vector<std::pair<std::function<void(RowStore&)>, std::function<void()>>> questions_;
  Job* running_ = nullptr;
};

}  // namespace drawbridge
