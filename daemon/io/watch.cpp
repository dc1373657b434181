#include "daemon/io/watch.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace drawbridge {
namespace {

// A block outlives its owner until libuv says that the handle is closed, and with it the callback that may be running.
template <typename Block>
void close_block(Block*& block) {
  if (!block) return;
  block->closed = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&block->handle),
           [](uv_handle_t* handle) { delete static_cast<Block*>(handle->data); });
  block = nullptr;
}

}  // namespace

struct FdWatch::Block {
  uv_poll_t handle{};
  Callback callback;
  unsigned wanted = 0;
  bool closed = false;

  static void ready(uv_poll_t* handle, int status, int events);
};

FdWatch::FdWatch(Loop& loop, int fd, Callback callback) : block_(new Block) {
  block_->callback = std::move(callback);
  [[maybe_unused]] int failed = uv_poll_init(loop.raw(), &block_->handle, fd);
  assert(!failed);
  block_->handle.data = block_;
}

FdWatch& FdWatch::operator=(FdWatch&& other) noexcept {
  if (this != &other) {
    close();
    block_ = std::exchange(other.block_, nullptr);
  }
  return *this;
}

void FdWatch::close() {
  close_block(block_);
}

unsigned FdWatch::wanted() const {
  return block_ ? block_->wanted : 0;
}

void FdWatch::want(unsigned events) {
  if (!block_ || block_->wanted == events) return;
  block_->wanted = events;
  if (events == 0) {
    uv_poll_stop(&block_->handle);
  } else {
    uv_poll_start(&block_->handle, static_cast<int>(events), Block::ready);
  }
}

void FdWatch::Block::ready(uv_poll_t* handle, int status, int events) {
  Block& self = *static_cast<Block*>(handle->data);
  if (self.closed) return;
  if (status == 0) return self.callback(static_cast<unsigned>(events));
  // libuv has stopped the handle. The owner's read or write takes the error off the descriptor; go on if it goes on.
  unsigned before = std::exchange(self.wanted, 0);
  uv_poll_start(handle, static_cast<int>(before), ready);
  self.wanted = before;
  self.callback(readable | writable | failure);
}

struct SignalWatch::Block {
  uv_signal_t handle{};
  std::function<void()> callback;
  bool closed = false;
};

SignalWatch::SignalWatch(Loop& loop, int signal, std::function<void()> callback) : block_(new Block) {
  block_->callback = std::move(callback);
  uv_signal_init(loop.raw(), &block_->handle);
  block_->handle.data = block_;
  uv_signal_start(
      &block_->handle,
      [](uv_signal_t* handle, int) {
        auto& block = *static_cast<Block*>(handle->data);
        if (!block.closed) block.callback();
      },
      signal);
}

SignalWatch::~SignalWatch() {
  close_block(block_);
}

struct LocalTimer::Block {
  uv_timer_t handle{};
  std::function<void()> callback;
  bool closed = false;
};

LocalTimer::LocalTimer(Loop& loop, std::function<void()> callback) : block_(new Block) {
  block_->callback = std::move(callback);
  uv_timer_init(loop.raw(), &block_->handle);
  block_->handle.data = block_;
}

LocalTimer::~LocalTimer() {
  close_block(block_);
}

// Never 0: libuv runs what is due until nothing is, so a callback that starts its own timer with 0, because a part of a
// millisecond is left, would be run for ever, and nothing else.
void LocalTimer::start(Duration delay) {
  auto ms = std::max<int64_t>(std::chrono::ceil<std::chrono::milliseconds>(delay).count(), 1);
  uv_update_time(block_->handle.loop);
  uv_timer_start(
      &block_->handle,
      [](uv_timer_t* handle) {
        auto& block = *static_cast<Block*>(handle->data);
        if (!block.closed) block.callback();
      },
      static_cast<uint64_t>(ms), 0);
}

void LocalTimer::stop() {
  uv_timer_stop(&block_->handle);
}

BootTimer::BootTimer(Loop& loop, std::function<void()> callback)
    : fd_(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC)),
      callback_(std::move(callback)),
      watch_(loop, fd_.get(), [this](unsigned) { fired(); }) {
  watch_.want(FdWatch::readable);
}

void BootTimer::arm_no_later_than(Instant deadline) {
  if (deadline >= armed_) return;
  armed_ = deadline;
  // 0 would disarm the timer; a deadline in the past fires at once.
  auto ns = std::max<int64_t>(deadline.time_since_epoch().count(), 1);
  itimerspec when{};
  when.it_value.tv_sec = ns / 1'000'000'000;
  when.it_value.tv_nsec = ns % 1'000'000'000;
  timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void BootTimer::fired() {
  uint64_t count = 0;
  if (::read(fd_.get(), &count, sizeof count) != sizeof count) return;
  armed_ = far_future;
  callback_();
}

}  // namespace drawbridge
