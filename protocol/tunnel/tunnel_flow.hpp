// One flow as a session holds it: both directions and what was said about it.
#pragma once

#include <optional>

#include "protocol/base/time.hpp"
#include "protocol/tunnel/datagram_side.hpp"
#include "protocol/tunnel/flow_receiver.hpp"
#include "protocol/tunnel/flow_sender.hpp"

namespace drawbridge::tunnel {

struct TunnelFlow {
  TunnelFlow(FlowId flow, std::string wanted, ChunkPool& pool) : id(flow), service(std::move(wanted)), sender(pool), receiver(pool) {}

  FlowId id;
  std::string service;
  quic::StreamId stream = -1;        // -1: waits for a connection
  FlowSender sender;
  FlowReceiver receiver;
  std::optional<DatagramSide> datagrams;  // of a `udp:` service's flow
  bool accepted = false;             // the office reached the target
  bool stream_closed = false;        // both halves of the flow's own stream are over
  bool readable_announced = false;
  bool end_announced = false;
  Instant opened{};

  bool holds_something() const { return datagrams ? !datagrams->empty() : !receiver.readable().empty(); }
  bool something_to_read() const { return holds_something() || (receiver.at_end() && !end_announced); }
  // Everything was carried both ways.
  bool complete() const { return stream_closed && receiver.at_end() && sender.finished(); }
  FlowCounters counters() const { return datagrams ? datagrams->counters() : FlowCounters{sender.sent(), receiver.received()}; }
};

}  // namespace drawbridge::tunnel
