// Frames of the control socket: a length of 4 bytes, big-endian, then that many bytes of MessagePack.
#pragma once

#include <optional>

#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge::admin {

constexpr size_t max_frame_length = 16 * 1024 * 1024;  // bytes after the length; a backup must fit into one

// Appends one frame. `limit` (and nothing appended) if the content is longer than max_frame_length.
Result<void> append_frame(Bytes& target, ByteView content);

// Cuts a stream of bytes into frames. Holds at most what was fed and not yet taken, never more than announced.
class FrameDecoder {
 public:
  void feed(ByteView bytes) { append(held_, bytes); }

  // The next whole frame's content, or nothing yet. `malformed` for a length of 0 or above max_frame_length: the
  // stream cannot be followed any further and must be closed; every later call says the same.
  Result<std::optional<Bytes>> next();

  // What was fed after the last frame taken: the first raw bytes once `connect` has switched the stream over.
  Bytes take_rest();

 private:
  Bytes held_;
  size_t consumed_ = 0;
};

}  // namespace drawbridge::admin
