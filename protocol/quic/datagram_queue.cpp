#include "protocol/quic/datagram_queue.hpp"

#include "protocol/base/limits.hpp"

namespace drawbridge::quic {

void DatagramQueue::push(Instant now, uint64_t flow, Bytes frame) {
  auto entry = flows_.try_emplace(flow).first;
  if (entry->second.size() >= limits::queued_datagrams_per_flow) {
    drop_front(entry);
    entry = flows_.try_emplace(flow).first;
  }
  if (bytes_ + frame.size() > limits::queued_datagram_bytes) {
    ++dropped_;
    if (entry->second.empty()) flows_.erase(entry);
    return;
  }
  bytes_ += frame.size();
  entry->second.push_back({now, std::move(frame)});
}

const Bytes* DatagramQueue::front(Instant now, size_t room) {
  while (!flows_.empty()) {
    auto flow = flows_.lower_bound(turn_);
    if (flow == flows_.end()) flow = flows_.begin();
    turn_ = flow->first;
    const Waiting& first = flow->second.front();
    bool stale = now - first.since > limits::datagram_patience;
    if (!stale && first.frame.size() <= room) return &first.frame;
    drop_front(flow);
  }
  return nullptr;
}

void DatagramQueue::pop() {
  auto flow = flows_.find(turn_);
  if (flow == flows_.end()) return;
  ++turn_;
  remove_front(flow);
}

void DatagramQueue::drop_front(Flows::iterator flow) {
  ++dropped_;
  remove_front(flow);
}

void DatagramQueue::remove_front(Flows::iterator flow) {
  bytes_ -= flow->second.front().frame.size();
  flow->second.pop_front();
  if (flow->second.empty()) flows_.erase(flow);
}

}  // namespace drawbridge::quic
