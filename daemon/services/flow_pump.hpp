// FlowPump: carries bytes between a connected stream descriptor and a flow, both ways, with back-pressure both ways.
//
// Bytes are read straight into the node's write space and written straight from its readable bytes. A local end of
// stream becomes the flow's half-close and the other way round; a reset becomes a reset.
#pragma once

#include <memory>

#include "daemon/io/watch.hpp"
#include "daemon/services/flow_end.hpp"
#include "daemon/services/flow_port.hpp"

namespace drawbridge {

class FlowPump : public FlowEnd {
 public:
  // How many pumps hold back a reset just now; shared by all pumps of a node, and bounded.
  struct Farewells {
    unsigned open = 0;
  };

  // `fd`: a connected, non-blocking stream socket (TCP, Unix, socketpair). `on_finished` is called once, when the
  // descriptor is closed for another reason than flow_ended(); the pump must outlive that call.
  // `farewells` must outlive the pump.
  FlowPump(Loop& loop, FlowPort& port, FlowId flow, FileDescriptor fd, Farewells& farewells,
           std::function<void()> on_finished);
  ~FlowPump() override;

  // Moves what is there already.
  void start();
  void flow_readable() override { write_out(); }
  void flow_writable() override { read_in(); }
  void flow_ended(FlowReset reset, const std::string& message) override;

 private:
  void ready(unsigned events);
  void read_in();
  void write_out();
  void await_events();
  void local_ended();
  void local_failed();
  void write_failed(int number);
  void throw_away();
  bool has_just_spoken() const;
  void reset_later();
  void reset_now();
  void notice_failure();
  void finish_if_both_ended();
  void close_descriptor();

  Loop& loop_;
  FlowPort& port_;
  FlowId flow_;
  FileDescriptor fd_;
  FdWatch watch_;
  Farewells& farewells_;
  std::function<void()> on_finished_;
  bool space_wanted_ = false;  // the flow takes no more for now: FlowWritable will come
  bool fd_full_ = false;       // the descriptor takes no more for now
  bool read_ended_ = false;    // the local program has sent everything
  bool write_ended_ = false;   // the peer has sent everything and the local program has it, or wants no more
  bool deaf_ = false;          // the local program has closed: it gets nothing more, what it said is still carried
  bool was_reset_ = false;     // ... by a reset: its end of stream is none
  uint64_t thrown_away_ = 0;   // bytes
  Instant spoke_at_{};         // when the local program's newest bytes were read
  std::unique_ptr<LocalTimer> farewell_;  // the flow is about to be reset
};

}  // namespace drawbridge
