// Frames as words: QUIC's (RFC 9000 19, RFC 9221) and, on streams, the tunnel's (docs/spec/tunnel.md).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "keys/bytes.hpp"
#include "tools/packets/packet_opener.hpp"

namespace drawbridge::packets {

// Puts one direction of one stream in order and names its frames as they become whole. What people's programs send is
// told by its length only.
class StreamWords {
 public:
  std::vector<std::string> take(uint64_t offset, ByteView bytes);

 private:
  void read(std::vector<std::string>& words);
  std::map<uint64_t, Bytes> later_;  // by offset: what came before its turn
  Bytes pending_;                    // in order, not read yet
  uint64_t taken_ = 0;               // offset behind what was put in order
  uint64_t to_skip_ = 0;             // bytes of a block's payload that are still to come
};

class Words {
 public:
  // One line a frame; lines of tunnel frames begin with two spaces more. Packets in the order of the recording.
  std::vector<std::string> of(const OpenedPacket& packet);

 private:
  std::map<std::string, StreamWords> streams_;
};

}  // namespace drawbridge::packets
