#include "daemon/services/flow_table.hpp"

namespace drawbridge {

FlowEnd* FlowTable::find(FlowId flow) {
  auto entry = ends_.find(flow);
  return entry == ends_.end() ? nullptr : entry->second.get();
}

void FlowTable::add(FlowId flow, std::unique_ptr<FlowEnd> end) {
  ++begun_;
  auto& place = ends_[flow];
  if (place) gone_.push_back(std::move(place));
  place = std::move(end);
}

void FlowTable::pump(FlowId flow, FileDescriptor fd) {
  auto pump =
      std::make_unique<FlowPump>(loop_, port_, flow, std::move(fd), farewells_,
                                         [this, flow] { finished_.push_back(flow); });
  FlowPump& started = *pump;
  add(flow, std::move(pump));
  started.start();
}

void FlowTable::carry_datagrams(FlowId flow, FileDescriptor fd, std::function<void(bool)> target) {
  auto pump = std::make_unique<DatagramPump>(loop_, port_, flow, std::move(fd), std::move(target));
  DatagramPump& started = *pump;
  add(flow, std::move(pump));
  started.start();
}

void FlowTable::drop(FlowId flow) {
  auto entry = ends_.find(flow);
  if (entry == ends_.end()) return;
  gone_.push_back(std::move(entry->second));
  ends_.erase(entry);
}

void FlowTable::sweep() {
  for (FlowId flow : finished_) drop(flow);
  finished_.clear();
  gone_.clear();
}

void FlowTable::handle(const event::FlowAccepted& event) {
  if (FlowEnd* end = find(event.flow)) end->flow_accepted();
}

void FlowTable::handle(const event::FlowReadable& event) {
  if (FlowEnd* end = find(event.flow)) end->flow_readable();
}

void FlowTable::handle(const event::FlowWritable& event) {
  if (FlowEnd* end = find(event.flow)) end->flow_writable();
}

void FlowTable::handle(const event::FlowEnded& event) {
  if (FlowEnd* end = find(event.flow)) end->flow_ended(event.reset, event.message);
  drop(event.flow);
}

}  // namespace drawbridge
