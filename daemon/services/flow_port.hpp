// What the end of a flow needs from the node: the flow calls of protocol/node.hpp, with the time already in.
#pragma once

#include "keys/bytes.hpp"
#include "keys/result.hpp"
#include "protocol/flow.hpp"

namespace drawbridge {

class FlowPort {
 public:
  virtual ~FlowPort() = default;
  virtual MutableBytes write_space(FlowId flow, size_t max) = 0;
  virtual void commit_write(FlowId flow, size_t length) = 0;
  virtual void finish_write(FlowId flow) = 0;
  virtual ByteView readable(FlowId flow) = 0;
  // The same as several pieces, for one gathered write; gives how many were filled in.
  virtual size_t readable(FlowId flow, std::span<ByteView> pieces) {
    pieces[0] = readable(flow);
    return pieces[0].empty() ? 0 : 1;
  }
  virtual bool at_end(FlowId flow) = 0;
  virtual void consume(FlowId flow, size_t length) = 0;
  virtual void send_datagram(FlowId flow, ByteView datagram) = 0;
  virtual std::optional<ByteView> readable_datagram(FlowId flow) = 0;
  virtual void consume_datagram(FlowId flow) = 0;
  virtual void reset_flow(FlowId flow, FlowReset reason) = 0;
};

}  // namespace drawbridge
