// Datagrams of `udp:` services in a session.
#include "protocol/session.hpp"

namespace drawbridge {

void Session::send_datagram(Instant now, FlowId id, ByteView bytes) {
  tunnel::TunnelFlow* found = flow(id);
  if (!found || !found->datagrams) return;
  // Before the answer the office may not know the flow yet: a first question must not depend on the order of packets.
  bool sent = found->accepted && connection_->send_datagram(now, found->stream, bytes);
  if (sent) found->datagrams->note_sent(bytes.size());
  else found->datagrams->write(found->sender, bytes);
}

void Session::on_datagram(quic::StreamId stream, ByteView bytes) {
  auto state = streams_.find(stream);
  tunnel::TunnelFlow* found = state == streams_.end() ? nullptr : flow(state->second.flow);
  if (!found || !found->datagrams) return;
  found->datagrams->take(bytes);
  if (touched_.empty() || touched_.back() != found->id) touched_.push_back(found->id);
}

}  // namespace drawbridge
