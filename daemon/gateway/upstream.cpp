#include "daemon/gateway/upstream.hpp"

#include <cassert>
#include <cstring>

namespace drawbridge::gateway {

// Lives in the table and may outlast the upstream for a turn.
class Upstream::End : public FlowEnd {
 public:
  explicit End(Upstream& upstream) : upstream_(&upstream) {}
  void forget() { upstream_ = nullptr; }

  void flow_accepted() override {
    if (upstream_) upstream_->listener_.upstream_accepted();
  }
  void flow_readable() override {
    if (upstream_) upstream_->listener_.upstream_readable();
  }
  void flow_writable() override {
    if (upstream_) upstream_->writable();
  }
  void flow_ended(FlowReset reset, const std::string& message) override {
    if (!upstream_) return;
    Upstream& upstream = *std::exchange(upstream_, nullptr);
    upstream.end_ = nullptr;
    upstream.listener_.upstream_ended(reset, message);
  }

 private:
  Upstream* upstream_;
};

Upstream::Upstream(FlowTable& flows, FlowPort& port, FlowId flow, Listener& listener)
    : flows_(flows), port_(port), flow_(flow), listener_(listener) {
  auto end = std::make_unique<End>(*this);
  end_ = end.get();
  flows_.add(flow_, std::move(end));
}

Upstream::~Upstream() {
  if (!end_) return;
  end_->forget();
  if (at_end() && !full()) {
    port_.finish_write(flow_);
  } else {
    port_.reset_flow(flow_, FlowReset::aborted);
  }
  flows_.drop(flow_);
}

void Upstream::write(ByteView bytes) {
  pending_.append(as_text(bytes));
  flush();
}

void Upstream::flush() {
  size_t done = 0;
  while (end_ && done < pending_.size()) {
    MutableBytes space = port_.write_space(flow_, pending_.size() - done);
    if (space.empty()) break;
    std::memcpy(space.data(), pending_.data() + done, space.size());
    port_.commit_write(flow_, space.size());
    done += space.size();
  }
  pending_.erase(0, done);
}

void Upstream::writable() {
  flush();
  if (!full()) listener_.upstream_writable();
}

void Upstream::hand_over(FileDescriptor fd) {
  assert(!full());
  std::exchange(end_, nullptr)->forget();
  flows_.pump(flow_, std::move(fd));
}

}  // namespace drawbridge::gateway
