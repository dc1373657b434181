// Upstream: one flow to a service, as a byte stream that takes all it is given and says when that was too much.
#pragma once

#include <memory>
#include <string>

#include "daemon/services/flow_table.hpp"

namespace drawbridge::gateway {

class Upstream {
 public:
  // Any of these may destroy the upstream.
  struct Listener {
    virtual ~Listener() = default;
    virtual void upstream_accepted() = 0;
    virtual void upstream_readable() = 0;
    virtual void upstream_writable() = 0;  // full() is over
    virtual void upstream_ended(FlowReset reset, const std::string& message) = 0;
  };

  // `flow` was just opened. All but `flow` must outlive the upstream.
  Upstream(FlowTable& flows, FlowPort& port, FlowId flow, Listener& listener);
  // Ends the flow: orderly if the service has ended it too, else with a reset.
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  void write(ByteView bytes);
  // The flow takes no more for now; what was written is kept.
  bool full() const { return !pending_.empty(); }
  ByteView readable() const { return port_.readable(flow_); }
  bool at_end() const { return port_.at_end(flow_); }
  void consume(size_t length) { port_.consume(flow_, length); }

  // A descriptor carries the flow on from here. Not while full().
  void hand_over(FileDescriptor fd);

 private:
  class End;
  void flush();
  void writable();

  FlowTable& flows_;
  FlowPort& port_;
  FlowId flow_;
  Listener& listener_;
  End* end_;             // owned by the table
  std::string pending_;  // written, but not taken by the flow yet
};

}  // namespace drawbridge::gateway
