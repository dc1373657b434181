// What a flow of a `udp:` service has beside its stream: whole datagrams instead of bytes.
//
// A datagram travels in a DATAGRAM frame: not repaired, not ordered, in front of bulk transfers. One that fits no packet,
// and those before the office has accepted the flow, go by the flow's stream instead, as records of two bytes of length
// (big-endian) and the datagram (the same two ways as RFC 9297 has).
#pragma once

#include <deque>

#include "protocol/tunnel/flow_receiver.hpp"
#include "protocol/tunnel/flow_sender.hpp"

namespace drawbridge::tunnel {

// The kind of service, as named in offers, whose flows carry datagrams.
inline constexpr std::string_view datagram_kind = "udp";

class DatagramSide {
 public:
  // Puts one on the stream, or drops it: while the one before it is not there whole, nothing else is taken.
  void write(FlowSender& sender, ByteView datagram);
  // There is room on the stream again.
  void flush(FlowSender& sender);
  void note_sent(size_t length) { sent_ += length; }

  // Takes what the stream holds. False: the peer broke the format.
  bool read(FlowReceiver& receiver);
  // From a DATAGRAM frame.
  void take(ByteView datagram);

  // Arrived, the oldest first; beyond the bound on what is kept, new ones are dropped.
  bool empty() const { return arrived_.empty(); }
  ByteView front() const { return arrived_.front(); }
  void pop();

  FlowCounters counters() const { return {sent_, received_}; }

 private:
  Bytes unwritten_;        // of a record
  Bytes unread_;           // the same, inwards
  std::deque<Bytes> arrived_;
  size_t arrived_bytes_ = 0;
  uint64_t sent_ = 0, received_ = 0;
};

}  // namespace drawbridge::tunnel
