// FlowTable: owns this machine's end of every flow and hands the node's news to it.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "daemon/services/datagram_pump.hpp"
#include "daemon/services/flow_pump.hpp"
#include "protocol/event.hpp"

namespace drawbridge {

class FlowTable {
 public:
  FlowTable(Loop& loop, FlowPort& port) : loop_(loop), port_(port) {}

  // From now on `end` is told what happens to the flow. Replaces an earlier end, also from inside that end's call.
  void add(FlowId flow, std::unique_ptr<FlowEnd> end);
  // The flow is carried by a connected stream descriptor from now on.
  void pump(FlowId flow, FileDescriptor fd);
  // The flow's datagrams go to and come from a connected datagram socket from now on.
  void carry_datagrams(FlowId flow, FileDescriptor fd, std::function<void(bool answers)> target);
  // Forgets the end without telling the node.
  void drop(FlowId flow);

  void handle(const event::FlowAccepted& event);
  void handle(const event::FlowReadable& event);
  void handle(const event::FlowWritable& event);
  void handle(const event::FlowEnded& event);

  FlowPort& port() { return port_; }
  size_t size() const { return ends_.size(); }
  uint64_t begun() const { return begun_; }  // how many ends were ever added
  // Destroys ends that are finished or replaced; call at the turn's end, never from inside an end.
  void sweep();

 private:
  FlowEnd* find(FlowId flow);

  Loop& loop_;
  FlowPort& port_;
  FlowPump::Farewells farewells_;
  std::unordered_map<FlowId, std::unique_ptr<FlowEnd>> ends_;
  uint64_t begun_ = 0;
  std::vector<FlowId> finished_;
  std::vector<std::unique_ptr<FlowEnd>> gone_;  // perhaps still on the call stack
};

}  // namespace drawbridge
