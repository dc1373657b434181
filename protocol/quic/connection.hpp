// One QUIC connection (ngtcp2's core) whose TLS is our Noise handshake and whose only path is made up: real addresses
// are the business of protocol/traversal. Sans-IO: packets and time in, packets and deadlines out.
//
// Rules that this class keeps so that nobody else need know them (docs/spec/transport.md): every ngtcp2 call gets the
// connection's own clock; that clock stands still while nothing is answered, and is kicked on the first answer;
// pacing (send quantum) is obeyed; Version Negotiation and Retry packets never reach ngtcp2; writes happen at top
// level only.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

#include "keys/entropy.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/quic/connection_clock.hpp"
#include "protocol/quic/connection_id.hpp"
#include "protocol/quic/datagram_queue.hpp"
#include "protocol/quic/handshake.hpp"
#include "protocol/quic/packet_context.hpp"
#include "protocol/quic/send_stream.hpp"

namespace drawbridge::quic {

using StreamId = int64_t;

// Application error codes of CONNECTION_CLOSE. Sent: never renumber.
enum class CloseCode : uint8_t {
  none = 0,
  restarting = 1,       // the peer's process ends in order; it will be back
  replaced = 2,         // a newer connection of the same device took over
  revoked = 3,
  upgrade_needed = 4,   // no common protocol version
  misbehaved = 5,       // the other end broke the protocol
  left = 6,             // the device leaves the office
  done = 7,             // a pairing is complete
  timed_out = 8,        // local only: the handshake or a suspension took too long
  failed = 9,           // local only: ngtcp2 gave up
};

// Told what happens inside handle_packet and handle_timeout. Must only take notes: no call back into the connection
// except consume() and queries.
class ConnectionObserver {
 public:
  virtual ~ConnectionObserver() = default;
  virtual void on_id_issued(const ConnectionId& id) = 0;      // packets to this id are this connection's
  virtual void on_id_retired(const ConnectionId& id) = 0;
  virtual void on_handshake_completed() = 0;
  virtual void on_stream_opened(StreamId stream) = 0;         // by the peer
  virtual void on_stream_bytes(StreamId stream, ByteView bytes, bool end) = 0;
  virtual void on_stream_reset(StreamId stream, uint64_t code) = 0;        // the peer will send no more
  virtual void on_stop_sending(StreamId stream, uint64_t code) = 0;        // the peer will read no more
  virtual void on_stream_closed(StreamId stream) = 0;         // both halves are over; the id is gone
  virtual void on_stream_window_blocked(StreamId stream) = 0; // bytes wait for the peer's stream window
  virtual void on_datagram(StreamId stream, ByteView bytes) = 0;  // which it belongs to, as the peer says
};

// Packets of one key; the defaults say why. Tests reach them with less.
struct KeyLimits {
  uint64_t rekey_packets = limits::rekey_packets;      // then the device asks for the next generation
  uint64_t aes_gcm_packets = limits::aes_gcm_packets;  // then the connection ends, if none came
};

struct ConnectionOptions {
  End self = End::device;
  bool cubic = false;
  ChunkPool* pool = nullptr;      // must outlive the connection, as must the next two
  Entropy* entropy = nullptr;
  ConnectionObserver* observer = nullptr;
  KeyLimits key_limits = {};
};

class Connection {
 public:
  // Device: a connection that begins a handshake. `hello.transport_parameters` is filled in here.
  static std::unique_ptr<Connection> initiate(const ConnectionOptions& options, Instant now, const PairKeys& pair,
                                              DeviceHandshake handshake, ClientHello hello);
  // Office: `datagram` passed parse_first_initial and open_first_initial, and `handshake` was read from it. The caller
  // then hands the datagram to handle_packet. Null: ngtcp2 refused it after all.
  static std::unique_ptr<Connection> accept(const ConnectionOptions& options, Instant now, ByteView datagram,
                                            const PairKeys& pair, OfficeHandshake handshake, ServerHello answer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // --- input ---------------------------------------------------------------------------------------------------------
  // One datagram. True: it held a 1-RTT packet that is authentic and newer than all before it.
  bool handle_packet(Instant now, uint8_t ecn, ByteView datagram);
  void handle_timeout(Instant now);
  // A sealed check was answered on any path: thaws a standing clock and sends probes at once.
  void handle_path_answer(Instant now);
  // Nothing is answered on any path. Idempotent.
  void freeze(Instant now);
  // The real path was switched; round trips measured by checks. Nothing is needed unless it grew.
  void handle_path_switch(Instant now, Duration before, Duration after);
  // Ends the connection: one packet that says so leaves with the next writes (none if `silent`).
  void close(CloseCode code, std::string_view reason, bool silent = false);

  // --- output --------------------------------------------------------------------------------------------------------
  // One packet of at most destination.size() bytes (>= 1200); 0: nothing to send now. After each run the caller calls
  // end_run, and stops at send_quantum() bytes.
  size_t write_packet(Instant now, MutableBytes destination, uint8_t& ecn);
  void end_run(Instant now);
  size_t send_quantum() const;
  Instant next_timeout() const;

  // --- streams -------------------------------------------------------------------------------------------------------
  // Nothing: the peer allows no more for now.
  std::optional<StreamId> open_stream(bool bidirectional);
  // Room of at least `least` contiguous bytes in the stream's send buffer; empty if the stream is gone.
  MutableBytes stream_space(StreamId stream, size_t least);
  void stream_commit(StreamId stream, size_t length);
  void stream_write(StreamId stream, ByteView bytes);
  // The same for bytes that may wait a millisecond for others to travel with.
  void stream_write_unhurried(StreamId stream, ByteView bytes);
  void stream_overwrite(StreamId stream, uint64_t position, ByteView bytes);  // of bytes not sent yet
  uint64_t stream_written(StreamId stream) const;             // position behind the last byte
  uint64_t stream_unsent(StreamId stream) const;
  uint64_t stream_unacknowledged(StreamId stream) const;
  // What may still be written until the peer's window for the stream is used up.
  uint64_t stream_credit(StreamId stream) const;
  void stream_finish(StreamId stream);
  void stream_abort(StreamId stream, uint64_t code);          // both halves
  void stream_stop(StreamId stream, uint64_t code);           // the receiving half: no more bytes are wanted
  // The reader took `length` bytes of on_stream_bytes: the peer may send as many more.
  void consume(StreamId stream, uint64_t length);

  // --- datagrams (RFC 9221): neither repaired nor ordered ------------------------------------------------------------
  // False: it does not fit a packet of the path as it is. Else it leaves in front of bulk streams, or is dropped when
  // the path is too slow for what is sent. `stream` tells the peer what it belongs to.
  bool send_datagram(Instant now, StreamId stream, ByteView bytes);
  uint64_t datagrams_dropped() const { return datagrams_.dropped(); }

  // --- key update (device starts, office answers; messages travel on the control stream) -------------------------------
  struct RekeyHalf {
    uint32_t generation = 0;
    ExchangePublic ephemeral{};
  };
  std::optional<RekeyHalf> begin_rekey(Instant now);          // device, when due: send this
  std::optional<RekeyHalf> answer_rekey(const RekeyHalf& peer);  // office: send this; nothing: out of order
  bool finish_rekey(Instant now, const RekeyHalf& peer);      // device; false: out of order
  uint32_t generation() const { return traffic_ ? traffic_->newest() : 0; }

  // --- queries -------------------------------------------------------------------------------------------------------
  bool established() const { return established_; }           // Finished was seen
  bool frozen() const { return clock_.frozen(); }
  bool closed() const { return closed_; }
  CloseCode close_code() const { return close_code_; }
  bool closed_by_peer() const { return closed_by_peer_; }
  const std::string& close_reason() const { return close_reason_; }
  bool outstanding() const { return waiting_since_ != far_future; }  // something sent is not answered yet
  Instant waiting_since() const { return waiting_since_; }
  std::optional<Duration> smoothed_rtt() const;
  uint64_t bytes_in_flight() const;
  uint64_t pto_count() const;
  const HandshakeSecrets& secrets() const { return *secrets_; }     // once established
  const Hash64& handshake_hash() const { return hash_; }
  const std::optional<ServerHello>& server_hello() const { return server_hello_; }
  uint64_t held_bytes() const;    // written and not acknowledged, or received and not consumed, all streams
  AeadId aead() const { return aead_; }

 private:
  explicit Connection(const ConnectionOptions& options, Instant now);
  friend struct Callbacks;

  // connection_handshake.cpp
  int begin_device(const PairKeys& pair);
  int begin_office(const ConnectionId& dcid);
  int handle_crypto(ngtcp2_crypto_level level, ByteView bytes);
  int handle_message1(ByteView message);
  int handle_message2(ByteView message);
  int handle_finished(ByteView message);
  int install_handshake_keys();
  int install_traffic_keys();
  int submit_finished();
  Bytes encode_parameters();
  int complete();
  int update_keys(uint8_t* rx_secret, uint8_t* tx_secret, ngtcp2_crypto_aead_ctx* rx, uint8_t* rx_iv, ngtcp2_crypto_aead_ctx* tx,
                  uint8_t* tx_iv);

  // connection_write.cpp
  size_t write_close(ngtcp2_tstamp time, MutableBytes destination, uint8_t& ecn);
  size_t write_streams(Instant now, MutableBytes destination, uint8_t& ecn);

  // connection_datagrams.cpp
  void handle_datagram(ByteView frame);
  // Nothing: no datagram is to be written now; else what ngtcp2 said.
  std::optional<ngtcp2_ssize> write_datagram(Instant now, MutableBytes destination, ngtcp2_path* path, ngtcp2_pkt_info* info);
  size_t datagram_room(size_t packet_size) const;
  void take_turns();
  bool nothing_queued() const { return urgent_.empty() && bulk_.empty() && datagrams_.empty(); }
  static constexpr StreamId no_stream = -1;
  struct Pieces {
    StreamId id = no_stream;
    SendStream* stream = nullptr;
    std::array<ngtcp2_vec, 2> vectors{};
    size_t count = 0;
    uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_NONE;
  };
  Pieces next_pieces();
  void note_taken(StreamId id, SendStream& stream, uint64_t taken, bool with_end);
  SendStream* next_sender(StreamId& id);
  bool enough_in_flight() const;
  bool held_by_windows(ngtcp2_tstamp time) const;
  void queue_sender(StreamId id, SendStream& stream);
  void unblock_senders();
  void hurry(Instant now);
  bool draining(Instant now);
  bool holds_acknowledgement(Instant now);

  ngtcp2_tstamp time(Instant now) const;
  ngtcp2_conn_stat stat() const;
  void note_answer(Instant now);
  void kick(Instant now);
  void fail(int error);
  void fail_writing(int error);
  void finish_closing(CloseCode code, bool by_peer, std::string reason);
  SendStream* sender(StreamId id);
  const SendStream* sender(StreamId id) const;

  ConnectionOptions options_;
  ngtcp2_conn* conn_ = nullptr;
  ConnectionClock clock_;

  PairKeys pair_;
  ConnectionId first_dcid_;
  std::optional<DeviceHandshake> device_handshake_;
  std::optional<OfficeHandshake> office_handshake_;
  std::optional<ServerHello> server_hello_;
  ClientHello client_hello_;
  std::unique_ptr<HandshakeSecrets> secrets_;
  Hash64 hash_{};
  AeadId aead_ = AeadId::chacha20_poly1305;
  std::unique_ptr<TrafficKeys> traffic_;
  PacketCounts counts_;
  std::array<Bytes, 2> crypto_in_;          // unread CRYPTO bytes: Initial, Handshake
  uint32_t update_calls_ = 0;               // = generation that ngtcp2 last asked for

  bool established_ = false, closed_ = false, close_pending_ = false, closed_by_peer_ = false;
  CloseCode close_code_ = CloseCode::none;
  std::string close_reason_;

  std::unordered_map<StreamId, SendStream> senders_;
  std::deque<StreamId> urgent_, bulk_;
  DatagramQueue datagrams_;
  size_t packet_size_ = limits::smallest_packet;  // of the path, as last written
  uint64_t datagram_burst_ = 0;             // bytes of datagrams since none waited
  bool streams_turn_ = false;               // a flood of datagrams lets streams have every other packet
  ngtcp2_tstamp paced_until_ = 0;           // when the packets that were sent should have left at the paced rate
  uint64_t unpaced_bytes_ = 0;              // sent since that was counted
  ngtcp2_tstamp queue_seen_ = 0;            // when a round trip last was a quarter longer than the shortest
  bool ended_by_window_ = false;            // the last stream that sent stopped at the peer's window for it
  uint64_t unread_ = 0;                     // received and not consumed, all streams
  uint64_t withheld_ = 0;                   // connection credit not given while unread_ is too large
  bool connection_blocked_ = false;

  // An acknowledgement waits a moment for bytes to travel with: ngtcp2 would send it alone, and such a packet makes the
  // other end answer at once, too, so that every keystroke would cost four packets instead of two.
  size_t unanswered_packets_ = 0;
  Instant hold_until_ = far_future;
  std::vector<StreamId> unhurried_;
  Instant hurry_at_ = far_future;           // when these leave alone

  Instant waiting_since_ = far_future;
  Instant last_kick_{};
  Instant returned_at_{};                  // when the path last answered again after a silence
  bool answered_since_kick_ = true;
  Instant drain_until_ = far_future;        // a slower path was chosen: in-flight packets leave the network first

  Instant last_rekey_{};
  std::optional<Secret32> rekey_ephemeral_;
  bool rekey_wanted_ = false;               // keys are there, ngtcp2 is to be told
  Instant rekey_retry_ = far_future;
};

}  // namespace drawbridge::quic
