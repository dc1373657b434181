// Watches on a Loop: a descriptor's readiness, a signal, a deadline of this machine, a wake-up from another thread.
// Each may be destroyed at any time, also inside its own callback; the callback does not run afterwards.
#pragma once

#include <uv.h>

#include <functional>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/io/loop.hpp"

namespace drawbridge {

// Readiness of a descriptor that somebody else owns and closes after the watch is gone.
class FdWatch {
 public:
  static constexpr unsigned readable = UV_READABLE;
  static constexpr unsigned writable = UV_WRITABLE;
  // Nothing but the end of a connection by a reset or an error.
  static constexpr unsigned failure = UV_PRIORITIZED;
  // `events` holds what is ready. On an error condition of the descriptor all are set: read or write to learn it.
  using Callback = std::function<void(unsigned events)>;

  FdWatch() = default;
  FdWatch(Loop& loop, int fd, Callback callback);
  FdWatch(FdWatch&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  FdWatch& operator=(FdWatch&& other) noexcept;
  ~FdWatch() { close(); }

  // Level-triggered: the callback repeats each turn while one of `events` is ready. 0: none.
  void want(unsigned events);
  unsigned wanted() const;
  void close();
  explicit operator bool() const { return block_ != nullptr; }

 private:
  struct Block;
  Block* block_ = nullptr;
};

class SignalWatch {
 public:
  SignalWatch(Loop& loop, int signal, std::function<void()> callback);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  struct Block;
  Block* block_;
};

// Fires once per start. Does not count sleep: for timeouts of this machine's own doings only (connecting to a
// target, say). Protocol deadlines use BootTimer.
class LocalTimer {
 public:
  LocalTimer(Loop& loop, std::function<void()> callback);
  ~LocalTimer();
  LocalTimer(const LocalTimer&) = delete;
  LocalTimer& operator=(const LocalTimer&) = delete;

  // In whole milliseconds, upwards, at least one.
  void start(Duration delay);
  void stop();

 private:
  struct Block;
  Block* block_;
};

// A deadline in boot time: fires once, on time even when the machine slept through it.
class BootTimer {
 public:
  BootTimer(Loop& loop, std::function<void()> callback);
  // Keeps an earlier deadline that is already armed: a spurious wake-up is cheaper than a system call each turn.
  void arm_no_later_than(Instant deadline);
  // The deadline that the kernel holds; far_future: none.
  Instant armed() const { return armed_; }

 private:
  void fired();

  FileDescriptor fd_;
  std::function<void()> callback_;
  FdWatch watch_;
  Instant armed_ = far_future;
};

}  // namespace drawbridge
