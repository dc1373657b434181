// Session: one connection of a relation with its control stream and its flows. Notes what the connection tells it and
// acts on it afterwards, at top level, in settle().
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <variant>

#include "protocol/node.hpp"
#include "protocol/quic/connection.hpp"
#include "protocol/tunnel/control_message.hpp"
#include "protocol/tunnel/tunnel_flow.hpp"

namespace drawbridge {

// What all sessions of one node share; outlives them.
struct SessionShared {
  ChunkPool pool;
  Entropy* entropy = nullptr;
  bool cubic = false;
  FlowId next_flow = 1;
};

namespace session_event {
struct Ready {};                                   // handshake done, control stream open
struct Control { tunnel::ControlMessage message; };
struct FlowOpened { FlowId flow = 0; };            // by the device, at the office
struct FlowAccepted { FlowId flow = 0; };
struct FlowReadable { FlowId flow = 0; };
struct FlowWritable { FlowId flow = 0; };
struct FlowEnded { FlowId flow = 0; FlowReset reset{}; std::string message, service; FlowCounters counters; };
}  // namespace session_event
using SessionEvent = std::variant<session_event::Ready, session_event::Control, session_event::FlowOpened, session_event::FlowAccepted,
                                  session_event::FlowReadable, session_event::FlowWritable, session_event::FlowEnded>;

// A run of packets of one size, as Node::poll_transmit gives it, but for the path.
struct PacketRun {
  size_t length = 0, segment_size = 0;
  uint8_t ecn = 0;
};

class Session final : private quic::ConnectionObserver {
 public:
  // `issued` and `retired` gather connection ids that the owner must route to (or no longer to) this session.
  Session(SessionShared& shared, quic::End self);
  ~Session() override;

  void initiate(Instant now, const quic::PairKeys& pair, quic::DeviceHandshake handshake, quic::ClientHello hello);
  // False: the datagram was refused after all.
  bool accept(Instant now, ByteView datagram, const quic::PairKeys& pair, quic::OfficeHandshake handshake, quic::ServerHello answer);

  // --- input; call settle after any of them -------------------------------------------------------------------------
  bool handle_packet(Instant now, uint8_t ecn, ByteView datagram) { return connection_->handle_packet(now, ecn, datagram); }
  void handle_timeout(Instant now) { connection_->handle_timeout(now); }
  // Acts on what was noted: parses streams, answers key updates, announces flows.
  void settle(Instant now);

  // --- output -------------------------------------------------------------------------------------------------------
  // Each packet has `headroom` unwritten bytes in front, which count towards sizes.
  PacketRun write_run(Instant now, MutableBytes buffer, size_t packet_size, size_t headroom = 0);
  std::optional<SessionEvent> poll_event();
  Instant next_timeout() const { return output_held_ ? far_future : connection_->next_timeout(); }
  std::vector<quic::ConnectionId> take_issued() { return std::exchange(issued_, {}); }
  std::vector<quic::ConnectionId> take_retired() { return std::exchange(retired_, {}); }
  // Nothing leaves until what the answer rests on is durable.
  void hold_output(bool hold) { output_held_ = hold; }

  void send(const tunnel::ControlMessage& message);
  // Everything sent on the control stream has been acknowledged.
  bool control_acknowledged() const;
  void close(quic::CloseCode code, std::string_view reason, bool silent = false) { connection_->close(code, reason, silent); }

  // --- flows --------------------------------------------------------------------------------------------------------
  // Device: gives a waiting flow a stream; false: the office allows no more now.
  bool attach(std::unique_ptr<tunnel::TunnelFlow>& flow);
  tunnel::TunnelFlow* flow(FlowId id);
  void accept_flow(FlowId id);
  void refuse_flow(FlowId id, FlowReset reset, const std::string& message);
  // No FlowEnded follows these two; the flow is returned for its counters.
  std::unique_ptr<tunnel::TunnelFlow> reset_flow(FlowId id, FlowReset reset);
  // All flows, each with a FlowEnded.
  void end_flows(FlowReset reset, const std::string& message);
  void after_consume(FlowId id);
  // Of a flow that carries datagrams.
  void send_datagram(Instant now, FlowId id, ByteView bytes);
  std::vector<FlowId> flow_ids() const;
  size_t flow_count() const { return flows_.size(); }

  quic::Connection& connection() { return *connection_; }
  const quic::Connection& connection() const { return *connection_; }

 private:
  struct StreamState {
    enum class Use : uint8_t { unknown, control, flow, lane, dead } use = Use::unknown;
    FlowId flow = 0;
    bool first_done = false;     // the first frame was read
    Bytes first;                 // of it, so far
  };

  void on_id_issued(const quic::ConnectionId& id) override { issued_.push_back(id); }
  void on_id_retired(const quic::ConnectionId& id) override { retired_.push_back(id); }
  void on_handshake_completed() override { completed_ = true; }
  void on_stream_opened(quic::StreamId stream) override;
  void on_stream_bytes(quic::StreamId stream, ByteView bytes, bool end) override;
  void on_stream_reset(quic::StreamId stream, uint64_t code) override;
  void on_stop_sending(quic::StreamId stream, uint64_t code) override;
  void on_stream_closed(quic::StreamId stream) override;
  void on_stream_window_blocked(quic::StreamId stream) override;
  void on_datagram(quic::StreamId stream, ByteView bytes) override;

  quic::ConnectionOptions options();
  void read_control(ByteView bytes);
  void handle_control(Instant now, const tunnel::ControlMessage& message);
  void read_first_frame(quic::StreamId stream, StreamState& state, ByteView bytes);
  void handle_first_frame(quic::StreamId stream, StreamState& state, const tunnel::FrameHeader& header, ByteView payload);
  void begin_flow(quic::StreamId stream, StreamState& state, ByteView payload);
  void begin_lane(quic::StreamId stream, StreamState& state, ByteView payload);
  void handle_answer(StreamState& state, const tunnel::FrameHeader& header, ByteView payload);
  void flow_bytes(quic::StreamId stream, StreamState& state, ByteView bytes);
  void announce(FlowId id);
  void end_flow(FlowId id, FlowReset reset, const std::string& message, bool abort);
  void drop_streams_of(FlowId id);
  void misbehaved(const char* what) { misbehaviour_ = what; }
  bool stash(ByteView packet, uint8_t ecn);

  SessionShared& shared_;
  quic::End self_;
  std::unique_ptr<quic::Connection> connection_;
  std::vector<quic::ConnectionId> issued_, retired_;
  std::deque<SessionEvent> events_;

  std::unordered_map<quic::StreamId, StreamState> streams_;
  std::unordered_map<FlowId, std::unique_ptr<tunnel::TunnelFlow>> flows_;
  std::vector<FlowId> touched_;                 // something arrived, or they may be complete
  struct Ending { FlowId flow; FlowReset reset; std::string message; };
  std::vector<Ending> endings_;
  std::vector<quic::StreamId> unwanted_;        // to be aborted
  Bytes control_in_;
  std::vector<tunnel::ControlMessage> control_messages_;
  std::vector<tunnel::ControlMessage> early_messages_;  // ours, until the control stream is there
  bool completed_ = false, ready_ = false, output_held_ = false;
  const char* misbehaviour_ = nullptr;

  std::array<uint8_t, limits::largest_packet> stash_{};
  size_t stash_size_ = 0;
  uint8_t stash_ecn_ = 0;
};

}  // namespace drawbridge
