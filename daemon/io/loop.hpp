// Loop: libuv's event loop, the clocks of its present turn, and one hook at the end of each turn.
//
// A turn is: wake up, run every callback that is due, then the turn's end, then sleep. Work that callbacks cause is
// thereby done once a turn for all of them: datagrams leave in long runs, the clocks are read once.
#pragma once

#include <uv.h>

#include <functional>

#include "protocol/base/time.hpp"

namespace drawbridge {

class Loop {
 public:
  Loop();
  // Every object made on this loop must be gone; runs the loop until libuv has closed them.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Returns after stop().
  void run();
  void stop();
  // One turn, for tests: waits for at least one callback unless something is due already.
  void run_once();

  // Both clocks as they were when they were first asked for in this turn. Boot time never goes back.
  Now now();
  // There is work left: the next turn begins at once, after whatever is ready by then.
  void turn_again();
  // Called once at the end of each turn, before sleeping. Empty: nothing.
  void at_turn_end(std::function<void()> hook) { turn_end_ = std::move(hook); }

  uv_loop_t* raw() { return &loop_; }

 private:
  static void end_turn(uv_prepare_t* handle);

  uv_loop_t loop_{};
  uv_prepare_t prepare_{};
  uv_idle_t idle_{};  // while it runs, libuv does not sleep
  std::function<void()> turn_end_;
  Now now_{};
  bool clocks_read_ = false;
};

}  // namespace drawbridge
