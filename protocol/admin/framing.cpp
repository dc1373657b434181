#include "protocol/admin/framing.hpp"

namespace drawbridge::admin {
namespace {

constexpr size_t header_length = 4;

size_t read_length(const uint8_t* at) {
  return size_t{at[0]} << 24 | size_t{at[1]} << 16 | size_t{at[2]} << 8 | size_t{at[3]};
}

}  // namespace

Result<void> append_frame(Bytes& target, ByteView content) {
  if (content.size() > max_frame_length) {
    return Error{ErrorCode::limit, "The message is larger than the control socket carries.", "Ask for less at a time."};
  }
  for (int shift = 24; shift >= 0; shift -= 8) target.push_back(static_cast<uint8_t>(content.size() >> shift));
  append(target, content);
  return {};
}

Result<std::optional<Bytes>> FrameDecoder::next() {
  ByteView rest = ByteView(held_).subspan(consumed_);
  if (rest.size() < header_length) return std::optional<Bytes>();
  size_t length = read_length(rest.data());
  if (length == 0 || length > max_frame_length) {
    return Error{ErrorCode::malformed, "The other end of the control socket does not speak Drawbridge's protocol.", ""};
  }
  if (rest.size() - header_length < length) return std::optional<Bytes>();
  Bytes content = to_bytes(rest.subspan(header_length, length));
  consumed_ += header_length + length;
  if (consumed_ == held_.size() || consumed_ > max_frame_length / 16) take_rest().swap(held_);
  return std::optional<Bytes>(std::move(content));
}

Bytes FrameDecoder::take_rest() {
  Bytes rest = to_bytes(ByteView(held_).subspan(consumed_));
  held_.clear();
  consumed_ = 0;
  return rest;
}

}  // namespace drawbridge::admin
