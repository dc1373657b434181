// DatagramPump: at the office, carries datagrams between a `udp:` service's program and a flow, both ways, until neither
// end has said anything for a while.
#pragma once

#include "daemon/io/watch.hpp"
#include "daemon/services/flow_end.hpp"
#include "daemon/services/flow_port.hpp"

namespace drawbridge {

// RFC 4787 REQ-5: what routers are advised to keep a UDP binding for. A telephone says something every 30 s.
constexpr Duration datagram_flow_idle = std::chrono::minutes(5);

class DatagramPump : public FlowEnd {
 public:
  // Told what is seen of the program: it has answered, or its machine says that there is none.
  using Target = std::function<void(bool answers)>;

  // `fd`: from connect_datagrams.
  DatagramPump(Loop& loop, FlowPort& port, FlowId flow, FileDescriptor fd, Target target,
               Duration idle = datagram_flow_idle);

  // Moves what is there already.
  void start();
  void flow_readable() override { write_out(); }
  void flow_writable() override {}
  void flow_ended(FlowReset, const std::string&) override { close(); }

 private:
  void read_in();
  void write_out();
  void used() { used_at_ = loop_.now().boot; }
  void pass_on(ByteView datagram);
  void finish();
  void finish_if_idle();
  void close();

  Loop& loop_;
  FlowPort& port_;
  FlowId flow_;
  FileDescriptor fd_;
  FdWatch watch_;
  Target target_;
  Duration idle_;
  LocalTimer idle_check_;
  Instant used_at_{};
};

}  // namespace drawbridge
