// FlowPump: carries bytes between a connected stream descriptor and a flow, both ways, with back-pressure both ways.
//
// Bytes are read straight into the node's write space and written straight from its readable bytes. A local end of
// stream becomes the flow's half-close and the other way round; a reset becomes a reset.
#pragma once

#include "daemon/io/watch.hpp"
#include "daemon/services/flow_end.hpp"
#include "daemon/services/flow_port.hpp"

namespace drawbridge {

class FlowPump : public FlowEnd {
 public:
  // `fd`: a connected, non-blocking stream socket (TCP, Unix, socketpair). `on_finished` is called once, when the
  // descriptor is closed for another reason than flow_ended(); the pump must outlive that call.
  FlowPump(Loop& loop, FlowPort& port, FlowId flow, FileDescriptor fd, std::function<void()> on_finished);

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
  void notice_failure();
  void finish_if_both_ended();
  void close_descriptor();

  FlowPort& port_;
  FlowId flow_;
  FileDescriptor fd_;
  FdWatch watch_;
  std::function<void()> on_finished_;
  bool space_wanted_ = false;  // the flow takes no more for now: FlowWritable will come
  bool fd_full_ = false;       // the descriptor takes no more for now
  bool read_ended_ = false;    // the local program has sent everything
  bool write_ended_ = false;   // the peer has sent everything and the local program has it
};

}  // namespace drawbridge
