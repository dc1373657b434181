// A device that was paired properly and then does as it likes: it has the pair's real keys and speaks everything below
// the streams rightly, so that what it puts on them, or asks of paths, reaches the office's parsers. Sans-IO: the
// simulator, the fuzzers and a program that attacks a real daemon (tests/e2e/attacks/rogue) drive the same class.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>

#include "keys/entropy.hpp"
#include "protocol/quic/connection.hpp"
#include "protocol/traversal/connectivity_check.hpp"
#include "protocol/tunnel/control_message.hpp"
#include "protocol/tunnel/frame.hpp"

namespace drawbridge::sim {

// What a pairing has given it.
struct RogueKeys {
  Identity identity;
  DeviceId office;
  Secret32 psk;
};

class RogueDevice final : private quic::ConnectionObserver {
 public:
  RogueDevice(RogueKeys keys, Entropy& entropy);

  // A handshake; an earlier connection is forgotten without a word. The counter comes from the clock, as a good device's.
  // `change`: what message 1 is to say instead.
  void connect(Now now, const std::function<void(quic::ClientHello&)>& change = [](auto&) {});
  bool connected() const { return connection_ && connection_->established(); }
  bool closed() const { return !connection_ || connection_->closed(); }
  quic::CloseCode close_code() const { return connection_->close_code(); }
  const std::string& close_reason() const { return connection_->close_reason(); }

  // --- the network ----------------------------------------------------------------------------------------------------
  void handle_datagram(Now now, ByteView datagram);
  void handle_timeout(Now now);
  std::optional<Bytes> poll_datagram(Now now);
  Instant next_timeout() const { return connection_ ? connection_->next_timeout() : far_future; }

  // --- streams: bytes as they are -------------------------------------------------------------------------------------
  // Nothing: the office allows no more.
  std::optional<quic::StreamId> open(bool bidirectional, ByteView bytes = {}, bool finish = false);
  void write(quic::StreamId stream, ByteView bytes);
  void finish(quic::StreamId stream) { connection_->stream_finish(stream); }
  void abort(quic::StreamId stream, uint64_t code) { connection_->stream_abort(stream, code); }
  void stop(quic::StreamId stream, uint64_t code) { connection_->stream_stop(stream, code); }
  void datagram(Now now, quic::StreamId stream, ByteView bytes) { connection_->send_datagram(now.boot, stream, bytes); }
  // On the control stream, opening it first: bytes as they are, or one whole frame.
  void control_bytes(ByteView bytes);
  void control(ByteView payload);
  void control(const tunnel::ControlMessage& message) { control(tunnel::encode(message)); }

  // --- beneath them ---------------------------------------------------------------------------------------------------
  // A 1-RTT packet with these frames, sealed with the connection's first keys and a number far ahead of its own. The
  // connection itself knows nothing of it, and may end when the office acknowledges it.
  Bytes packet(ByteView frames);
  // As the device's next check to the office, nothing put right.
  Bytes check(traversal::ConnectivityCheck check, size_t size = 0);
  traversal::ConnectivityCheck question(bool nominate = true);

  bool reading = true;             // else nothing that comes is credited
  std::map<quic::StreamId, Bytes> received;
  std::map<quic::StreamId, uint64_t> resets;
  std::set<quic::StreamId> ended;  // by the office, in order
  std::deque<Bytes> outbox;        // datagrams that leave before the connection's own
  uint64_t answered_checks = 0;    // answers of the office to questions, in this connection
  uint64_t asked_checks = 0;       // questions of the office, all answered: it asks before it believes an address
  uint64_t boot_id = 1'000;        // as it tells; beyond those of the device whose keys these are

 private:
  void on_id_issued(const quic::ConnectionId&) override {}
  void on_id_retired(const quic::ConnectionId&) override {}
  void on_handshake_completed() override {}
  void on_stream_opened(quic::StreamId) override {}
  void on_stream_bytes(quic::StreamId stream, ByteView bytes, bool end) override;
  void on_stream_reset(quic::StreamId stream, uint64_t code) override { resets[stream] = code; }
  void on_stop_sending(quic::StreamId stream, uint64_t code) override { resets[stream] = code; }
  void on_stream_closed(quic::StreamId) override {}
  void on_stream_window_blocked(quic::StreamId) override {}
  void on_datagram(quic::StreamId, ByteView) override {}
  void handle_check(ByteView datagram);

  RogueKeys keys_;
  Entropy& entropy_;
  ExchangePublic office_key_{};
  quic::PairKeys pair_;
  traversal::CheckKeys check_in_, check_out_;
  ChunkPool pool_;
  std::unique_ptr<quic::Connection> connection_;
  bool control_open_ = false;
  uint64_t counter_ = 0, check_counter_ = 0;
  uint32_t packet_number_ = 1u << 30;
  Bytes office_id_;                // connection id of the office's, as packets to it have it
  bool run_open_ = false;
};

}  // namespace drawbridge::sim
