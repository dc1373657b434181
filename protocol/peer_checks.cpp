// Sealed checks: which path is used, when it is given up, and how the two ends find each other again.
#include <algorithm>
#include <iterator>

#include "protocol/peer.hpp"

namespace drawbridge {

using traversal::Candidate;
using traversal::CheckKind;
using traversal::ConnectivityCheck;
namespace {

// Between the rounds of questions to addresses that are not in use. The first opens our router's way, a later one finds
// the other end's open; how much later depends on when it has heard of us.
constexpr Duration probe_pauses[] = {100ms, 100ms, 200ms, 400ms, 800ms, 1'600ms};
constexpr size_t probe_rounds = std::size(probe_pauses) + 1;
constexpr size_t probe_rounds_again = 2;  // with nothing new to try
// Of an address that the device names and that has not answered a check of ours yet.
constexpr Duration nominated_again = 100ms, nominated_patience = 5s;

}  // namespace

void Peer::send_check(Now, const Path& path, ConnectivityCheck check, size_t size, uint8_t hop_limit) {
  check.counter = ++check_counter_;
  check.sender_boot = core_.boot_id();
  check.receiver_boot = record_.peer_boot;
  core_.send(path, traversal::seal_check(check, check_out_, size, core_.entropy), hop_limit);
}

void Peer::request_check(Now now, Candidate& candidate, Question question) {
  ConnectivityCheck check{.kind = CheckKind::request, .transaction = core_.entropy.u64() | 1};
  check.nominate = !is_office() && candidates_.active() == &candidate && session_;
  check.confirmed_size = candidate.confirmed_size;
  if (candidate.rtt) check.round_trip_us = static_cast<uint32_t>(std::min<int64_t>(candidate.rtt->count() / 1000, UINT32_MAX));
  uint16_t size = question == Question::size ? candidate.largest_packet() : 0;
  if (question == Question::loss) candidate.loss.note_sent(check.transaction, now.boot);
  else candidate.note_request(check.transaction, now.boot, size, check.nominate);
  if (question != Question::size) history_.note_asked(now, candidate.path, relay_of(candidate.path.remote), check.transaction);
  if (question == Question::alive && check_waiting_ == far_future) check_waiting_ = now.boot;
  send_check(now, candidate.path, check, size);
}

void Peer::begin_probing(Now now, bool news) {
  probes_left_ = news ? probe_rounds : probe_rounds_again;
  if (news) searching_since_ = now.boot;
  probe_round_ = 0;
  // The peer may have named any addresses, and makes us ask them: not faster than this.
  timers_.set(Timer::probe, probings_.take(now.boot) ? now.boot : now.boot + 1s);
  consider_punch(now);
}

// A device that is served by a relay goes on, seldom: a router may have been replaced, a firewall opened.
void Peer::probe(Now now) {
  if (!session_ || suspended_at_ != far_future) return;
  bool relayed = candidates_.active() && candidates_.active()->relayed();
  if (probes_left_ == 0) {
    if (!relayed) return;
    session_->session->send(tunnel::Candidates{core_.own_addresses(), core_.nat_behaviour()});
    return begin_probing(now, false);
  }
  for (Candidate& candidate : candidates_.list()) {
    if (&candidate != candidates_.active() && !candidate.relayed()) request_check(now, candidate, Question::probe);
  }
  if (--probes_left_ > 0) {
    timers_.set(Timer::probe, now.boot + probe_pauses[probe_round_++]);
  } else if (relayed && !is_office()) {
    Duration jitter(static_cast<int64_t>(core_.entropy.u64() % static_cast<uint64_t>(limits::probe_interval.count())));
    timers_.set(Timer::probe, now.boot + limits::probe_interval + jitter);
  }
}

void Peer::tell_addresses(Now now) {
  if (!session_ || !announced_) return;
  // On a path that may be dead the words would only make everything else wait longer for its repetition.
  const Candidate* active = candidates_.active();
  bool doubtful = active && active->silent_since && now.boot - *active->silent_since > limits::path_suspect_after;
  untold_ = doubtful;
  if (doubtful) return begin_probing(now, true);
  if (is_office()) send_offer(now);
  else tell_candidates();
  begin_probing(now, true);
}

// What went with the session's first words need not be said again as it is announced.
void Peer::tell_candidates() {
  tunnel::Candidates ours{core_.own_addresses(), core_.nat_behaviour()};
  if (std::exchange(told_, std::nullopt) == ours) return;
  session_->session->send(ours);
  session_->may_send = true;
}

void Peer::check_all(Now now) {
  doubt_binding(now);
  // What is suspect is silent since it was last waited for, not since it is asked.
  Instant waiting = waiting_since();
  if (Candidate* active = candidates_.active(); active && waiting != far_future) {
    active->silent_since = std::min(active->silent_since.value_or(waiting), waiting);
  }
  for (Candidate& candidate : candidates_.list()) {
    request_check(now, candidate);
    if (candidate.confirmed_size == 0 && !is_office()) request_check(now, candidate, Question::size);
  }
  // While suspended the retry timer sets the pace.
  if (suspended_at_ == far_future) timers_.set_earlier(Timer::check, now.boot + limits::path_suspect_after);
}

void Peer::check_active(Now now) {
  if (Candidate* active = candidates_.active()) request_check(now, *active);
  if (suspended_at_ == far_future) timers_.set_earlier(Timer::check, now.boot + limits::path_suspect_after);
}

// Once more after a round trip, for what others wait for: without an echo nothing is announced, and an office that has
// not been told sends by the way that was left.
void Peer::check_active_twice(Now now) {
  check_active(now);
  const Candidate* active = candidates_.active();
  auto rtt = active && active->rtt ? active->rtt : session_->session->connection().smoothed_rtt();
  if (!rtt || suspended_at_ != far_future) return;
  constexpr Duration slack = 10ms;
  timers_.set_earlier(Timer::check, now.boot + *rtt + *rtt / 4 + slack);
}

void Peer::check_due(Now now) {
  // Until the first echo nothing else keeps asking: packets may come in without one.
  Instant waiting = waiting_since();
  bool suspect = waiting != far_future && now.boot - waiting >= limits::path_suspect_after;
  if (suspect || !echoed_) return check_all(now);
  ask_nominated(now);
  if (!doubts()) return;
  check_active(now);
  if (waiting != far_future) timers_.set_earlier(Timer::check, waiting + limits::path_suspect_after);
}

// The word that says which path to use may be lost, while answers to other questions show that all is well.
bool Peer::doubts() const {
  const Candidate* active = candidates_.active();
  return waiting_since() != far_future || !echoed_ || nominated_ || (!is_office() && active && !active->nomination_heard);
}

void Peer::handle_check(Now now, const Path& path, ByteView datagram) {
  if (revoked()) return;
  auto check = traversal::open_check(datagram, check_in_);
  if (!check || !checks_.take(now.boot)) return;
  if (check->kind == CheckKind::restarted) return handle_restarted(now, path, *check);
  if (check->kind == CheckKind::looking) return handle_looking(now, path, *check);
  if (check->kind == CheckKind::here) return handle_here(now, path, *check);
  if (check->receiver_boot != core_.boot_id()) {
    // The peer has not noticed that we restarted. Its address may be anybody's (this may be a replay), so the word
    // goes to where we last knew it to be.
    if (check->kind == CheckKind::request && is_office()) timers_.set_earlier(Timer::announce, now.boot);
    return;
  }
  if (check->sender_boot != window_boot_ || !window_.accept(check->counter)) return;
  if (check->kind == CheckKind::response) {
    // A copy of the answer comes by the path in use, whichever way the question went; it proves the way here only.
    const Candidate* candidate = candidates_.find(path.remote);
    alive(now, path, candidate && candidate->asked(check->transaction));
    if (session_ && by_punch(path, check->transaction)) follow_punch(now, path);
    return handle_answer(now, path, *check);
  }
  // Without a session there is nothing to be alive: an answer would keep the peer believing in one that we gave up.
  if (!session_) return;
  // A question shows that the peer reaches us, not that we reach it: routers may let one way pass and not the other.
  note_heard(now, path);
  answer_check(now, path, *check, datagram.size());
  if (suspended_at_ != far_future) ask_back(now, path);
  else if (by_punch(path, 0)) follow_punch(now, path);
  if (is_office()) {
    follow_nomination(now, path, *check);
    if (!check->nominate && session_ && session_->path && session_->path->remote != path.remote) ask_active(now);
    // The device is about to nominate it: asked now, it is proved by then.
    bool better = session_ && session_->path && relay::is_relayed(session_->path->remote) && !relay::is_relayed(path.remote);
    bool ask_too = better && suspended_at_ == far_future && !candidates_.find(path.remote) && !by_punch(path, 0);
    if (ask_too) ask_back(now, path);
  } else if (!candidates_.find(path.remote) && !by_punch(path, 0)) {
    // The office speaks from an address that we did not know.
    ask_back(now, Path{{}, path.remote});
  } else if (session_->path && session_->path->remote != path.remote && now.boot - path_heard_ > limits::path_suspect_after) {
    // The office asks by another path than the one in use, which has been quiet: perhaps it has noticed something.
    ask_active(now);
  }
}

// Where a question came from may be where its answer is wanted, too. Between two routers that give each far end a port of
// its own every such question comes from, and brings, a new address: without end, and at the cost of those that work.
void Peer::ask_back(Now now, const Path& path) {
  if (candidates_.find(path.remote) || learned_.take(now.boot)) ask(now, candidates_.add(path));
}

// For those that ask because they were asked: a burst of questions must not become a burst of ours, whose answers the peer
// would ration.
void Peer::ask(Now now, Candidate& candidate) {
  if (candidate.asked_since(now.boot - limits::ask_again_after)) return;
  request_check(now, candidate);
  if (suspended_at_ == far_future) timers_.set_earlier(Timer::check, now.boot + limits::path_suspect_after);
}

void Peer::ask_active(Now now) {
  if (Candidate* active = candidates_.active()) ask(now, *active);
}

void Peer::answer_check(Now now, const Path& path, const ConnectivityCheck& request, size_t size) {
  ConnectivityCheck response{.kind = CheckKind::response, .transaction = request.transaction, .observed = path.remote};
  send_check(now, path, response, size);
  // A copy that overtook the original would take the answer with it.
  bool elsewhere = session_ && session_->path && session_->path->remote != path.remote && size < limits::smallest_packet;
  if (elsewhere) send_check(now, *session_->path, response, size);
}

// The device says from where it wants to be served. An address that has not answered a check of ours may belong to
// somebody who copied the datagram: it is asked first, and so is the one in use, lest the copy silence the original.
void Peer::follow_nomination(Now now, const Path& path, const ConnectivityCheck& request) {
  if (!request.nominate || request.counter <= newest_nomination_ || !session_) return;
  newest_nomination_ = request.counter;
  Candidate& candidate = candidates_.add(path);
  candidate.path = path;
  candidate.confirmed_size = request.confirmed_size;
  if (request.round_trip_us > 0) candidate.rtt = std::chrono::microseconds(request.round_trip_us);
  bool proved = candidates_.active() == &candidate ||
                (candidate.last_answer != Instant{} && now.boot - candidate.last_answer < limits::answer_proves_for);
  if (proved) return use(now, candidate);
  nominated_ = path.remote;
  nominated_at_ = now.boot;
  ask(now, candidate);
  ask_active(now);
  if (suspended_at_ == far_future) timers_.set_earlier(Timer::check, now.boot + nominated_again);
}

// The device has our answer, and says it no more; the answer to our own question may be lost, or have been asked for a
// moment ago. An address that stays silent was somebody else's.
void Peer::ask_nominated(Now now) {
  if (!nominated_) return;
  Candidate* candidate = candidates_.find(*nominated_);
  if (!candidate || now.boot - nominated_at_ > nominated_patience) return nominated_.reset();
  request_check(now, *candidate);
  timers_.set_earlier(Timer::check, now.boot + limits::path_suspect_after);
}

void Peer::handle_answer(Now now, const Path& path, const ConnectivityCheck& response) {
  history_.note_answer(now, path.remote, response.transaction);
  Candidate* candidate = candidates_.find(path.remote);
  if (!candidate) return;
  uint16_t size_before = candidate->confirmed_size;
  auto round_trip = candidate->note_answer(response.transaction, now.boot);
  if (!round_trip || !session_) return;
  if (candidates_.active() == candidate) {
    finish_pings(now, *round_trip);
    learn_binding(now, *candidate, response.observed);
  }
  if (!is_office()) {
    bool active = candidates_.active() == candidate;
    bool silent = in_doubt(now) || !candidates_.active();
    if (!active && (silent || !measuring(path.remote)) && candidates_.better_than_active(*candidate, now.boot)) use(now, *candidate);
    else if (active && candidate->confirmed_size != size_before) use(now, *candidate);
  } else if (nominated_ == path.remote) {
    nominated_.reset();
    use(now, *candidate);
  }
  echoed_ = true;
  announce(now);
  if (!doubts()) timers_.stop(Timer::check);  // nobody is woken to find that all is well
}

// Connected is what both ends know: a sealed echo, and at the device a word of the office's within the session (without
// it the office may have given our handshake up).
void Peer::announce(Now now) {
  if (announced_ || !session_ || !echoed_ || !(is_office() || confirmed_)) return;
  announced_ = true;
  upgrade_needed_ = false;
  since_ = now.wall;
  searching_since_ = now.boot;
  cause_.clear();
  core_.emit(event::Connected{record_.key, session_->path.value_or(Path{}), relay_url()});
  if (is_office()) core_.audit(now, audit::RecordType::connected, &record_.key.peer, record_.name, "", path_text());
  else tell_addresses(now);
}

std::string Peer::relay_url() const { return session_ && session_->path ? relay_of(session_->path->remote) : ""; }

std::string Peer::relay_of(const SocketAddress& remote) const {
  const relay::RelayStatus* relay = core_.relays.status_of(remote);
  return relay ? relay->address.url : "";
}

std::string Peer::path_text() const {
  const SocketAddress& remote = session_->path->remote;
  const relay::RelayStatus* relay = core_.relays.status_of(remote);
  if (!relay) return "direct " + to_text(remote);
  return "relayed by " + relay->address.url + (relay->country.empty() ? "" : " (" + relay->country + ")");
}

// From now on everything for this peer goes to `candidate`; a device tells its office so with the next check.
void Peer::use(Now now, Candidate& candidate) {
  Candidate* before = candidates_.active();
  Duration rtt_before = before && before->rtt ? *before->rtt : Duration::zero();
  bool moved = session_->path != candidate.path;
  if (moved) follow_path_change(now, before && before->relayed(), candidate.relayed());
  note_use(now, candidate.path.remote);
  nominated_.reset();
  candidates_.activate(candidate.path.remote);
  session_->path = candidate.path;
  session_->packet_size = std::clamp<size_t>(candidate.confirmed_size, limits::smallest_packet, limits::largest_packet);
  session_->may_send = true;
  if (moved) session_->session->connection().handle_path_answer(now.boot);  // it has just been proved
  if (moved && before != &candidate && rtt_before > Duration::zero() && candidate.rtt) {
    session_->session->connection().handle_path_switch(now.boot, rtt_before, *candidate.rtt);
  }
  if (suspended_at_ != far_future && candidate.last_answer == now.boot) resume(now);
  if (candidate.relayed()) consider_punch(now);
  else end_punch(now);
  if (moved) candidate.nomination_heard = false;
  if (!is_office()) check_active_twice(now);
  if (moved && announced_) core_.emit(event::PathChanged{record_.key, candidate.path, relay_url()});
  if (moved) note_paths(now);
  if (untold_ && candidate.last_answer == now.boot) tell_addresses(now);
}

// Of the path in use, if it may be of use later. A link-local one means nothing without its interface's number, which may
// be another's tomorrow.
std::optional<SocketAddress> Peer::lasting_address() const {
  bool lasts = session_ && session_->path && !relay::is_relayed(session_->path->remote) && !session_->path->remote.is_link_local();
  return lasts ? std::optional(session_->path->remote) : std::nullopt;
}

// Addresses that worked are where to look first after a restart of either end.
void Peer::note_paths(Now now) {
  std::vector<SocketAddress> addresses;
  if (auto lasting = lasting_address()) addresses.push_back(*lasting);
  for (const SocketAddress& known : record_.addresses) {
    bool keep = !is_office() && addresses.size() < limits::candidates && std::find(addresses.begin(), addresses.end(), known) == addresses.end();
    if (keep) addresses.push_back(known);
  }
  if (addresses == record_.addresses) return;
  record_.addresses = std::move(addresses);
  timers_.set_earlier(Timer::save_seen, now.boot + 1s);
}

void Peer::announce_restart(Now now) {
  for (const SocketAddress& remote : record_.addresses) {
    send_check(now, Path{{}, remote}, ConnectivityCheck{.kind = CheckKind::restarted});
  }
  for (const auto& [relay, mailbox] : mailboxes_) send_check(now, Path{{}, mailbox}, ConnectivityCheck{.kind = CheckKind::restarted});
}

void Peer::handle_restarted(Now now, const Path& path, const ConnectivityCheck& check) {
  // Boot ids grow: an older word is a replay, and the present one was heard already.
  if (is_office() || check.sender_boot <= record_.peer_boot) return;
  record_.peer_boot = check.sender_boot;
  candidates_.add(Path{{}, path.remote});
  down_since_ = now.boot;
  // Said through a relay because our end of the mailbox has just been opened: our first packet left right behind that.
  bool under_way = relay::is_relayed(path.remote) && attempt_ && now.boot - attempt_->started < limits::path_suspect_after &&
                   std::any_of(attempt_->fan_out.begin(), attempt_->fan_out.end(), [&](const Path& tried) { return tried.remote == path.remote; });
  if (!under_way) connect(now);
}

// What was sent from an address that this machine no longer has would not leave at all: the kernel chooses another.
void Peer::forget_lost_addresses() {
  auto lost = [this](const Path& path) {
    return !path.local.is_unspecified() && std::none_of(core_.local_addresses.begin(), core_.local_addresses.end(),
                                                        [&](const SocketAddress& ours) { return ours.ip == path.local.ip; });
  };
  for (Candidate& candidate : candidates_.list()) {
    if (lost(candidate.path)) candidate.path.local = {};
  }
  if (session_ && session_->path && lost(*session_->path)) session_->path->local = {};
}

void Peer::handle_network_change(Now now) {
  if (revoked() || !core_.running) return;
  forget_lost_addresses();
  forget_binding();
  forget_losses();
  punch_not_before_ = {};
  if (session_) {
    // The path in use is as doubtful as any other now: whichever answers first carries on.
    if (Candidate* active = candidates_.active()) active->silent_since = now.boot - limits::path_suspect_after - 1ns;
    tell_addresses(now);
    check_all(now);
    if (suspended_at_ == far_future) return;
    // Here it is an outage that has just begun; an attempt that began elsewhere says where we were.
    down_since_ = now.boot;
    core_.drop(attempt_);
    timers_.set_earlier(Timer::retry, now.boot + limits::lan_search_after);
    return;
  }
  down_since_ = now.boot;
  if (!is_office()) connect(now);
}

// The peer has answered by this path.
void Peer::alive(Now now, const Path& path, bool both_ways) {
  note_heard(now, path);
  last_answer_ = now.boot;
  if (both_ways) check_waiting_ = far_future;
  if (Candidate* candidate = candidates_.find(path.remote); candidate && both_ways) candidate->silent_since.reset();
  if (!session_) return;
  // An answer by another path says nothing about packets that are lost on the one in use: to count their losses as the
  // connection's silence would end it, while the peer is about to name the path that works.
  bool in_use = both_ways && session_->path && session_->path->remote == path.remote;
  if (in_use) session_->session->connection().handle_path_answer(now.boot);
  session_->may_send = true;
  if (in_use && suspended_at_ != far_future) resume(now);
  if (in_use && untold_) tell_addresses(now);
  if (!waiting_flows_.empty()) attach_waiting(now);
}

void Peer::resume(Now now) {
  Duration away = now.boot - suspended_at_;
  suspended_at_ = far_future;
  core_.drop(attempt_);
  timers_.stop(Timer::retry);
  // What was suspended before its first echo still needs one, and the retries that asked for it are over.
  if (!echoed_) timers_.set_earlier(Timer::check, now.boot + limits::path_suspect_after);
  cause_.clear();
  since_ = now.wall;
  if (session_->path) history_.note_use(now, session_->path->remote, relay_url(), traversal::PathReason::back);
  core_.emit(event::Resumed{record_.key, session_->path.value_or(Path{}), away});
}

void Peer::suspend(Now now) {
  session_->session->connection().freeze(now.boot);
  timers_.stop(Timer::check);
  if (suspended_at_ != far_future) return;
  suspended_at_ = down_since_ = now.boot;
  since_ = now.wall;
  history_.note_none(now, traversal::PathReason::silent);
  cause_ = is_office() ? "The device does not answer. It may be off, asleep or without a network."
                       : "The office is off or unreachable, or this device is no longer allowed. Ask the office.";
  core_.emit(event::Suspended{record_.key});
  schedule_retry(now);
}

// Since when something is outstanding that nothing has answered.
Instant Peer::waiting_since() const {
  if (!session_) return far_future;
  const quic::Connection& connection = session_->session->connection();
  return std::min(check_waiting_, connection.outstanding() ? connection.waiting_since() : far_future);
}

}  // namespace drawbridge
