#include "protocol/tunnel/flow_receiver.hpp"

#include <algorithm>
#include <cassert>

namespace drawbridge::tunnel {
namespace {

// The header at `position`, which may lie across two chunks; nothing while it is incomplete.
std::optional<FrameHeader> peek_header(const ChunkQueue& bytes, uint64_t position) {
  if (bytes.end() - position < frame_header_size) return std::nullopt;
  std::array<uint8_t, frame_header_size> header;
  for (size_t filled = 0; filled < header.size();) {
    ByteView piece = bytes.at(position + filled);
    size_t length = std::min(piece.size(), header.size() - filled);
    std::memcpy(header.data() + filled, piece.data(), length);
    filled += length;
  }
  return decode_header(header);
}

}  // namespace

bool FlowReceiver::handle_bytes(quic::StreamId stream, ByteView bytes) {
  auto lane = lanes_.try_emplace(stream, pool_).first;
  lane->second.append(bytes);
  if (ended_ && !bytes.empty()) return false;  // bytes behind the end
  if (remaining_ == 0) find_next();
  return !broken_;
}

bool FlowReceiver::find_next() {
  for (auto& [stream, bytes] : lanes_) {
    auto header = peek_header(bytes, bytes.begin());
    if (!header) continue;
    bool block = header->kind == FrameKind::block && header->length > 0;
    bool end = header->kind == FrameKind::end && header->length == 0;
    if (!block && !end) broken_ = true;
    if (broken_) return false;
    if (header->argument != expected_) continue;
    take(stream, bytes, frame_header_size);
    ended_ = end;
    if (end) broken_ = std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return !lane.second.empty(); });
    current_ = block ? stream : -1;
    remaining_ = block ? header->length : 0;
    expected_ += block;
    return true;
  }
  current_ = -1;
  return false;
}

void FlowReceiver::take(quic::StreamId stream, ChunkQueue& bytes, size_t length) {
  bytes.drop_before(bytes.begin() + length);
  if (connection_) connection_->consume(stream, length);
}

ByteView FlowReceiver::readable() const {
  if (remaining_ == 0) return {};
  const ChunkQueue& bytes = lanes_.at(current_);
  ByteView piece = bytes.at(bytes.begin());
  return piece.first(std::min<size_t>(piece.size(), remaining_));
}

size_t FlowReceiver::readable(std::span<ByteView> pieces) const {
  if (remaining_ == 0) return 0;
  const ChunkQueue& bytes = lanes_.at(current_);
  size_t count = 0;
  uint64_t at = bytes.begin(), left = remaining_;
  // Goes on into the blocks that follow on the same lane; consume() finds them the same way.
  for (uint32_t next = expected_; count < pieces.size(); ++next) {
    for (; left > 0 && at < bytes.end() && count < pieces.size(); ++count) {
      ByteView piece = bytes.at(at);
      pieces[count] = piece.first(std::min<uint64_t>(piece.size(), left));
      at += pieces[count].size();
      left -= pieces[count].size();
    }
    auto header = left == 0 ? peek_header(bytes, at) : std::nullopt;
    if (!header || header->kind != FrameKind::block || header->argument != next) break;
    at += frame_header_size;
    left = header->length;
  }
  return count;
}

void FlowReceiver::consume(size_t length) {
  while (length > 0) {
    assert(current_ >= 0);
    ChunkQueue& bytes = lanes_.at(current_);
    size_t part = std::min<size_t>(length, remaining_);
    assert(part > 0 && part <= bytes.size());
    take(current_, bytes, part);
    remaining_ -= static_cast<uint32_t>(part);
    received_ += part;
    length -= part;
    if (remaining_ == 0) find_next();
  }
}

void FlowReceiver::discard() {
  for (auto& [stream, bytes] : lanes_) {
    if (connection_) connection_->consume(stream, bytes.size());
    bytes.clear();
  }
  remaining_ = 0;
  current_ = -1;
}

}  // namespace drawbridge::tunnel
