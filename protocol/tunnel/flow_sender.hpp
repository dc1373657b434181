// One direction of a flow, outwards: the user's bytes become numbered blocks on the flow's stream and, for long
// transfers whose stream window is the brake, on up to three further streams (lanes).
#pragma once

#include "protocol/quic/connection.hpp"
#include "protocol/tunnel/frame.hpp"

namespace drawbridge::tunnel {

class FlowSender {
 public:
  // Before `attach` bytes are held here, at most limits::unsent_per_flow.
  explicit FlowSender(ChunkPool& pool) : early_(pool) {}

  // `connection` must outlive the use of this object; `stream` is the flow's own stream.
  void attach(quic::Connection& connection, quic::StreamId stream);
  void detach() { connection_ = nullptr; }

  // At most `max` bytes of room; empty: full, or finished. Valid until the next call.
  MutableBytes space(size_t max);
  void commit(size_t length);
  void finish();
  void abort(uint64_t code);

  // The peer's window holds a stream of this flow back: one more lane may help.
  void handle_window_blocked();
  // True once, after space() was empty and there is room again.
  bool became_writable();
  bool finished() const { return finished_; }
  uint64_t sent() const { return sent_; }

 private:
  quic::StreamId best_lane() const;
  uint64_t room(quic::StreamId lane) const;
  void write_end();

  ChunkQueue early_;
  quic::Connection* connection_ = nullptr;
  std::vector<quic::StreamId> lanes_;     // the first is the flow's own stream
  quic::StreamId space_lane_ = -1;        // where the last space() was
  uint32_t next_block_ = 0;
  uint64_t sent_ = 0;
  uint64_t opened_at_ = 0;                // of sent_, when the last lane was opened
  bool finished_ = false, starved_ = false;
};

}  // namespace drawbridge::tunnel
