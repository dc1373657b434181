#include "protocol/session.hpp"

#include <algorithm>
#include <cassert>

namespace drawbridge {
namespace {

constexpr size_t early_messages_most = 16;    // ours, before the stream is there: an offer or two
constexpr quic::StreamId control_stream = 0;   // the device's first bidirectional stream, RFC 9000 2.1
constexpr size_t run_segments = 64;            // what the kernel takes in one segmented send
constexpr size_t run_bytes = 65'000;           // and its bound on one send's bytes

}  // namespace

Session::Session(SessionShared& shared, quic::End self) : shared_(shared), self_(self) {}

Session::~Session() {
  // Flows point into the connection.
  for (auto& [id, flow] : flows_) {
    flow->sender.detach();
    flow->receiver.detach();
  }
}

quic::ConnectionOptions Session::options() { return {self_, shared_.cubic, &shared_.pool, shared_.entropy, this}; }

void Session::initiate(Instant now, const quic::PairKeys& pair, quic::DeviceHandshake handshake, quic::ClientHello hello) {
  connection_ = quic::Connection::initiate(options(), now, pair, std::move(handshake), std::move(hello));
}

bool Session::accept(Instant now, ByteView datagram, const quic::PairKeys& pair, quic::OfficeHandshake handshake, quic::ServerHello answer) {
  connection_ = quic::Connection::accept(options(), now, datagram, pair, std::move(handshake), std::move(answer));
  return connection_ != nullptr;
}

void Session::settle(Instant now) {
  if (completed_ && !ready_) {
    ready_ = true;
    if (self_ == quic::End::device) {
      auto stream = connection_->open_stream(true);
      assert(stream && *stream == control_stream);
      streams_[control_stream].use = StreamState::Use::control;
    }
    // First of all: the datagram that completed the handshake may have opened flows already.
    events_.emplace_front(session_event::Ready{});
  }
  if (!early_messages_.empty() && streams_.contains(control_stream)) {
    for (const tunnel::ControlMessage& message : std::exchange(early_messages_, {})) send(message);
  }
  for (const tunnel::ControlMessage& message : std::exchange(control_messages_, {})) handle_control(now, message);
  for (Ending& ending : std::exchange(endings_, {})) end_flow(ending.flow, ending.reset, ending.message, true);
  for (quic::StreamId stream : std::exchange(unwanted_, {})) connection_->stream_abort(stream, static_cast<uint64_t>(FlowReset::aborted));
  for (FlowId id : std::exchange(touched_, {})) announce(id);
  if (misbehaviour_ && !connection_->closed()) connection_->close(quic::CloseCode::misbehaved, misbehaviour_);
}

PacketRun Session::write_run(Instant now, MutableBytes buffer, size_t packet_size, size_t headroom) {
  PacketRun run;
  if (output_held_) return run;
  if (self_ == quic::End::device && ready_) {
    if (auto half = connection_->begin_rekey(now)) send(tunnel::Rekey{*half});
  }
  if (stash_size_ > 0) {
    std::copy_n(stash_.begin(), stash_size_, buffer.begin() + static_cast<ptrdiff_t>(headroom));
    run = {stash_size_ + headroom, stash_size_ + headroom, stash_ecn_};
    stash_size_ = 0;
  }
  size_t whole_size = packet_size + headroom;
  size_t bound = std::min({std::max(connection_->send_quantum(), whole_size), buffer.size(), run_bytes});
  for (size_t segments = run.length ? 1 : 0; segments < run_segments && run.length + whole_size <= bound; ++segments) {
    uint8_t ecn = 0;
    size_t at = run.length + headroom;
    size_t written = connection_->write_packet(now, buffer.subspan(at, packet_size), ecn);
    if (written == 0) break;
    size_t size = written + headroom;
    if (run.length == 0) run = {0, size, ecn};
    if (size > run.segment_size || ecn != run.ecn) {
      // Another shape than the run's: it opens the next one.
      std::copy_n(buffer.begin() + static_cast<ptrdiff_t>(at), written, stash_.begin());
      stash_size_ = written;
      stash_ecn_ = ecn;
      break;
    }
    run.length += size;
    if (size < run.segment_size) break;
  }
  if (run.length > 0) connection_->end_run(now);
  for (auto& [id, flow] : flows_) {
    if (!flow->sender.became_writable()) continue;
    if (flow->datagrams) flow->datagrams->flush(flow->sender);
    else events_.push_back(session_event::FlowWritable{id});
  }
  return run;
}

std::optional<SessionEvent> Session::poll_event() {
  if (events_.empty()) return std::nullopt;
  SessionEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Session::send(const tunnel::ControlMessage& message) {
  // At an office whose device's first words are late, the stream is not there yet.
  if (!streams_.contains(control_stream)) {
    if (early_messages_.size() < early_messages_most) early_messages_.push_back(message);
    return;
  }
  Bytes payload = tunnel::encode(message);
  connection_->stream_write(control_stream, tunnel::encode(tunnel::FrameHeader{tunnel::FrameKind::message, static_cast<uint32_t>(payload.size()), 0}));
  connection_->stream_write(control_stream, payload);
}

bool Session::control_acknowledged() const { return connection_->stream_unacknowledged(control_stream) == 0; }

void Session::handle_control(Instant now, const tunnel::ControlMessage& message) {
  if (const auto* rekey = std::get_if<tunnel::Rekey>(&message)) {
    auto answer = connection_->answer_rekey(rekey->half);
    if (answer) send(tunnel::RekeyAnswer{*answer});
    else misbehaved("key update out of order");
  } else if (const auto* answer = std::get_if<tunnel::RekeyAnswer>(&message)) {
    if (!connection_->finish_rekey(now, answer->half)) misbehaved("key update out of order");
  } else {
    events_.push_back(session_event::Control{message});
  }
}

// --- what the connection tells ------------------------------------------------------------------------------------

void Session::on_stream_opened(quic::StreamId stream) {
  if (stream == control_stream) streams_[stream].use = StreamState::Use::control;
  else streams_.try_emplace(stream);
}

void Session::on_stream_bytes(quic::StreamId stream, ByteView bytes, bool end) {
  StreamState& state = streams_[stream];
  switch (state.use) {
    case StreamState::Use::control:
      connection_->consume(stream, bytes.size());
      if (end) misbehaved("the control stream ended");
      read_control(bytes);
      return;
    case StreamState::Use::dead: connection_->consume(stream, bytes.size()); return;
    case StreamState::Use::unknown:
    case StreamState::Use::flow:
      if (!state.first_done) {
        read_first_frame(stream, state, bytes);
        return;
      }
      [[fallthrough]];
    case StreamState::Use::lane: flow_bytes(stream, state, bytes); return;
  }
}

void Session::read_control(ByteView bytes) {
  append(control_in_, bytes);
  size_t at = 0;
  while (!misbehaviour_ && control_in_.size() - at >= tunnel::frame_header_size) {
    tunnel::FrameHeader header = tunnel::decode_header(ByteView(control_in_).subspan(at));
    if (header.kind != tunnel::FrameKind::message || header.length > limits::control_message_bytes) {
      misbehaved("malformed control frame");
      break;
    }
    size_t whole = tunnel::frame_header_size + header.length;
    if (control_in_.size() - at < whole) break;
    auto message = tunnel::parse_control_message(ByteView(control_in_).subspan(at + tunnel::frame_header_size, header.length));
    if (message) control_messages_.push_back(std::move(*message));
    else misbehaved("malformed control message");
    at += whole;
  }
  control_in_.erase(control_in_.begin(), control_in_.begin() + static_cast<ptrdiff_t>(at));
}

void Session::read_first_frame(quic::StreamId stream, StreamState& state, ByteView bytes) {
  // The header, then as much as it announces.
  auto take = [&](size_t wanted) {
    size_t length = std::min(bytes.size(), wanted - std::min(wanted, state.first.size()));
    append(state.first, bytes.first(length));
    connection_->consume(stream, length);
    bytes = bytes.subspan(length);
    return state.first.size() >= wanted;
  };
  if (!take(tunnel::frame_header_size)) return;
  tunnel::FrameHeader header = tunnel::decode_header(state.first);
  if (header.length > limits::flow_message_bytes) {
    connection_->consume(stream, bytes.size());
    misbehaved("malformed first frame");
    return;
  }
  if (!take(tunnel::frame_header_size + header.length)) return;
  state.first_done = true;
  Bytes first = std::move(state.first);
  handle_first_frame(stream, state, header, ByteView(first).subspan(tunnel::frame_header_size));
  if (state.use == StreamState::Use::dead) connection_->consume(stream, bytes.size());
  else if (!bytes.empty()) flow_bytes(stream, state, bytes);
}

void Session::handle_first_frame(quic::StreamId stream, StreamState& state, const tunnel::FrameHeader& header, ByteView payload) {
  bool from_device = self_ == quic::End::office;
  bool bidirectional = (stream & 2) == 0;  // RFC 9000 2.1
  if (header.kind == tunnel::FrameKind::lane && !bidirectional) return begin_lane(stream, state, payload);
  if (header.kind == tunnel::FrameKind::open && bidirectional && from_device && state.use == StreamState::Use::unknown) {
    return begin_flow(stream, state, payload);
  }
  if (state.use == StreamState::Use::flow) return handle_answer(state, header, payload);
  state.use = StreamState::Use::dead;
  misbehaved("unexpected first frame");
}

void Session::begin_flow(quic::StreamId stream, StreamState& state, ByteView payload) {
  auto service = tunnel::parse_open(payload);
  state.use = StreamState::Use::dead;
  if (!service) return misbehaved("malformed open frame");
  if (flows_.size() >= limits::flows_per_peer) {
    unwanted_.push_back(stream);
    return;
  }
  auto flow = std::make_unique<tunnel::TunnelFlow>(shared_.next_flow++, *service, shared_.pool);
  state.use = StreamState::Use::flow;
  state.flow = flow->id;
  flow->stream = stream;
  flow->sender.attach(*connection_, stream);
  flow->receiver.attach(*connection_);
  events_.push_back(session_event::FlowOpened{flow->id});
  flows_[flow->id] = std::move(flow);
}

void Session::begin_lane(quic::StreamId stream, StreamState& state, ByteView payload) {
  auto flow_stream = tunnel::parse_lane(payload);
  auto found = flow_stream ? streams_.find(static_cast<quic::StreamId>(*flow_stream)) : streams_.end();
  bool known = found != streams_.end() && found->second.use == StreamState::Use::flow && flows_.contains(found->second.flow);
  state.use = known ? StreamState::Use::lane : StreamState::Use::dead;
  if (!known) {
    // A sender opens lanes only after a megabyte on the flow's own stream, so an unknown flow is one that is over.
    unwanted_.push_back(stream);
    return;
  }
  state.flow = found->second.flow;
  if (!flows_.at(state.flow)->receiver.add_lane()) misbehaved("too many lanes");
}

void Session::handle_answer(StreamState& state, const tunnel::FrameHeader& header, ByteView payload) {
  if (header.kind == tunnel::FrameKind::accept) {
    auto found = flows_.find(state.flow);
    if (found == flows_.end()) return;
    found->second->accepted = true;
    events_.push_back(session_event::FlowAccepted{state.flow});
    return;
  }
  auto refusal = header.kind == tunnel::FrameKind::refuse ? tunnel::parse_refuse(payload) : std::nullopt;
  if (!refusal) return misbehaved("malformed answer to a flow");
  state.use = StreamState::Use::dead;
  endings_.push_back({state.flow, refusal->reset, refusal->message});
}

void Session::flow_bytes(quic::StreamId stream, StreamState& state, ByteView bytes) {
  auto found = flows_.find(state.flow);
  if (found == flows_.end()) {
    connection_->consume(stream, bytes.size());
    return;
  }
  if (!found->second->receiver.handle_bytes(stream, bytes)) return misbehaved("malformed block");
  if (touched_.empty() || touched_.back() != state.flow) touched_.push_back(state.flow);
}

void Session::on_stream_reset(quic::StreamId stream, uint64_t code) {
  auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  if (found->second.use == StreamState::Use::control) return misbehaved("the control stream was reset");
  bool carries_flow = found->second.use == StreamState::Use::flow || found->second.use == StreamState::Use::lane;
  if (carries_flow) endings_.push_back({found->second.flow, static_cast<FlowReset>(std::min<uint64_t>(code, UINT8_MAX)), ""});
}

void Session::on_stop_sending(quic::StreamId stream, uint64_t code) { on_stream_reset(stream, code); }

void Session::on_stream_closed(quic::StreamId stream) {
  auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  if (auto flow = flows_.find(found->second.flow); flow != flows_.end() && flow->second->stream == stream) {
    flow->second->stream_closed = true;
    touched_.push_back(flow->first);
  }
  streams_.erase(found);
}

void Session::on_stream_window_blocked(quic::StreamId stream) {
  auto found = streams_.find(stream);
  FlowId id = found == streams_.end() ? 0 : found->second.flow;
  // A lane of ours is not in streams_: its flow has grown already.
  if (auto flow = flows_.find(id); flow != flows_.end()) flow->second->sender.handle_window_blocked();
}

// --- flows --------------------------------------------------------------------------------------------------------

bool Session::attach(std::unique_ptr<tunnel::TunnelFlow>& flow) {
  auto stream = connection_->open_stream(true);
  if (!stream) return false;
  flow->stream = *stream;
  StreamState& state = streams_[*stream];
  state.use = StreamState::Use::flow;
  state.flow = flow->id;
  connection_->stream_write(*stream, tunnel::encode_open(flow->service));
  flow->receiver.attach(*connection_);
  flow->sender.attach(*connection_, *stream);
  flows_[flow->id] = std::move(flow);
  return true;
}

tunnel::TunnelFlow* Session::flow(FlowId id) {
  auto found = flows_.find(id);
  return found == flows_.end() ? nullptr : found->second.get();
}

void Session::accept_flow(FlowId id) {
  tunnel::TunnelFlow* found = flow(id);
  if (!found || found->accepted) return;
  found->accepted = true;
  connection_->stream_write_unhurried(found->stream, tunnel::encode_accept());
  announce(id);
}

void Session::refuse_flow(FlowId id, FlowReset reset, const std::string& message) {
  auto found = flows_.find(id);
  if (found == flows_.end()) return;
  quic::StreamId stream = found->second->stream;
  connection_->stream_write(stream, tunnel::encode_refuse(reset, message));
  connection_->stream_finish(stream);
  connection_->stream_stop(stream, static_cast<uint64_t>(reset));
  found->second->receiver.discard();
  drop_streams_of(id);
  flows_.erase(found);
}

std::unique_ptr<tunnel::TunnelFlow> Session::reset_flow(FlowId id, FlowReset reset) {
  auto found = flows_.find(id);
  if (found == flows_.end()) return nullptr;
  auto flow = std::move(found->second);
  flows_.erase(found);
  drop_streams_of(id);
  flow->sender.abort(static_cast<uint64_t>(reset));
  flow->receiver.discard();
  flow->sender.detach();
  flow->receiver.detach();
  return flow;
}

void Session::drop_streams_of(FlowId id) {
  for (auto& [stream, state] : streams_) {
    if (state.flow == id && id != 0) state.use = StreamState::Use::dead;
  }
}

void Session::end_flow(FlowId id, FlowReset reset, const std::string& message, bool abort) {
  auto found = flows_.find(id);
  if (found == flows_.end()) return;
  auto flow = std::move(found->second);
  flows_.erase(found);
  drop_streams_of(id);
  if (abort && !connection_->closed()) flow->sender.abort(static_cast<uint64_t>(reset));
  flow->receiver.discard();
  events_.push_back(session_event::FlowEnded{id, reset, message, flow->service, flow->counters()});
  flow->sender.detach();
  flow->receiver.detach();
}

void Session::end_flows(FlowReset reset, const std::string& message) {
  for (FlowId id : flow_ids()) end_flow(id, reset, message, true);
}

std::vector<FlowId> Session::flow_ids() const {
  std::vector<FlowId> ids;
  for (const auto& [id, flow] : flows_) ids.push_back(id);
  return ids;
}

void Session::announce(FlowId id) {
  tunnel::TunnelFlow* found = flow(id);
  if (!found) return;
  if (found->datagrams && !found->datagrams->read(found->receiver)) return misbehaved("malformed datagram record");
  bool reader_there = found->accepted || self_ == quic::End::device;
  if (reader_there && !found->readable_announced && found->something_to_read()) {
    found->readable_announced = true;
    if (found->receiver.at_end() && !(found->datagrams && !found->datagrams->empty())) found->end_announced = true;
    events_.push_back(session_event::FlowReadable{id});
  }
  if (found->complete() && found->end_announced) end_flow(id, FlowReset::none, "", false);
}

void Session::after_consume(FlowId id) {
  tunnel::TunnelFlow* found = flow(id);
  if (!found || found->holds_something()) return;
  found->readable_announced = false;
  touched_.push_back(id);
}

}  // namespace drawbridge
