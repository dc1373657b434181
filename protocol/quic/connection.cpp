#include "protocol/quic/connection.hpp"

#include <cassert>

#include "protocol/quic/callbacks.hpp"
#include "protocol/quic/varint.hpp"
#include "protocol/quic/wiping_memory.hpp"

namespace drawbridge::quic {
namespace {

// Version Negotiation and Retry are never accepted, wherever in the datagram they hide: both could end a handshake.
bool holds_unwanted_packet(ByteView datagram) {
  constexpr size_t least_long_header = 7;
  constexpr uint8_t type_retry = 3, type_initial = 0;
  size_t at = 0;
  while (datagram.size() - at >= least_long_header && (datagram[at] & 0x80)) {
    uint8_t type = (datagram[at] >> 4) & 3;
    static constexpr uint8_t version_1[4] = {0, 0, 0, 1};
    if (!equal(datagram.subspan(at + 1, 4), version_1) || type == type_retry) return true;
    at += 5;
    for (int id = 0; id < 2; ++id) {
      if (at >= datagram.size() || datagram[at] > connection_id_max) return true;
      at += 1 + datagram[at];
    }
    if (at > datagram.size()) return true;
    if (type == type_initial) {
      auto token = read_varint(datagram, at);
      if (!token || *token > datagram.size() - at) return true;
      at += *token;
    }
    auto length = read_varint(datagram, at);
    if (!length || *length > datagram.size() - at) return true;
    at += *length;
  }
  return false;
}

}  // namespace

Connection::Connection(const ConnectionOptions& options, Instant now) : options_(options), clock_(now), last_rekey_(now) {}

Connection::~Connection() { ngtcp2_conn_del(conn_); }

ngtcp2_tstamp Connection::time(Instant now) const {
  return static_cast<ngtcp2_tstamp>(clock_.at(now).time_since_epoch().count());
}

ngtcp2_conn_stat Connection::stat() const {
  ngtcp2_conn_stat stat;
  ngtcp2_conn_get_conn_stat(conn_, &stat);
  return stat;
}

bool Connection::handle_packet(Instant now, uint8_t ecn, ByteView datagram) {
  if (closed_ || holds_unwanted_packet(datagram)) return false;
  uint64_t opened_before = counts_.opened_new;
  // A packet is read under a running clock; the kick that a thaw needs follows only if it proves authentic.
  bool was_frozen = clock_.frozen();
  if (was_frozen) clock_.thaw(now);
  ngtcp2_pkt_info info = {ecn};
  ngtcp2_path path = made_up_path();
  int error = ngtcp2_conn_read_pkt(conn_, &path, &info, datagram.data(), datagram.size(), time(now));
  bool authentic = counts_.opened_new != opened_before;
  if (was_frozen && !authentic) clock_.freeze(now);
  if (error == NGTCP2_ERR_DRAINING) {
    ngtcp2_connection_close_error close;
    ngtcp2_conn_get_connection_close_error(conn_, &close);
    bool ours = close.type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION;
    std::string reason(reinterpret_cast<const char*>(close.reason), std::min<size_t>(close.reasonlen, limits::close_reason_bytes));
    finish_closing(ours ? static_cast<CloseCode>(close.error_code) : CloseCode::failed, true, std::move(reason));
  } else if (error != 0) {
    fail(error);
  } else if (authentic) {
    ++unanswered_packets_;
    if (was_frozen) clock_.freeze(now);
    note_answer(now);
    unblock_senders();
  } else if (!established_) {
    unblock_senders();
  }
  return authentic;
}

void Connection::fail(int error) {
  if (error == NGTCP2_ERR_DROP_CONN || !established_) {
    finish_closing(CloseCode::failed, false, ngtcp2_strerror(error));
    return;
  }
  close(CloseCode::misbehaved, ngtcp2_strerror(error));
}

void Connection::finish_closing(CloseCode code, bool by_peer, std::string reason) {
  if (closed_) return;
  closed_ = true;
  close_pending_ = false;
  closed_by_peer_ = by_peer;
  close_code_ = code;
  close_reason_ = std::move(reason);
}

void Connection::close(CloseCode code, std::string_view reason, bool silent) {
  if (closed_ || close_pending_) return;
  if (silent || clock_.frozen() || !established_) {
    finish_closing(code, false, std::string(reason));
    return;
  }
  close_pending_ = true;
  close_code_ = code;
  close_reason_ = std::string(reason.substr(0, limits::close_reason_bytes));
}

void Connection::handle_timeout(Instant now) {
  if (closed_ || clock_.frozen()) return;
  if (rekey_wanted_ && now >= rekey_retry_) {
    int error = ngtcp2_conn_initiate_key_update(conn_, time(now));
    rekey_wanted_ = error == NGTCP2_ERR_INVALID_STATE;  // unconfirmed, or within three PTOs of the last one
    rekey_retry_ = rekey_wanted_ ? now + limits::rekey_retry : far_future;
  }
  if (established_ && outstanding() && now - waiting_since_ >= limits::freeze_after) {
    freeze(now);
    return;
  }
  if (ngtcp2_conn_get_expiry(conn_) <= time(now)) {
    int error = ngtcp2_conn_handle_expiry(conn_, time(now));
    if (error != 0) fail(error);
  }
}

Instant Connection::next_timeout() const {
  if (closed_ || clock_.frozen()) return far_future;
  Instant next = rekey_retry_;
  if (established_ && outstanding()) next = std::min(next, waiting_since_ + limits::freeze_after);
  // While a path drains nothing is written, so only losses are waited for.
  bool drains = drain_until_ != far_future;
  ngtcp2_tstamp expiry = drains ? stat().loss_detection_timer : ngtcp2_conn_get_expiry(conn_);
  if (expiry < INT64_MAX) {
    // One nanosecond later: ngtcp2 compares some deadlines strictly, and a clock that stands at one would loop for ever.
    Instant due = clock_.node_time(Instant(Duration(expiry))) + 1ns;
    bool held = !drains && hold_until_ != far_future;
    next = std::min(next, held ? std::max(due, hold_until_) : due);
  }
  return std::min({next, hurry_at_, drains ? drain_until_ : hold_until_});
}

void Connection::freeze(Instant now) {
  if (!closed_ && established_) clock_.freeze(now);
}

void Connection::handle_path_answer(Instant now) {
  if (!closed_ && established_) note_answer(now);
}

// An authentic packet, or an answer to a sealed check: docs/spec/transport.md, "Connection time".
void Connection::note_answer(Instant now) {
  bool returned = clock_.frozen();
  if (returned) returned_at_ = now;
  clock_.thaw(now);
  answered_since_kick_ = true;
  ngtcp2_conn_stat now_stat = stat();
  waiting_since_ = now_stat.bytes_in_flight > 0 ? now : far_future;
  if (now_stat.smoothed_rtt > now_stat.min_rtt + now_stat.min_rtt / 4) queue_seen_ = time(now);
  constexpr size_t silent_ptos = 2;          // a path that answers now was dead a moment ago
  constexpr size_t ptos_longest = 12;        // beyond, an advance would be hours
  constexpr Duration far_probe = 2s;
  Duration kick_again = std::max<Duration>(200ms, 2 * Duration(now_stat.smoothed_rtt));
  constexpr Duration return_longest = 3s;    // on a short path the silence before the return has many PTOs itself
  // The path answers and has answered all the while, but the peer's end of this connection does not: it is gone.
  bool hopeless = now_stat.pto_count > ptos_longest;
  if (hopeless && now - returned_at_ > return_longest) return finish_closing(CloseCode::failed, false, "nothing is acknowledged");
  bool stalled = now_stat.pto_count >= silent_ptos && now_stat.pto_count <= ptos_longest + silent_ptos && now - last_kick_ > kick_again;
  bool far = now_stat.pto_count <= ptos_longest && now - last_kick_ >= far_probe &&
             now_stat.loss_detection_timer != UINT64_MAX &&
             now_stat.loss_detection_timer > time(now) + static_cast<ngtcp2_tstamp>(far_probe.count());
  if (returned || stalled || far) kick(now);
}

void Connection::kick(Instant now) {
  last_kick_ = now;
  answered_since_kick_ = false;
  ngtcp2_tstamp timer = stat().loss_detection_timer;
  if (timer != UINT64_MAX && timer > time(now)) clock_.advance(Duration(timer - time(now)));
  int error = ngtcp2_conn_handle_expiry(conn_, time(now));
  if (error != 0) fail(error);
}

void Connection::handle_path_switch(Instant now, Duration before, Duration after) {
  if (options_.cubic || !established_ || after <= 2 * before) return;
  constexpr Duration drain_longest = 300ms;
  drain_until_ = now + drain_longest;
}

// BBR2 keeps its smallest round trip for 10 s. Before a slower path is used, in-flight packets leave the network and
// the clock jumps past that window, so that the new path is measured.
bool Connection::draining(Instant now) {
  if (drain_until_ == far_future) return false;
  if (stat().bytes_in_flight > 0 && now < drain_until_) return true;
  constexpr Duration past_min_rtt_window = 10'100ms;
  drain_until_ = far_future;
  clock_.advance(past_min_rtt_window);
  int error = ngtcp2_conn_handle_expiry(conn_, time(now));
  if (error != 0) fail(error);
  return false;
}

std::optional<Duration> Connection::smoothed_rtt() const {
  if (!established_) return std::nullopt;
  return Duration(stat().smoothed_rtt);
}

uint64_t Connection::bytes_in_flight() const { return stat().bytes_in_flight; }
uint64_t Connection::pto_count() const { return stat().pto_count; }

uint64_t Connection::held_bytes() const {
  uint64_t total = unread_;
  for (const auto& [id, stream] : senders_) total += stream.bytes.size();
  return total;
}

}  // namespace drawbridge::quic
