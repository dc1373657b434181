#include "protocol/relay/websocket_frame.hpp"

#include <algorithm>
#include <utility>

namespace drawbridge::relay {
namespace {

constexpr uint8_t final_bit = 0x80, mask_bit = 0x80, reserved_bits = 0x70;
constexpr uint8_t length_16 = 126, length_64 = 127;
constexpr size_t control_longest = 125;
constexpr size_t own_header = 4;  // of a binary frame with a length of 16 bits, without mask

bool known(uint8_t opcode) {
  return opcode == 2 || opcode == 8 || opcode == 9 || opcode == 10;
}

}  // namespace

void apply_mask(MutableBytes bytes, std::array<uint8_t, 4> mask) {
  uint32_t narrow = 0;
  std::memcpy(&narrow, mask.data(), sizeof narrow);
  if (narrow == 0) return;
  uint64_t wide = uint64_t{narrow} << 32 | narrow;
  size_t at = 0;
  for (; at + sizeof wide <= bytes.size(); at += sizeof wide) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    word ^= wide;
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  for (; at < bytes.size(); ++at) bytes[at] ^= mask[at % 4];
}

FrameRead read_frame(MutableBytes bytes, bool masked, Frame& frame) {
  if (bytes.size() < 2) return FrameRead::partial;
  uint8_t opcode = bytes[0] & 0x0f;
  bool control = opcode >= 8;
  if (!(bytes[0] & final_bit) || (bytes[0] & reserved_bits) || !known(opcode) || !!(bytes[1] & mask_bit) != masked)
    return FrameRead::refused;
  uint64_t length = bytes[1] & 0x7f;
  size_t header = 2;
  if (control && length > control_longest) return FrameRead::refused;
  if (length >= length_16) {
    size_t width = length == length_64 ? 8 : 2;
    if (bytes.size() < header + width) return FrameRead::partial;
    length = 0;
    for (size_t i = 0; i < width; ++i) length = length << 8 | bytes[header + i];
    header += width;
  }
  if (length > limits::relay_frame_bytes) return FrameRead::refused;
  std::array<uint8_t, 4> mask{};
  if (masked) {
    if (bytes.size() < header + mask.size()) return FrameRead::partial;
    std::copy_n(bytes.begin() + static_cast<long>(header), mask.size(), mask.begin());
    header += mask.size();
  }
  if (bytes.size() < header + length) return FrameRead::partial;
  frame.opcode = static_cast<Opcode>(opcode);
  frame.payload = bytes.subspan(header, static_cast<size_t>(length));
  frame.size = header + static_cast<size_t>(length);
  apply_mask(frame.payload, mask);
  return FrameRead::whole;
}

bool FrameQueue::add(ByteView datagram) {
  size_t record = record_prefix + datagram.size();
  if (datagram.empty() || record > limits::relay_frame_bytes / 2) return false;
  if (bytes_.size() - sent_ + record + frame_header_longest > limits::relay_unsent_bytes) return false;
  size_t header = own_header + (mask_ ? 4 : 0);
  if (frame_ != none && bytes_.size() - frame_ - header + record > UINT16_MAX) close_frame();
  if (frame_ == none) {
    if (bytes_.capacity() == 0) bytes_.reserve(frame_longest);
    frame_ = bytes_.size();
    bytes_.resize(frame_ + header);
  }
  bytes_.push_back(static_cast<uint8_t>(datagram.size() >> 8));
  bytes_.push_back(static_cast<uint8_t>(datagram.size()));
  append(bytes_, datagram);
  return true;
}

// Place is kept for a length of 16 bits; a short one gives two bytes back, as RFC 6455 5.2 wants it and browsers insist.
void FrameQueue::close_frame() {
  if (frame_ == none) return;
  size_t header = own_header + (mask_ ? 4 : 0);
  size_t length = bytes_.size() - frame_ - header;
  bool is_short = length < length_16;
  if (is_short) {
    auto kept = bytes_.begin() + static_cast<long>(frame_) + 2;
    bytes_.erase(kept, kept + 2);
    header -= 2;
  }
  MutableBytes frame = MutableBytes(bytes_).subspan(frame_);
  frame[0] = final_bit | static_cast<uint8_t>(Opcode::binary);
  frame[1] = (is_short ? static_cast<uint8_t>(length) : length_16) | (mask_ ? mask_bit : 0);
  if (!is_short) {
    frame[2] = static_cast<uint8_t>(length >> 8);
    frame[3] = static_cast<uint8_t>(length);
  }
  if (mask_) {
    std::copy(mask_->begin(), mask_->end(), frame.begin() + static_cast<long>(header) - 4);
    apply_mask(frame.subspan(header), *mask_);
  }
  frame_ = none;
}

bool FrameQueue::add_control(Opcode opcode, ByteView payload) {
  if (payload.size() > control_longest || bytes_.size() - sent_ + payload.size() + frame_header_longest > limits::relay_unsent_bytes)
    return false;
  close_frame();
  bytes_.push_back(final_bit | static_cast<uint8_t>(opcode));
  bytes_.push_back(static_cast<uint8_t>(payload.size()) | (mask_ ? mask_bit : 0));
  if (mask_) append(bytes_, *mask_);
  size_t at = bytes_.size();
  append(bytes_, payload);
  if (mask_) apply_mask(MutableBytes(bytes_).subspan(at), *mask_);
  return true;
}

void FrameQueue::add_raw(ByteView bytes) {
  close_frame();
  append(bytes_, bytes);
}

ByteView FrameQueue::unsent() {
  close_frame();
  return ByteView(bytes_).subspan(sent_);
}

void FrameQueue::sent(size_t count) {
  sent_ += count;
  if (sent_ < bytes_.size()) {
    if (sent_ < limits::relay_frame_bytes) return;
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<long>(std::exchange(sent_, 0)));
    return;
  }
  sent_ = 0;
  // An idle connection keeps no buffer.
  Bytes().swap(bytes_);
}

}  // namespace drawbridge::relay
