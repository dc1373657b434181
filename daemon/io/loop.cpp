#include "daemon/io/loop.hpp"

#include <cassert>

#include "daemon/io/clock.hpp"

namespace drawbridge {

Loop::Loop() {
  uv_loop_init(&loop_);
  loop_.data = this;
  // libuv runs "prepare" callbacks after timers and closed handles and just before it sleeps: the end of our turn.
  uv_prepare_init(&loop_, &prepare_);
  uv_prepare_start(&prepare_, end_turn);
  uv_idle_init(&loop_, &idle_);
}

Loop::~Loop() {
  turn_end_ = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&idle_), nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  [[maybe_unused]] int busy = uv_loop_close(&loop_);
  assert(busy == 0);
}

void Loop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}
void Loop::stop() {
  uv_stop(&loop_);
}
void Loop::run_once() {
  uv_run(&loop_, UV_RUN_ONCE);
}

void Loop::turn_again() {
  uv_idle_start(&idle_, [](uv_idle_t* idle) { uv_idle_stop(idle); });
}

Now Loop::now() {
  if (!clocks_read_) {
    now_ = read_clocks();
    clocks_read_ = true;
  }
  return now_;
}

void Loop::end_turn(uv_prepare_t* handle) {
  Loop& self = *static_cast<Loop*>(handle->loop->data);
  if (self.turn_end_) self.turn_end_();
  self.clocks_read_ = false;
}

}  // namespace drawbridge
