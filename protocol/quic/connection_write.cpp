// The sending side of a connection: which stream goes into the next packet, and when.
#include <cassert>

#include "protocol/quic/callbacks.hpp"
#include "protocol/quic/connection.hpp"

namespace drawbridge::quic {
namespace {

// A stream that has sent no more than this since it last ran empty goes before bulk streams: keystrokes and requests
// do not wait behind a download.
constexpr uint64_t small_burst = 16 * 1024;
// How long bulk streams take turns: one run of segments (GSO) long, so that the other end reads and writes each of them
// in large pieces, and short enough that nobody notices (0.1 ms at 5 Gbit/s).
constexpr uint64_t bulk_turn = 64 * 1024;
// On a path this short whatever is in flight lies in the other end's socket, in front of everybody's keystrokes: bulk
// streams then keep no more there than both ends need to stay busy. Longer paths are BBR2's business alone.
constexpr Duration short_path = 1ms;
constexpr uint64_t short_path_bytes = 192 * 1024;
constexpr uint64_t short_path_bytes_a_microsecond = 1'024;  // of round trip: 8 Gbit/s
// Long enough for a local program's answer, too short to be felt; bulk transfers are not held at all.
constexpr Duration acknowledgement_hold = 1ms;
constexpr Duration unhurried_hold = 1ms;
constexpr size_t acknowledge_at_once = 8;
// Acknowledgements of a long download must not count against the first upload after it.
constexpr uint64_t pace_idle_after = 256 * 1024;
// Without a queue on the path for so long, a program that reads slowly is the likelier brake.
constexpr ngtcp2_tstamp queue_remembered_rtts = 16;
// A write without a stream makes ngtcp2 take the transfer for one that has nothing more to say, and disregard its rate:
// BBR2 then never learns that the path is full, and floods it. A datagram that fits no packet writes the same (what
// there is besides stream data) without that mark. Never read.
constexpr ngtcp2_vec never_fits = {nullptr, 60'000};

}  // namespace

SendStream* Connection::sender(StreamId id) {
  auto found = senders_.find(id);
  return found == senders_.end() ? nullptr : &found->second;
}
const SendStream* Connection::sender(StreamId id) const { return const_cast<Connection*>(this)->sender(id); }

void Connection::queue_sender(StreamId id, SendStream& stream) {
  if (stream.queued || !stream.wants_to_send()) return;
  stream.queued = true;
  if (stream.burst <= small_burst) {
    urgent_.push_back(id);
  } else if (stream.turn > 0 && stream.turn < bulk_turn) {
    bulk_.push_front(id);
  } else {
    stream.turn = 0;
    bulk_.push_back(id);
  }
}

bool Connection::enough_in_flight() const {
  ngtcp2_conn_stat now_stat = stat();
  if (now_stat.min_rtt >= static_cast<ngtcp2_duration>(short_path.count())) return false;
  return now_stat.bytes_in_flight >= short_path_bytes + now_stat.min_rtt / 1'000 * short_path_bytes_a_microsecond;
}

// True while nothing but the peer's stream windows holds back a transfer that filled the path a moment ago.
bool Connection::held_by_windows(ngtcp2_tstamp time) const {
  if (!ended_by_window_) return false;
  const ngtcp2_transport_params* peer = ngtcp2_conn_get_remote_transport_params(conn_);
  if (!peer || peer->max_datagram_frame_size < UINT16_MAX) return false;  // never_fits would be refused
  ngtcp2_conn_stat now_stat = stat();
  return now_stat.pto_count == 0 && time < queue_seen_ + queue_remembered_rtts * now_stat.smoothed_rtt;
}

// Takes the next stream out of the queues; the caller puts it back if it still wants to send.
SendStream* Connection::next_sender(StreamId& id) {
  for (auto* queue : {&urgent_, &bulk_}) {
    if (queue == &bulk_ && !bulk_.empty() && enough_in_flight()) break;
    while (!queue->empty()) {
      id = queue->front();
      queue->pop_front();
      SendStream* stream = sender(id);
      if (!stream) continue;
      stream->queued = false;
      if (stream->wants_to_send()) return stream;
    }
  }
  id = no_stream;
  return nullptr;
}

void Connection::unblock_senders() {
  if (!connection_blocked_ || ngtcp2_conn_get_max_data_left(conn_) == 0) return;
  connection_blocked_ = false;
  for (auto& [id, stream] : senders_) {
    stream.window_blocked = false;
    queue_sender(id, stream);
  }
}

// Once something else leaves, or a millisecond has passed, what could wait leaves as well.
void Connection::hurry(Instant now) {
  if (hurry_at_ == far_future) hurry_at_ = now + unhurried_hold;
  if (nothing_queued() && now < hurry_at_) return;
  hurry_at_ = far_future;
  for (StreamId id : std::exchange(unhurried_, {})) {
    if (SendStream* stream = sender(id)) queue_sender(id, *stream);
  }
}

size_t Connection::write_packet(Instant now, MutableBytes destination, uint8_t& ecn) {
  if (closed_ || clock_.frozen()) return 0;
  // The other end never took up a new key: nothing may be said any more, not even why.
  if (counts_.sealed >= counts_.seal_limit) finish_closing(CloseCode::failed, false, "the key has sealed all that it may");
  if (closed_) return 0;
  if (close_pending_) return write_close(time(now), destination, ecn);
  if (!unhurried_.empty()) hurry(now);
  if (draining(now) || holds_acknowledgement(now)) return 0;
  packet_size_ = destination.size();
  size_t written = write_streams(now, destination, ecn);
  take_turns();
  unanswered_packets_ = 0;
  hold_until_ = far_future;
  unpaced_bytes_ += written;
  if (written > 0 && !outstanding() && stat().bytes_in_flight > 0) waiting_since_ = now;
  return written;
}

bool Connection::holds_acknowledgement(Instant now) {
  if (!established_ || unanswered_packets_ == 0 || unanswered_packets_ >= acknowledge_at_once || !nothing_queued()) return false;
  if (hold_until_ == far_future) hold_until_ = now + acknowledgement_hold;
  return now < hold_until_ && stat().loss_detection_timer > time(now);
}

// What the next stream may put into a packet; without a stream, what ngtcp2 has to say by itself.
Connection::Pieces Connection::next_pieces() {
  Pieces pieces;
  pieces.stream = established_ ? next_sender(pieces.id) : nullptr;
  if (!pieces.stream) return pieces;
  SendStream& stream = *pieces.stream;
  uint64_t at = stream.sent;
  for (; pieces.count < pieces.vectors.size() && at < stream.bytes.end(); ++pieces.count) {
    ByteView piece = stream.bytes.at(at);
    pieces.vectors[pieces.count] = {const_cast<uint8_t*>(piece.data()), piece.size()};
    at += piece.size();
  }
  pieces.flags = NGTCP2_WRITE_STREAM_FLAG_MORE;
  if (stream.end_wanted && at == stream.bytes.end()) pieces.flags |= NGTCP2_WRITE_STREAM_FLAG_FIN;
  return pieces;
}

void Connection::note_taken(StreamId id, SendStream& stream, uint64_t taken, bool with_end) {
  stream.sent += taken;
  stream.burst = stream.unsent() ? stream.burst + taken : 0;
  stream.turn = stream.unsent() ? stream.turn + taken : 0;
  if (with_end && stream.unsent() == 0) stream.end_sent = true;
  ended_by_window_ = !stream.end_wanted && ngtcp2_conn_get_max_stream_data_left(conn_, id) < limits::smallest_packet;
}

// A packet was begun and not finished (a key may seal no more, or is gone): ngtcp2 aborts the process if it is given
// anything to read or write after that, a close included.
void Connection::fail_writing(int error) { finish_closing(CloseCode::failed, false, ngtcp2_strerror(error)); }

size_t Connection::write_streams(Instant now, MutableBytes destination, uint8_t& ecn) {
  ngtcp2_tstamp time = this->time(now);
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info info{};
  while (!closed_) {
    if (auto written = write_datagram(now, destination, &path.path, &info)) {
      if (*written == NGTCP2_ERR_WRITE_MORE) continue;
      if (*written < 0) fail_writing(static_cast<int>(*written));
      ecn = static_cast<uint8_t>(info.ecn);
      return *written < 0 ? 0 : static_cast<size_t>(*written);
    }
    auto [id, stream, vectors, count, flags] = next_pieces();
    ngtcp2_ssize taken = -1;
    ngtcp2_ssize written =
        !stream && held_by_windows(time)
            ? ngtcp2_conn_writev_datagram(conn_, &path.path, &info, destination.data(), destination.size(), nullptr,
                                          NGTCP2_WRITE_DATAGRAM_FLAG_NONE, 0, &never_fits, 1, time)
            : ngtcp2_conn_writev_stream(conn_, &path.path, &info, destination.data(), destination.size(), &taken, flags, id,
                                        vectors.data(), count, time);
    if (stream && taken >= 0) note_taken(id, *stream, static_cast<uint64_t>(taken), flags & NGTCP2_WRITE_STREAM_FLAG_FIN);
    if (written == NGTCP2_ERR_WRITE_MORE) {
      queue_sender(id, *stream);
      continue;
    }
    if (written == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
      stream->window_blocked = ended_by_window_ = true;
      if (ngtcp2_conn_get_max_data_left(conn_) == 0) connection_blocked_ = true;
      else options_.observer->on_stream_window_blocked(id);
      continue;
    }
    if (written == NGTCP2_ERR_STREAM_SHUT_WR || written == NGTCP2_ERR_STREAM_NOT_FOUND) {
      // Kept until the stream closes: ngtcp2 may still point into packets in flight.
      stream->sent = stream->bytes.end();
      stream->end_wanted = stream->end_sent = true;
      continue;
    }
    if (written < 0) {
      fail_writing(static_cast<int>(written));
      return 0;
    }
    if (stream) {
      // Nothing went out: back to the front, since it is this stream's turn once there is room.
      if (written == 0 && stream->wants_to_send()) {
        stream->queued = true;
        (stream->burst <= small_burst ? urgent_ : bulk_).push_front(id);
      } else {
        queue_sender(id, *stream);
      }
    }
    ecn = static_cast<uint8_t>(info.ecn);
    return static_cast<size_t>(written);
  }
  return 0;
}

size_t Connection::write_close(ngtcp2_tstamp time, MutableBytes destination, uint8_t& ecn) {
  ngtcp2_connection_close_error error;
  ngtcp2_connection_close_error_default(&error);
  ngtcp2_connection_close_error_set_application_error(&error, static_cast<uint64_t>(close_code_),
                                                      reinterpret_cast<const uint8_t*>(close_reason_.data()), close_reason_.size());
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info info{};
  ngtcp2_ssize written =
      ngtcp2_conn_write_connection_close(conn_, &path.path, &info, destination.data(), destination.size(), &error, time);
  finish_closing(close_code_, false, close_reason_);
  ecn = static_cast<uint8_t>(info.ecn);
  return written > 0 ? static_cast<size_t>(written) : 0;
}

void Connection::end_run(Instant now) {
  // Pacing starts with the data: in the handshake it would hold back the Finished (initial_rtt is only a guess).
  // Nor is it needed when everything has been sent: its deadline would only wake us for nothing.
  bool more = !nothing_queued();
  if ((!more && unpaced_bytes_ < pace_idle_after) || !established_ || closed_ || clock_.frozen()) return;
  // ngtcp2 lets packets leave 1 ms early and counts from the last run, so that runs of less than 1 ms (64 KB above
  // 500 Mbit/s) would not be paced at all: each counts from where the one before it ends.
  ngtcp2_conn_stat now_stat = stat();
  bool far = now_stat.min_rtt >= static_cast<ngtcp2_duration>(short_path.count()) && now_stat.pacing_rate > 0;
  ngtcp2_tstamp from = far ? std::max(time(now), paced_until_) : time(now);
  ngtcp2_conn_update_pkt_tx_time(conn_, from);
  paced_until_ = far ? from + static_cast<ngtcp2_tstamp>(static_cast<double>(unpaced_bytes_) / now_stat.pacing_rate) : 0;
  unpaced_bytes_ = 0;
}

size_t Connection::send_quantum() const { return ngtcp2_conn_get_send_quantum(conn_); }

std::optional<StreamId> Connection::open_stream(bool bidirectional) {
  if (closed_ || !established_) return std::nullopt;
  StreamId id = no_stream;
  int error = bidirectional ? ngtcp2_conn_open_bidi_stream(conn_, &id, nullptr) : ngtcp2_conn_open_uni_stream(conn_, &id, nullptr);
  if (error != 0) return std::nullopt;
  senders_.try_emplace(id, *options_.pool);
  return id;
}

MutableBytes Connection::stream_space(StreamId id, size_t least) {
  SendStream* stream = sender(id);
  return stream && !stream->end_wanted ? stream->bytes.space(least) : MutableBytes();
}

void Connection::stream_commit(StreamId id, size_t length) {
  SendStream* stream = sender(id);
  if (!stream) return;
  stream->bytes.commit(length);
  queue_sender(id, *stream);
}

void Connection::stream_write(StreamId id, ByteView bytes) {
  SendStream* stream = sender(id);
  if (!stream || stream->end_wanted) return;
  stream->bytes.append(bytes);
  queue_sender(id, *stream);
}

void Connection::stream_write_unhurried(StreamId id, ByteView bytes) {
  SendStream* stream = sender(id);
  if (!stream || stream->end_wanted) return;
  stream->bytes.append(bytes);
  if (!stream->queued) unhurried_.push_back(id);
}

void Connection::stream_overwrite(StreamId id, uint64_t position, ByteView bytes) {
  SendStream* stream = sender(id);
  if (stream && position >= stream->sent) stream->bytes.overwrite(position, bytes);
}

uint64_t Connection::stream_written(StreamId id) const {
  const SendStream* stream = sender(id);
  return stream ? stream->bytes.end() : 0;
}
uint64_t Connection::stream_unsent(StreamId id) const {
  const SendStream* stream = sender(id);
  return stream ? stream->unsent() : 0;
}
uint64_t Connection::stream_unacknowledged(StreamId id) const {
  const SendStream* stream = sender(id);
  return stream ? stream->bytes.size() : 0;
}
uint64_t Connection::stream_credit(StreamId id) const {
  uint64_t left = ngtcp2_conn_get_max_stream_data_left(conn_, id);
  return left - std::min(left, stream_unsent(id));
}

void Connection::stream_finish(StreamId id) {
  SendStream* stream = sender(id);
  if (!stream) return;
  stream->end_wanted = true;
  queue_sender(id, *stream);
}

void Connection::stream_abort(StreamId id, uint64_t code) {
  if (closed_) return;
  if (SendStream* stream = sender(id)) {
    stream->end_wanted = stream->end_sent = true;
    stream->sent = stream->bytes.end();
  }
  ngtcp2_conn_shutdown_stream(conn_, id, code);
}

void Connection::stream_stop(StreamId id, uint64_t code) {
  if (!closed_) ngtcp2_conn_shutdown_stream_read(conn_, id, code);
}

void Connection::consume(StreamId id, uint64_t length) {
  unread_ -= std::min(unread_, length);
  if (closed_) return;
  ngtcp2_conn_extend_max_stream_offset(conn_, id, length);
  uint64_t credit = std::min(withheld_, length);
  if (credit > 0) {
    withheld_ -= credit;
    ngtcp2_conn_extend_max_offset(conn_, credit);
  }
}

}  // namespace drawbridge::quic
