#include "protocol/tunnel/flow_sender.hpp"

#include <algorithm>

namespace drawbridge::tunnel {
namespace {

// Held by a single lane and not sent yet: two reads of a local socket, enough to fill a run. Several lanes together hold
// four times as much, wherever there is credit: a sender that runs dry within a round trip is taken for a slow program.
constexpr uint64_t unsent_on_one = limits::unsent_per_flow / limits::lanes;
constexpr size_t least_room = 1024;
// Shorter transfers and near peers gain nothing from more lanes.
constexpr uint64_t lanes_after_bytes = 1024 * 1024;
constexpr Duration lanes_from_rtt = 5ms;
// Sent since the last lane was opened: twice what it could hold, so the reader takes bytes and deserves another.
constexpr uint64_t taken_before_next_lane = 2 * limits::stream_window;

}  // namespace

// What may be written on `lane` now. A single lane takes more than its window allows, so that bytes are at hand when the
// window moves; of several, one that took a block it cannot send would hold up the blocks behind it on the others.
uint64_t FlowSender::room(quic::StreamId lane) const {
  // While nothing is answered, what is held must stay little enough to be held for long.
  if (connection_->frozen() && connection_->held_bytes() >= limits::suspended_bytes) return 0;
  if (lanes_.size() == 1) return connection_->stream_unsent(lane) < unsent_on_one ? UINT64_MAX : 0;
  uint64_t unsent = 0;
  for (quic::StreamId each : lanes_) unsent += connection_->stream_unsent(each);
  return unsent < limits::unsent_per_flow ? connection_->stream_credit(lane) : 0;
}

// The lane that may send most: one that waits for a lost packet gets no credit meanwhile, and so no new blocks.
quic::StreamId FlowSender::best_lane() const {
  quic::StreamId best = -1;
  uint64_t most = frame_header_size + least_room - 1;
  for (quic::StreamId lane : lanes_) {
    uint64_t has = room(lane);
    if (has > most) best = lane, most = has;
  }
  return best;
}

void FlowSender::attach(quic::Connection& connection, quic::StreamId stream) {
  connection_ = &connection;
  lanes_ = {stream};
  bool end = finished_;
  finished_ = false;
  sent_ = 0;
  while (!early_.empty()) {
    ByteView piece = early_.at(early_.begin());
    auto header = encode(FrameHeader{FrameKind::block, static_cast<uint32_t>(piece.size()), next_block_++});
    connection_->stream_write(stream, header);
    connection_->stream_write(stream, piece);
    sent_ += piece.size();
    early_.drop_before(early_.begin() + piece.size());
  }
  if (end) finish();
}

MutableBytes FlowSender::space(size_t max) {
  if (finished_) return {};
  MutableBytes place;
  if (!connection_) {
    if (early_.size() < limits::unsent_per_flow) place = early_.space(least_room);
  } else {
    if (best_lane() < 0 && lanes_.size() > 1) handle_window_blocked();
    space_lane_ = best_lane();
  }
  if (connection_ && space_lane_ >= 0) {
    place = connection_->stream_space(space_lane_, frame_header_size + least_room);
    if (!place.empty()) place = place.first(std::min<uint64_t>(place.size(), room(space_lane_))).subspan(frame_header_size);
  }
  if (place.empty()) starved_ = true;
  return place.first(std::min(place.size(), max));
}

void FlowSender::commit(size_t length) {
  if (length == 0) return;
  sent_ += length;
  if (!connection_) {
    early_.commit(length);
    return;
  }
  MutableBytes place = connection_->stream_space(space_lane_, frame_header_size + length);
  auto header = encode(FrameHeader{FrameKind::block, static_cast<uint32_t>(length), next_block_++});
  std::copy(header.begin(), header.end(), place.begin());
  connection_->stream_commit(space_lane_, frame_header_size + length);
}

void FlowSender::finish() {
  if (finished_) return;
  finished_ = true;
  if (!connection_) return;
  connection_->stream_write(lanes_[0], encode(FrameHeader{FrameKind::end, 0, next_block_}));
  for (quic::StreamId lane : lanes_) connection_->stream_finish(lane);
}

void FlowSender::abort(uint64_t code) {
  finished_ = true;
  if (!connection_) return;
  for (quic::StreamId lane : lanes_) connection_->stream_abort(lane, code);
}

void FlowSender::handle_window_blocked() {
  if (!connection_ || finished_ || lanes_.size() >= limits::lanes || sent_ < lanes_after_bytes) return;
  if (connection_->smoothed_rtt().value_or(Duration::zero()) < lanes_from_rtt) return;
  if (lanes_.size() > 1 && sent_ - opened_at_ < taken_before_next_lane) return;
  auto lane = connection_->open_stream(false);
  if (!lane) return;
  connection_->stream_write(*lane, encode_lane(static_cast<uint64_t>(lanes_[0])));
  lanes_.push_back(*lane);
  opened_at_ = sent_;
}

bool FlowSender::became_writable() {
  if (!starved_ || finished_) return false;
  if (connection_ ? best_lane() < 0 : early_.size() >= limits::unsent_per_flow) return false;
  starved_ = false;
  return true;
}

}  // namespace drawbridge::tunnel
