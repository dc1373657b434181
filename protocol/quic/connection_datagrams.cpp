// Datagrams of a connection: what goes into the next packet in front of the streams.
#include <algorithm>

#include "protocol/quic/connection.hpp"
#include "protocol/quic/varint.hpp"

namespace drawbridge::quic {
namespace {

// So much of datagrams goes in front of everything; a flood beyond it leaves every other packet to the streams.
constexpr uint64_t datagrams_first = 16 * 1024;

}  // namespace

// What the bytes of one DATAGRAM frame may have, so that it fits a packet that holds nothing else.
size_t Connection::datagram_room(size_t packet_size) const {
  const ngtcp2_transport_params* peer = established_ ? ngtcp2_conn_get_remote_transport_params(conn_) : nullptr;
  uint64_t peer_takes = peer ? peer->max_datagram_frame_size : 0;  // with its type and length (RFC 9221 3)
  constexpr uint64_t type_and_length = 9;
  if (peer_takes <= type_and_length) return 0;
  return static_cast<size_t>(std::min<uint64_t>(peer_takes - type_and_length, packet_size - limits::datagram_frame_overhead));
}

bool Connection::send_datagram(Instant now, StreamId stream, ByteView bytes) {
  if (closed_) return true;  // lost, as datagrams may be
  // The stream as RFC 9297 2.1 names it: streams that the device opened both ways, counted.
  Bytes frame;
  append_varint(frame, static_cast<uint64_t>(stream) / 4);
  append(frame, bytes);
  if (frame.size() > datagram_room(packet_size_)) return false;
  datagrams_.push(now, static_cast<uint64_t>(stream), std::move(frame));
  return true;
}

void Connection::handle_datagram(ByteView frame) {
  size_t at = 0;
  auto counted = read_varint(frame, at);
  if (!counted) return;
  options_.observer->on_datagram(static_cast<StreamId>(*counted * 4), frame.subspan(at));
}

std::optional<ngtcp2_ssize> Connection::write_datagram(Instant now, MutableBytes destination, ngtcp2_path* path, ngtcp2_pkt_info* info) {
  if (datagrams_.empty() || !established_) return std::nullopt;
  bool streams_wait = !urgent_.empty() || !bulk_.empty();
  if (streams_turn_ && streams_wait) return std::nullopt;
  const Bytes* frame = datagrams_.front(now, datagram_room(destination.size()));
  if (!frame) {
    datagram_burst_ = 0;
    return std::nullopt;
  }
  ngtcp2_vec vector{const_cast<uint8_t*>(frame->data()), frame->size()};
  int accepted = 0;
  ngtcp2_ssize written = ngtcp2_conn_writev_datagram(conn_, path, info, destination.data(), destination.size(), &accepted,
                                                     NGTCP2_WRITE_DATAGRAM_FLAG_MORE, 0, &vector, 1, time(now));
  if (accepted) {
    datagram_burst_ += frame->size();
    datagrams_.pop();
    if (datagrams_.empty()) datagram_burst_ = 0;
  }
  return written;
}

// After each packet.
void Connection::take_turns() { streams_turn_ = !streams_turn_ && datagram_burst_ > datagrams_first; }

}  // namespace drawbridge::quic
