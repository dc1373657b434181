// Users' connections: which peer a flow belongs to, and its bytes.
#include "protocol/node_core.hpp"
#include "protocol/tunnel/frame.hpp"

namespace drawbridge {

Peer* Node::Core::owner(FlowId flow) {
  auto found = shared.flows.find(flow);
  return found == shared.flows.end() ? nullptr : found->second;
}

Result<FlowId> Node::open_flow(Now now, const DeviceId& office, const std::string& service) {
  Peer* peer = core_->office(office);
  if (!peer) return Error{ErrorCode::not_found, "There is no such office.", "`drawbridge status` lists them."};
  if (!tunnel::is_service_name(service)) {
    return Error{ErrorCode::invalid_argument, "That is not a service's name.", "Names have 1 to 32 letters a-z, digits and dashes."};
  }
  return peer->open_flow(now, service);
}

void Node::accept_flow(Now now, FlowId flow) {
  if (Peer* peer = core_->owner(flow)) peer->accept_flow(now, flow);
}

void Node::refuse_flow(Now now, FlowId flow, FlowReset reason, std::string message) {
  if (Peer* peer = core_->owner(flow)) peer->refuse_flow(now, flow, reason, message);
}

MutableBytes Node::write_space(FlowId flow, size_t max) {
  Peer* peer = core_->owner(flow);
  tunnel::TunnelFlow* found = peer ? peer->flow(flow) : nullptr;
  return found ? found->sender.space(max) : MutableBytes();
}

void Node::commit_write(Now now, FlowId flow, size_t length) {
  Peer* peer = core_->owner(flow);
  tunnel::TunnelFlow* found = peer ? peer->flow(flow) : nullptr;
  if (!found) return;
  found->sender.commit(length);
  peer->wake(now);
}

void Node::finish_write(Now now, FlowId flow) {
  Peer* peer = core_->owner(flow);
  tunnel::TunnelFlow* found = peer ? peer->flow(flow) : nullptr;
  if (!found) return;
  found->sender.finish();
  peer->touch(now, flow);
}

ByteView Node::readable(FlowId flow) const {
  Peer* peer = core_->owner(flow);
  tunnel::TunnelFlow* found = peer ? peer->flow(flow) : nullptr;
  return found ? found->receiver.readable() : ByteView();
}

size_t Node::readable(FlowId flow, std::span<ByteView> pieces) const {
  Peer* peer = core_->owner(flow);
  tunnel::TunnelFlow* found = peer ? peer->flow(flow) : nullptr;
  return found ? found->receiver.readable(pieces) : 0;
}

bool Node::at_end(FlowId flow) const {
  Peer* peer = core_->owner(flow);
  tunnel::TunnelFlow* found = peer ? peer->flow(flow) : nullptr;
  return found && found->receiver.at_end();
}

void Node::consume(Now now, FlowId flow, size_t length) {
  Peer* peer = core_->owner(flow);
  tunnel::TunnelFlow* found = peer ? peer->flow(flow) : nullptr;
  if (!found) return;
  found->receiver.consume(length);
  peer->touch(now, flow);
}

void Node::reset_flow(Now now, FlowId flow, FlowReset reason) {
  if (Peer* peer = core_->owner(flow)) peer->reset_flow(now, flow, reason);
}

void Node::send_datagram(Now now, FlowId flow, ByteView datagram) {
  if (Peer* peer = core_->owner(flow)) peer->send_datagram(now, flow, datagram);
}

std::optional<ByteView> Node::readable_datagram(FlowId flow) const {
  Peer* peer = core_->owner(flow);
  tunnel::TunnelFlow* found = peer ? peer->flow(flow) : nullptr;
  if (!found || !found->datagrams || found->datagrams->empty()) return std::nullopt;
  return found->datagrams->front();
}

void Node::consume_datagram(Now now, FlowId flow) {
  if (!readable_datagram(flow)) return;
  Peer* peer = core_->owner(flow);
  peer->flow(flow)->datagrams->pop();
  peer->touch(now, flow);
}

void Node::release_spare_memory() { core_->shared.sessions.pool.release_spare(); }

std::optional<FlowCounters> Node::flow_counters(FlowId flow) const {
  Peer* peer = core_->owner(flow);
  tunnel::TunnelFlow* found = peer ? peer->flow(flow) : nullptr;
  if (!found) return std::nullopt;
  return found->counters();
}

}  // namespace drawbridge
