#include "daemon/storage/write_queue.hpp"

#include <condition_variable>
#include <mutex>

namespace drawbridge {

// Belongs to the worker thread until it says `worked`, to the loop afterwards.
struct WriteQueue::Job {
  uv_work_t handle{};
  RowStore* store = nullptr;
  std::vector<PersistBatch> batches;
  std::vector<std::pair<std::function<void(RowStore&)>, std::function<void()>>> questions;
  Result<void> result;
  WriteQueue* owner = nullptr;  // null: the queue is gone

  std::mutex mutex;
  std::condition_variable condition;
  bool worked = false;

  void work() {
    if (!batches.empty()) result = store->write(batches);
    for (auto& [ask, then] : questions) ask(*store);
    std::lock_guard lock(mutex);
    worked = true;
    condition.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex);
    condition.wait(lock, [this] { return worked; });
  }
};

WriteQueue::WriteQueue(Loop& loop, RowStore& store, Done done) : loop_(loop), store_(store), done_(std::move(done)) {}

WriteQueue::~WriteQueue() {
  if (running_) {
    running_->wait();
    running_->owner = nullptr;
  }
  if (!waiting_.empty()) (void)store_.write(waiting_);
}

void WriteQueue::write(PersistBatch batch) {
  waiting_.push_back(std::move(batch));
  start_next();
}

void WriteQueue::ask(std::function<void(RowStore&)> work, std::function<void()> then) {
  questions_.emplace_back(std::move(work), std::move(then));
  start_next();
}

bool WriteQueue::idle() const {
  return !running_ && waiting_.empty() && questions_.empty();
}

void WriteQueue::start_next() {
  if (running_ || idle()) return;
  running_ = new Job;
  running_->handle.data = running_;
  running_->store = &store_;
  running_->owner = this;
  running_->batches.swap(waiting_);
  running_->questions.swap(questions_);
  uv_queue_work(
      loop_.raw(), &running_->handle, [](uv_work_t* work) { static_cast<Job*>(work->data)->work(); },
      [](uv_work_t* work, int) {
        std::unique_ptr<Job> job(static_cast<Job*>(work->data));
        if (job->owner) job->owner->finished(*job);
      });
}

void WriteQueue::finished(Job& job) {
  running_ = nullptr;
  for (const PersistBatch& batch : job.batches) done_(batch.ticket, job.result);
  for (auto& [ask, then] : job.questions) then();
  start_next();
}

}  // namespace drawbridge
