// FlowEnd: this machine's end of one flow, told of what the node reports about it.
#pragma once

#include <string>

#include "protocol/flow.hpp"

namespace drawbridge {

class FlowEnd {
 public:
  virtual ~FlowEnd() = default;
  virtual void flow_accepted() {}
  virtual void flow_readable() = 0;
  virtual void flow_writable() = 0;
  // The flow's id is free; the end is destroyed after this call.
  virtual void flow_ended(FlowReset reset, const std::string& message) = 0;
};

}  // namespace drawbridge
