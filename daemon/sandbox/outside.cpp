#include "daemon/sandbox/outside.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace drawbridge {

struct Outside::Desk {
  std::mutex mutex;
  std::condition_variable changed;
  const std::function<void()>* work = nullptr;
  bool over = false;
  std::mutex one_at_a_time;
  std::thread thread;

  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return work || over; });
      if (over) return;
      (*work)();
      work = nullptr;
      changed.notify_all();
    }
  }
};

Outside::Outside() : desk_(new Desk) {
  desk_->thread = std::thread([this] { desk_->serve(); });
}

Outside::~Outside() {
  {
    std::lock_guard lock(desk_->mutex);
    desk_->over = true;
  }
  desk_->changed.notify_all();
  desk_->thread.join();
  delete desk_;
}

void Outside::run(const std::function<void()>& work) {
  std::lock_guard turn(desk_->one_at_a_time);
  std::unique_lock lock(desk_->mutex);
  desk_->work = &work;
  desk_->changed.notify_all();
  desk_->changed.wait(lock, [this] { return !desk_->work; });
}

}  // namespace drawbridge
