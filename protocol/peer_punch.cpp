// Finding a port that a router chose, together with the other end: docs/spec/traversal.md, *Where ports have to be found*.
// The device begins; each end says from where it will send, and both do as soon as the relay has confirmed that the
// other's address is the other's.
#include <algorithm>
#include <iterator>

#include "protocol/peer.hpp"

namespace drawbridge {

using traversal::Candidate;
using traversal::PunchSource;
using traversal::PunchTerms;

bool Peer::on_relay() const {
  return session_ && announced_ && suspended_at_ == far_future && session_->path && relay::is_relayed(session_->path->remote);
}

// Ordinary checks come first: most of the time they are enough.
void Peer::consider_punch(Now now) {
  if (is_office() || punch_ || !on_relay() || !traversal::punch_source(core_.nat_behaviour(), peer_nat_)) return;
  // Ordinary checks need three quarters of the relay's round trip. What would be found is the way that was left for its losses.
  constexpr Duration slack = 50ms;
  Duration after = std::min<Duration>(limits::punch_after, candidates_.active()->rtt.value_or(limits::punch_after) + slack);
  timers_.set_earlier(Timer::punch, std::max({now.boot + after, punch_not_before_, candidates_.avoided().held_until()}));
}

void Peer::punch_due(Now now) {
  if (!punch_) {
    bool wanted = !is_office() && on_relay() && now.boot >= candidates_.avoided().held_until();
    if (wanted) begin_punch(now, static_cast<uint32_t>(core_.entropy.u64()));
    return;
  }
  if (!punch_->sending) {
    if (now.boot >= punch_->give_up) return end_punch(now);
    // The relay's answer may be lost.
    locate_peer(now);
    return;
  }
  while (auto path = punch_->sending->next(now.boot)) {
    send_check(now, *path, {.kind = traversal::CheckKind::request, .transaction = punch_->transaction});
  }
  if (!punch_->sending->over()) return timers_.set(Timer::punch, punch_->sending->next_timeout());
  if (now.boot >= punch_->give_up) return end_punch(now);
  // The last answers are still under way.
  if (punch_->give_up == far_future) punch_->give_up = now.boot + limits::punch_again;
  timers_.set(Timer::punch, punch_->give_up);
}

// One search at a time in a node: each is bounded in packets and sockets, and so is their sum.
void Peer::begin_punch(Now now, uint32_t number) {
  traversal::NatBehaviour own = core_.nat_behaviour();
  auto source = traversal::punch_source(own, peer_nat_);
  if (!source || core_.punching || now.boot < punch_not_before_) return;
  punch_searches_ = *source == PunchSource::many || peer_nat_.mapping == traversal::Mapping::random;
  if (!(punch_searches_ ? searches_ : predictions_).take(now.boot)) return;
  core_.punching = this;
  punch_ = PunchAttempt{};
  punch_->own = {number, *source, {}, 0};
  punch_->transaction = core_.entropy.u64() | 1;
  punch_->give_up = now.boot + limits::punch_patience;
  locate_peer(now);
  size_t ports = traversal::ports_needed(*source);
  if (ports > 0) core_.emit(event::PortsWanted{record_.key, static_cast<uint16_t>(ports)}), ++ports_asked_;
  else tell_terms(now, core_.relays.reflexive_address());
}

void Peer::locate_peer(Now now) {
  if (on_relay() && !punch_->located) core_.relays.locate(session_->path->remote);
  timers_.set(Timer::punch, std::min(punch_->give_up, now.boot + limits::path_suspect_after));
}

void Peer::handle_ports(Now now, const std::vector<uint16_t>& ports) {
  ports_.insert(ports_.end(), ports.begin(), ports.end());
  // Asked twice within one turn, because an attempt ended and another began, the driver answers twice: the last is ours.
  if (ports_asked_ > 0) --ports_asked_;
  bool newest = ports_asked_ == 0;
  bool wanted = newest && punch_ && punch_->ports.empty() && traversal::ports_needed(punch_->own.source) > 0;
  if (!wanted || ports.empty()) return release_ports();
  punch_->ports = ports;
  if (punch_->own.source == PunchSource::many) return tell_terms(now, core_.relays.reflexive_address());
  if (!core_.relays.observe(now.boot, ports[0])) end_punch(now);
}

void Peer::handle_observed(Now now, const relay::RelayTable::Observed& observed) {
  bool ours = punch_ && punch_->own.address.port == 0 && !punch_->ports.empty() && punch_->ports[0] == observed.local_port;
  if (!ours) return;
  traversal::NatBehaviour nat = traversal::classify(observed.observations, {});
  bool counts = nat.mapping == traversal::Mapping::predictable;
  if (counts != (punch_->own.source == PunchSource::counting) || observed.observations.empty()) return end_punch(now);
  punch_->own.step = nat.port_delta;
  tell_terms(now, observed.observations.back().reflexive);
}

void Peer::tell_terms(Now now, const std::optional<SocketAddress>& address) {
  if (!address || !on_relay()) return end_punch(now);
  punch_->own.address = *address;
  session_->session->send(tunnel::Punch{punch_->own});
  session_->may_send = true;
  start_punch(now);
}

void Peer::handle_terms(Now now, const tunnel::Punch& message) {
  if (!on_relay()) return;
  const PunchTerms& theirs = message.terms;
  bool known = punch_ && punch_->own.round == theirs.round;
  if (!known && (!is_office() || message.go)) return;
  if (!known) {
    end_punch(now);
    punch_not_before_ = {};
    begin_punch(now, theirs.round);
  }
  if (!punch_ || theirs.source != traversal::punch_source(peer_nat_, core_.nat_behaviour())) return;
  if (theirs.source == PunchSource::many && !punch_searches_) return;  // a search that none was allowed for
  punch_->theirs = theirs;
  punch_->go = is_office() && message.go;
  start_punch(now);
}

void Peer::handle_located(Now now, const relay::RelayTable::Located& located) {
  bool ours = punch_ && on_relay() && session_->path->remote == located.mailbox;
  if (!ours) return;
  punch_->located = located.far_end;
  start_punch(now);
}

// Both ends' words are there, and the peer's address is the one that the relay sees: nobody can be made to flood
// somebody else, but by the peer and the relay together, and then with no more than one search's packets.
void Peer::start_punch(Now now) {
  bool told = punch_->own.address.port != 0;
  if (!told || !punch_->theirs || !punch_->located || punch_->sending) return;
  if (punch_->located->ip != punch_->theirs->address.ip || punch_->theirs->address.is_v4() != punch_->own.address.is_v4()) return;
  open_own_way(now);
  if (is_office() && !punch_->go) return;
  // Where ways are opened beforehand nothing depends on the moment: only both openings must have left.
  Instant begin = now.boot + (punch_->opened ? limits::punch_pause : 0ns);
  size_t attempt = punch_attempts_++;
  if (!is_office()) {
    // Both at once: a packet that comes before ours has left can make a router keep the address to itself. The word
    // takes half a round trip; so long this end waits. Where that is not exact enough, one end after the other goes first.
    constexpr int halves[] = {1, 1, 0, 2};
    int wait = halves[attempt % std::size(halves)];
    session_->session->send(tunnel::Punch{punch_->own, true});
    session_->may_send = true;
    Duration half = candidates_.active() ? candidates_.active()->rtt.value_or(0ns) / 2 : 0ns;
    if (!punch_->opened) begin += half * wait;
  }
  punch_->sending.emplace(begin, punch_->own.source, *punch_->theirs, punch_->ports, core_.entropy);
  punch_->give_up = far_future;
  timers_.set(Timer::punch, begin);
}

// Where one packet that came too early would spoil everything, our router is made to expect the peer's before the peer
// can have sent one: by a packet that dies on the way. It is sent as soon as both ends' addresses are known.
void Peer::open_own_way(Now now) {
  if (punch_->opened || punch_->own.source != PunchSource::fresh || punch_->ports.empty()) return;
  punch_->opened = true;
  Path path;
  path.local.port = punch_->ports[0];
  path.remote = punch_->theirs->address;
  uint8_t hops = traversal::opening_hops(core_.nat_behaviour().mapping, punch_attempts_);
  send_check(now, path, {.kind = traversal::CheckKind::request, .transaction = punch_->transaction}, 0, hops);
}

// A packet of the punch has come through, or the answer to one of ours: from now on this is the way to that address.
void Peer::follow_punch(Now now, const Path& path) {
  bool fresh_socket = std::find(ports_.begin(), ports_.end(), path.local.port) != ports_.end();
  // Each end's questions are packets of the punch to the other: without a pause they would ask one another in circles.
  // And between two counting routers every packet comes through: one way is enough, and there is no room for sixteen.
  bool asked = punch_->followed_at != Instant{} && now.boot - punch_->followed_at < limits::path_suspect_after;
  if (asked) return;
  Candidate& candidate = candidates_.add(Path{{}, path.remote});
  if (candidates_.active() == &candidate) return;
  punch_->followed_at = now.boot;
  if (fresh_socket) candidate.path.local = path.local;
  request_check(now, candidate, Question::probe);
}

bool Peer::by_punch(const Path& path, uint64_t transaction) const {
  return punch_ && (punch_->transaction == transaction || std::find(punch_->ports.begin(), punch_->ports.end(), path.local.port) != punch_->ports.end());
}

void Peer::abandon_punch() {
  if (!punch_) return;
  punch_.reset();
  core_.punching = nullptr;
  timers_.stop(Timer::punch);
  release_ports();
}

void Peer::end_punch(Now now) {
  if (!punch_) return;
  bool searched = punch_searches_ && punch_->sending;
  abandon_punch();
  if (!on_relay()) return;
  punch_not_before_ = now.boot + (searched ? limits::search_again : limits::punch_again);
  if (!searched) consider_punch(now);
}

// All but the one in use and those of the attempt under way.
void Peer::release_ports() {
  uint16_t used = session_ && session_->path ? session_->path->local.port : uint16_t{0};
  std::vector<uint16_t> released;
  std::erase_if(ports_, [&](uint16_t port) {
    bool kept = port == used || (punch_ && std::find(punch_->ports.begin(), punch_->ports.end(), port) != punch_->ports.end());
    if (!kept) released.push_back(port);
    return !kept;
  });
  if (released.empty()) return;
  for (Candidate& candidate : candidates_.list()) {
    if (std::find(released.begin(), released.end(), candidate.path.local.port) != released.end()) candidate.path.local = {};
  }
  core_.emit(event::PortsReleased{std::move(released)});
}

}  // namespace drawbridge
