// Connecting: handshake attempts of a device, handshakes answered by an office, and what follows when a connection
// begins or ends.
#include <algorithm>

#include "protocol/peer.hpp"

namespace drawbridge {
namespace {

constexpr size_t replays_remembered = 64;
constexpr size_t incoming_longest = 4;          // unfinished handshakes of one device: more are abandoned attempts
constexpr Duration first_words_again = 50ms;    // a round trip that is shorter has brought an answer by then
constexpr size_t first_words_most = 2;          // datagrams
constexpr const char* unreachable = "The office is off or unreachable, or this device is no longer allowed. Ask the office.";

}  // namespace

Peer::Peer(Core& core, roster::Relation record)
    : core_(core),
      record_(std::move(record)),
      keys_(quic::derive_pair_keys(record_.psk)),
      check_in_(traversal::check_keys(keys_, self())),
      check_out_(traversal::check_keys(keys_, quic::other(self()))) {
  candidates_.set(record_.addresses);
  if (!is_office()) cause_ = unreachable;
}

Peer::~Peer() {
  core_.half_open -= incoming_.size();
  for (auto* one : {&session_, &attempt_}) core_.drop(*one);
  for (auto* list : {&incoming_, &closing_}) {
    for (auto& carried : *list) core_.drop(carried);
  }
  std::erase_if(core_.flows, [this](const auto& entry) { return entry.second == this; });
  close_mailboxes();
  if (core_.punching == this) core_.punching = nullptr;
  if (!ports_.empty()) core_.emit(event::PortsReleased{ports_});
}

void Peer::save() {
  // The row of a device that is being revoked is gone: what still happens to it must not bring it back.
  if (!revoking_) core_.journal.put(roster::to_row(record_));
}

void Peer::start(Now now, Duration after) {
  since_ = now.wall;
  down_since_ = now.boot;
  if (record_.revoked) return;
  open_mailboxes(now);
  timers_.set(is_office() ? Timer::announce : Timer::retry, now.boot + after);
}

Duration Peer::retry_interval(Now now) const {
  Duration down = now.boot - down_since_;
  return std::clamp<Duration>(down / 8, limits::check_retry_first, limits::check_retry_longest);
}

void Peer::schedule_retry(Now now) {
  Duration interval = retry_interval(now);
  Duration jitter(static_cast<int64_t>(core_.entropy.u64() % static_cast<uint64_t>(interval.count() / 4 + 1)));
  timers_.set(Timer::retry, now.boot + interval + jitter);
}

// --- device ---------------------------------------------------------------------------------------------------------

void Peer::connect(Now now) {
  if (is_office() || record_.revoked || leaving_ || !core_.running || timers_.armed(Timer::replaced)) return;
  core_.drop(attempt_);
  begin_attempt(now);
}

void Peer::begin_attempt(Now now) {
  auto counter = core_.next_counter(now);
  auto office_key = exchange_public_of(record_.key.peer);
  std::vector<Path> paths;
  for (const traversal::Candidate& candidate : candidates_.list()) {
    if (!candidate.relayed()) paths.push_back(candidate.path);
  }
  for (const auto& [relay, mailbox] : mailboxes_) {
    if (core_.relays.may_send(mailbox)) paths.push_back(Path{{}, mailbox});
  }
  if (!counter || !office_key || paths.empty()) {
    schedule_retry(now);
    if (counter) return;
    // A block of counters is being reserved (after a long sleep, or a jump of the clock): go on once it is durable.
    core_.journal.then([this, alive = std::weak_ptr<bool>(alive_)](Now later, const std::optional<Error>& error) {
      if (!alive.expired() && !error && !attempt_) connect(later);
    });
    return;
  }
  quic::ClientHello hello;
  hello.versions = core_.config.versions;
  hello.aeads = core_.aeads();
  hello.counter = *counter;
  hello.boot_id = core_.boot_id();
  hello.live = session_ ? session_->handle : 0;
  attempt_ = core_.carry(this, quic::End::device, now.boot);
  attempt_->fan_out = std::move(paths);
  quic::DeviceHandshake handshake(quic::Purpose::session, core_.identity(), record_.key.peer, *office_key, record_.psk, core_.entropy);
  attempt_->session->initiate(now.boot, keys_, std::move(handshake), std::move(hello));
  core_.update_routes(*attempt_);
  timers_.set(Timer::retry, now.boot + limits::attempt_life);
}

// --- office ---------------------------------------------------------------------------------------------------------

void Peer::handle_knock(Now now, const Path& path, ByteView datagram, const quic::FirstInitial& form) {
  if (!is_office() || revoked() || core_.shutting_down || core_.displaced()) return;
  // The packet that was accepted last, once more: it was sent to every address, and by every relay.
  quic::ConnectionId first(form.dcid);
  if (first == accepted_ || std::find(replays_.begin(), replays_.end(), first) != replays_.end()) return;
  if (!handshakes_.take(now.boot)) return refuse(now, "rate");
  auto message1 = quic::open_first_initial(datagram, form, keys_.knock);
  if (!message1) return;
  auto handshake = quic::OfficeHandshake::read(*message1, quic::Purpose::session, core_.identity(), record_.key.peer, keys_.psk, core_.entropy);
  if (!handshake) return refuse(now, "key");
  if (auto reason = refusal_of(now, *handshake)) {
    remember_replay(first);
    return refuse(now, *reason);
  }
  accepted_ = first;
  record_.counter = handshake->hello().counter;
  save();
  bool ours = session_ && session_->handle == handshake->hello().live && session_->peer_boot == handshake->hello().boot_id &&
              !session_->session->connection().closed();
  if (ours) {
    // The device only lost its way: its connection is still here, and this packet proves where it is now.
    request_check(now, candidates_.add(path));
    return;
  }
  if (core_.half_open >= limits::half_open_handshakes) return refuse(now, "busy");
  answer_handshake(now, path, datagram, std::move(*handshake));
}

std::optional<std::string> Peer::refusal_of(Now, const quic::OfficeHandshake& handshake) {
  auto expected = exchange_public_of(record_.key.peer);
  if (!expected || *expected != handshake.device_key()) return "key";
  if (handshake.hello().counter <= record_.counter) return "counter_behind";
  return std::nullopt;
}

// Who has recorded a first packet and sends it again and again must not use up the device's own measure of handshakes.
void Peer::remember_replay(const quic::ConnectionId& first) {
  if (replays_.size() < replays_remembered) replays_.push_back(first);
  else replays_[next_replay_++ % replays_remembered] = first;
}

// Silent on the wire, plain to the owner.
void Peer::refuse(Now now, const std::string& reason) {
  ++record_.refusals;
  record_.refusal = reason;
  refused_at_ = now.boot;
  timers_.set_earlier(Timer::save_seen, now.boot + 1s);
  if (refusal_news_.take(now.boot)) core_.emit(event::Refused{record_.key, reason});
  if (refusals_.take(now.boot)) {
    core_.audit(now, audit::RecordType::refused, &record_.key.peer, record_.name, "", reason + ", " + std::to_string(record_.refusals) + " in all");
  }
}

void Peer::answer_handshake(Now now, const Path& path, ByteView datagram, quic::OfficeHandshake handshake) {
  while (incoming_.size() >= incoming_longest) {
    core_.drop(incoming_.front());
    incoming_.erase(incoming_.begin());
    --core_.half_open;
  }
  auto carried = core_.carry(this, quic::End::office, now.boot);
  carried->path = path;
  carried->peer_boot = handshake.hello().boot_id;
  const auto& theirs = handshake.hello();
  std::vector<AeadId> ours = core_.aeads();
  auto common = std::find_if(theirs.aeads.begin(), theirs.aeads.end(), [&](AeadId id) { return std::find(ours.begin(), ours.end(), id) != ours.end(); });
  quic::ServerHello answer;
  answer.boot_id = core_.boot_id();
  answer.handle = carried->handle;
  if (common != theirs.aeads.end() && core_.shares_version(theirs.versions)) answer.aead = *common;
  else answer.answer = quic::Answer::upgrade_needed;
  if (!carried->session->accept(now.boot, datagram, keys_, std::move(handshake), std::move(answer))) return;
  // Message 2 leaves when the counter is durable: after a power cut a replay of this message 1 meets silence.
  carried->session->hold_output(true);
  core_.routes[quic::ConnectionId(quic::parse_first_initial(datagram)->dcid)] = carried.get();
  carried->routes.push_back(quic::ConnectionId(quic::parse_first_initial(datagram)->dcid));
  Carried* waiting = carried.get();
  uint64_t handle = carried->handle;
  core_.update_routes(*carried);
  incoming_.push_back(std::move(carried));
  ++core_.half_open;
  waiting->session->handle_packet(now.boot, 0, datagram);
  core_.update_routes(*waiting);
  core_.journal.hold(Urgency::admission);
  core_.journal.then([this, handle, alive = std::weak_ptr<bool>(alive_)](Now later, const std::optional<Error>& error) {
    if (alive.expired()) return;
    if (error) return refuse(later, "disk_refused");
    for (auto& one : incoming_) {
      if (one->handle != handle) continue;
      one->session->hold_output(false);
      one->may_send = true;
    }
  });
}

// --- both -----------------------------------------------------------------------------------------------------------

std::unique_ptr<Carried>* Peer::slot_of(Carried& carried) {
  if (session_.get() == &carried) return &session_;
  if (attempt_.get() == &carried) return &attempt_;
  for (auto& one : incoming_) {
    if (one.get() == &carried) return &one;
  }
  return nullptr;
}

void Peer::handle_session_packet(Now now, Carried& carried, const Path& path, bool authentic) {
  bool established = carried.session->connection().established();
  // The office answers a handshake to where its newest packet came from: the first one may have come by a way that
  // leads in only.
  if (is_office() && &carried != session_.get() && (authentic || !established)) carried.path = path;
  // The first address that answers carries the connection, until checks know better.
  bool fresh_socket = std::find(ports_.begin(), ports_.end(), path.local.port) != ports_.end();
  if (established && !carried.path) carried.path = self() == quic::End::device && !fresh_socket ? Path{{}, path.remote} : path;
  if (!authentic || &carried != session_.get()) return;
  alive(now, path);
  note_traffic(now);
  if (suspended_at_ != far_future) ask_back(now, path);  // it came by another way than the one in use
}

void Peer::settle(Now now, Carried& carried) {
  carried.may_send = true;
  carried.session->settle(now.boot);
  core_.update_routes(carried);
  drain_events(now, carried);
  if (carried.session->connection().closed()) session_closed(now, carried);
}

void Peer::session_ready(Now now, Carried& carried) {
  std::unique_ptr<Carried> finished;
  if (attempt_.get() == &carried) finished = std::move(attempt_);
  for (auto& one : incoming_) {
    if (one.get() == &carried) finished = std::move(one), --core_.half_open;
  }
  std::erase(incoming_, nullptr);
  if (finished) adopt(now, std::move(finished));
}

void Peer::adopt(Now now, std::unique_ptr<Carried> carried) {
  // A start that comes before one that was here: a copy of the device's state, in use beside it.
  bool went_back = is_office() && carried->path && carried->peer_boot < record_.peer_boot;
  if (went_back) core_.audit(now, audit::RecordType::used_in_two_places, &record_.key.peer, record_.name, "", to_text(carried->path->remote));
  if (session_) {
    bool elsewhere = is_office() && !went_back && announced_ && carried->peer_boot == session_->peer_boot && suspended_at_ == far_future &&
                     carried->path && session_->path && carried->path->remote.ip != session_->path->remote.ip;
    if (elsewhere) core_.audit(now, audit::RecordType::used_in_two_places, &record_.key.peer, record_.name, "", to_text(carried->path->remote));
    session_->session->end_flows(FlowReset::connection_lost, "The connection was replaced by a new one.");
    drain_events(now, *session_);
    session_->session->close(quic::CloseCode::replaced, "a newer connection", !is_office());
    session_->may_send = true;
    closing_.push_back(std::move(session_));
  }
  session_ = std::move(carried);
  // From now on the first connection id is a replay like any other: it meets silence.
  std::erase_if(session_->routes, [&](const quic::ConnectionId& id) {
    return id.view().size() == quic::first_dcid_size && core_.routes.erase(id) > 0;
  });
  announced_ = echoed_ = confirmed_ = told_copy_ = false;
  told_head_ = 0;
  suspended_at_ = far_future;
  check_waiting_ = far_future;
  newest_nomination_ = 0;
  nominated_.reset();
  if (!is_office()) timers_.set(Timer::confirm, now.boot + limits::confirm_patience);
  timers_.stop(Timer::retry);
  const auto& connection = session_->session->connection();
  if (is_office()) {
    if (window_boot_ != session_->peer_boot) window_ = {};
    window_boot_ = record_.peer_boot = session_->peer_boot;
    record_.last_seen = now.wall;
  } else {
    const quic::ServerHello& answer = *connection.server_hello();
    if (window_boot_ != answer.boot_id) window_ = {};
    window_boot_ = record_.peer_boot = answer.boot_id;
    session_->handle = answer.handle;
    session_->session->send(tunnel::Hello{core_.config.name});
    told_ = {core_.own_addresses(), core_.nat_behaviour()};
    session_->session->send(*told_);
  }
  save();
  begin_first_words(now);
  alive(now, *session_->path);
  if (is_office()) {
    candidates_.add(*session_->path);
    note_use(now, session_->path->remote);
    candidates_.activate(session_->path->remote);
    note_paths(now);
    session_->session->send(core_.incarnation);
    send_offer(now);
  } else {
    candidates_.add(*session_->path);
    use(now, *candidates_.find(session_->path->remote));
    check_all(now);
    attach_waiting(now);
  }
  // The office's first question tells it that the device hears it, too.
  if (is_office()) check_active_twice(now);
}

// One lost packet here would be noticed after three round trips (RFC 9002 6.2.2: there is one sample at most), and all
// that follows waits for it: the other end's session, its addresses, the direct path. The same datagram once more costs
// less than that; who has got the first one drops it.
void Peer::begin_first_words(Now now) {
  first_words_.clear();
  timers_.set(Timer::first_words, now.boot + first_words_again);
}

void Peer::keep_first_words(const Transmit& sent, ByteView buffer) {
  if (!timers_.armed(Timer::first_words)) return;
  size_t header = relay::is_relayed(session_->path->remote) ? relay::header_size : 0;
  for (size_t at = 0; at < sent.length && first_words_.size() < first_words_most; at += sent.segment_size) {
    ByteView datagram = buffer.subspan(at, std::min(sent.segment_size, sent.length - at));
    first_words_.push_back(to_bytes(datagram.subspan(header)));
  }
}

void Peer::repeat_first_words() {
  std::vector<Bytes> words = std::exchange(first_words_, {});
  bool useful = session_ && session_->path && suspended_at_ == far_future && session_->session->connection().bytes_in_flight() > 0;
  if (!useful) return;
  for (Bytes& datagram : words) core_.send(*session_->path, std::move(datagram));
}

void Peer::session_closed(Now now, Carried& carried) {
  const quic::Connection& connection = carried.session->connection();
  quic::CloseCode code = connection.close_code();
  bool by_peer = connection.closed_by_peer();
  std::unique_ptr<Carried>* slot = slot_of(carried);
  if (!slot) return;
  bool current = slot == &session_;
  bool incoming = !current && slot != &attempt_;
  if (current) {
    carried.session->end_flows(code == quic::CloseCode::revoked ? FlowReset::revoked : FlowReset::connection_lost, "The connection ended.");
    drain_events(now, carried);
  }
  bool expelled = !by_peer && code == quic::CloseCode::misbehaved;
  std::string reason = expelled ? "misbehaved: " + connection.close_reason() : by_peer && code == quic::CloseCode::restarting ? "restarting" : "closed";
  core_.drop(*slot);
  if (incoming) {
    --core_.half_open;
    std::erase(incoming_, nullptr);
    return;
  }
  if (by_peer && code == quic::CloseCode::revoked) return handle_revoked(now, "");
  upgrade_needed_ = by_peer && code == quic::CloseCode::upgrade_needed;
  if (upgrade_needed_) cause_ = "This device and the office have no common version. Update Drawbridge on the older one.";
  if (by_peer && code == quic::CloseCode::replaced && !is_office()) timers_.set(Timer::replaced, now.boot + limits::replaced_wait);
  if (current) lost(now, reason, true);
  else if (!is_office() && !timers_.armed(Timer::retry)) schedule_retry(now);
}

void Peer::lost(Now now, const std::string& reason, bool retry) {
  history_.note_none(now, traversal::PathReason::ended);
  if (announced_) {
    core_.emit(event::Disconnected{record_.key, reason, !retry});
    if (is_office()) core_.audit(now, audit::RecordType::disconnected, &record_.key.peer, record_.name, "", reason);
    since_ = now.wall;
  }
  announced_ = false;
  suspended_at_ = far_future;
  check_waiting_ = far_future;
  end_punch(now);
  timers_.stop(Timer::check);
  down_since_ = now.boot;
  if (!is_office() && retry) {
    if (cause_.empty()) cause_ = unreachable;
    schedule_retry(now);
  }
}

}  // namespace drawbridge
