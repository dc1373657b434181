// One direction of a flow, inwards: blocks from the flow's stream and its lanes, put back in order without copying.
#pragma once

#include <map>

#include "protocol/quic/connection.hpp"
#include "protocol/tunnel/frame.hpp"

namespace drawbridge::tunnel {

class FlowReceiver {
 public:
  explicit FlowReceiver(ChunkPool& pool) : pool_(pool) {}

  void attach(quic::Connection& connection) { connection_ = &connection; }
  void detach() { connection_ = nullptr; }

  // One more stream for this flow. False: it has as many as it may, and each holds a chunk for its first byte.
  bool add_lane() { return ++lanes_added_ < limits::lanes; }
  // Bytes of a stream that belongs to this flow, after its first frame. False: the peer broke the format.
  bool handle_bytes(quic::StreamId stream, ByteView bytes);

  ByteView readable() const;         // the next bytes, contiguous as far as they go
  // The same as several pieces, for one gathered write; gives how many were filled in. May be fewer than there are.
  size_t readable(std::span<ByteView> pieces) const;
  bool at_end() const { return ended_; }
  void consume(size_t length);
  uint64_t received() const { return received_; }

  // Gives up everything held, and the credit that belongs to it.
  void discard();

 private:
  bool find_next();                  // moves `current_` to the lane that holds the expected block
  void take(quic::StreamId stream, ChunkQueue& bytes, size_t length);

  ChunkPool& pool_;
  quic::Connection* connection_ = nullptr;
  std::map<quic::StreamId, ChunkQueue> lanes_;
  quic::StreamId current_ = -1;      // lane of the block being read, -1: none
  size_t lanes_added_ = 0;           // beside the flow's own stream, those that are over too
  uint32_t remaining_ = 0;           // of that block
  uint32_t expected_ = 0;            // number of the next block
  uint64_t received_ = 0;            // consumed by the reader
  bool ended_ = false, broken_ = false;
};

}  // namespace drawbridge::tunnel
