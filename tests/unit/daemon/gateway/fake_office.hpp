// An office in memory: flows that remember what came, and say what the test lays in.
#pragma once

#include <map>

#include "daemon/services/flow_table.hpp"

namespace drawbridge::gateway {

class FakeOffice : public FlowPort {
 public:
  struct Flow {
    std::string service;
    std::string got;         // from the gateway
    size_t space = 1 << 20;  // what it still takes
    Bytes saying;            // to the gateway, not consumed yet
    bool said_all = false;
    bool gateway_finished = false;
    FlowReset reset = FlowReset::none;
  };

  Result<FlowId> open(const std::string& service) {
    flows[++newest].service = service;
    return newest;
  }
  Flow& flow(FlowId id = 0) { return flows.at(id ? id : newest); }

  MutableBytes write_space(FlowId id, size_t max) override {
    scratch_.resize(std::min(max, flow(id).space));
    return scratch_;
  }
  void commit_write(FlowId id, size_t length) override {
    flow(id).got.append(as_text(ByteView(scratch_).first(length)));
    flow(id).space -= length;
  }
  void finish_write(FlowId id) override { flow(id).gateway_finished = true; }
  ByteView readable(FlowId id) override { return flow(id).saying; }
  bool at_end(FlowId id) override { return flow(id).saying.empty() && flow(id).said_all; }
  void consume(FlowId id, size_t length) override {
    flow(id).saying.erase(flow(id).saying.begin(), flow(id).saying.begin() + static_cast<long>(length));
  }
  void send_datagram(FlowId, ByteView) override {}
  std::optional<ByteView> readable_datagram(FlowId) override { return std::nullopt; }
  void consume_datagram(FlowId) override {}
  void reset_flow(FlowId id, FlowReset reason) override { flow(id).reset = reason; }

  std::map<FlowId, Flow> flows;
  FlowId newest = 0;

 private:
  Bytes scratch_;
};

}  // namespace drawbridge::gateway
