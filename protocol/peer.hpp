// Peer: one relation, with everything that decides when to connect, which path to use, when to fall back, retry and
// give up. The same class serves both ends: an office's view of a device, and a device's of its office.
#pragma once

#include <algorithm>
#include <map>

#include "protocol/base/timer_table.hpp"
#include "protocol/core.hpp"
#include "protocol/quic/knock.hpp"
#include "protocol/traversal/candidate_table.hpp"
#include "protocol/traversal/connectivity_check.hpp"
#include "protocol/traversal/diagnosis.hpp"
#include "protocol/traversal/lan_search.hpp"
#include "protocol/traversal/path_history.hpp"
#include "protocol/traversal/punch.hpp"
#include "protocol/traversal/replay_window.hpp"

namespace drawbridge {

class Peer final : public SessionHolder {
 public:
  Peer(Core& core, roster::Relation record);
  ~Peer() override;

  // --- what happens ---------------------------------------------------------------------------------------------------
  void start(Now now, Duration after);                      // packets may leave; offices announce a restart
  void handle_timeout(Now now);
  void handle_network_change(Now now);
  void handle_relay_news(Now now, const relay::RelayNews& news);
  void handle_ports(Now now, const std::vector<uint16_t>& ports);
  void handle_observed(Now now, const relay::RelayTable::Observed& observed);
  void handle_located(Now now, const relay::RelayTable::Located& located);
  // Office: a first packet whose knock is this pair's. `form` points into the datagram.
  void handle_knock(Now now, const Path& path, ByteView datagram, const quic::FirstInitial& form);
  // A check whose tag is this pair's.
  void handle_check(Now now, const Path& path, ByteView datagram);
  void handle_session_packet(Now now, Carried& carried, const Path& path, bool authentic) override;
  void settle(Now now, Carried& carried) override;
  Transmit poll_transmit(Now now, MutableBytes buffer);
  Instant next_timeout() const;

  // --- what the owner wants -------------------------------------------------------------------------------------------
  void connect(Now now);                                    // device: now, instead of at the next retry
  // Office; the rows are in the journal already. `take_back`: what else to undo if the disk refuses them.
  void revoke(Now now, const std::string& reason, RequestId request, std::function<void(Now)> take_back);
  void end_after_leaving();                                 // office: the same, for a device that left by itself
  void leave(Now now, RequestId request);                   // device
  void ping(Now now, RequestId request, Duration timeout);
  void send_offer(Now now);                                 // office: services or addresses changed
  void tell_addresses(Now now);                             // to the peer: ours have changed
  void open_mailboxes(Now now);                             // those of the relays that are to be used now, and no others
  void end_ungranted_flows(Now now);
  void shut_down();

  // --- flows ----------------------------------------------------------------------------------------------------------
  Result<FlowId> open_flow(Now now, const std::string& service);
  tunnel::TunnelFlow* flow(FlowId id);
  void accept_flow(Now now, FlowId id);
  void refuse_flow(Now now, FlowId id, FlowReset reset, const std::string& message);
  void reset_flow(Now now, FlowId id, FlowReset reset);
  void touch(Now now, FlowId id);                           // after bytes were consumed, or a direction finished
  void send_datagram(Now now, FlowId flow, ByteView datagram);
  // Office: a batch has become durable.
  void tell_audit_head(Now now);
  void wake(Now) { if (session_) session_->may_send = true; }  // after bytes were written

  // --- queries --------------------------------------------------------------------------------------------------------
  const quic::PairKeys& keys() const { return keys_; }
  const traversal::CheckKeys& check_keys() const { return check_in_; }
  roster::Relation& record() { return record_; }
  const roster::Relation& record() const { return record_; }
  // Office: now while the device is connected, else when it last was.
  std::optional<WallTime> last_seen(Now now) const;
  const RelationKey& key() const { return record_.key; }
  bool revoked() const { return record_.revoked || revoking_; }
  bool over() const { return over_; }                       // nothing more will happen
  bool drained() const { return closing_.empty(); }         // and its last packets have left: may be destroyed
  bool leaving() const { return leaving_; }
  bool left() const { return left_; }                       // office: the device said that it leaves
  bool connected() const { return announced_; }
  bool direct() const { return announced_ && session_ && suspended_at_ == far_future && relay_url().empty(); }
  PeerStatus status(Now now) const;
  const traversal::PathHistory& history() const { return history_; }
  traversal::PathFacts path_facts(Now now) const;           // peer_diagnosis.cpp
  void save();

 private:
  enum class Timer : uint8_t {
    retry,          // the next handshake attempt, or the next round of checks while suspended
    check,          // checks are outstanding: ask again, or give the path up
    revoke_cut,     // the word `revoked` had its time
    replaced,       // a device that was replaced may come back
    flows,          // local programs have waited long enough for a bridge that is down
    announce,       // office: tell the peer that we restarted
    save_seen,      // write down where and when the peer was seen
    confirm,        // device: the office has said nothing within a new connection: it may not know of it
    probe,          // ask at addresses that are not in use: both ends do, so that their routers let answers in
    loss,           // device: the next sample of the path in use, or check of a measurement
    punch,          // ports are to be looked for: begin, send, or give up
    first_words,    // what left as the session began leaves once more
    count,
  };
  // One attempt at finding ports.
  struct PunchAttempt {
    traversal::PunchTerms own;               // the address is not known yet while its port is 0
    std::optional<traversal::PunchTerms> theirs;
    std::optional<SocketAddress> located;    // where the relay sees the peer
    bool go = false;                         // the device has given the word
    bool opened = false;                     // our own router's way, where that comes first
    Instant followed_at{};                   // something has come through, and was asked
    std::optional<traversal::Punch> sending;
    std::vector<uint16_t> ports;
    uint64_t transaction = 0;                // of all its packets
    Instant give_up{};
  };
  struct Ping {
    RequestId request = 0;
    Instant begun{}, deadline{};
    Instant again{};                         // when it is asked once more: one packet may be lost
  };

  // Only its last words are still to be said: no path is looked after any more.
  bool ending() const { return record_.revoked || revoking_ || leaving_; }
  void stop_looking() {
    for (Timer timer : {Timer::retry, Timer::check, Timer::probe, Timer::replaced, Timer::announce, Timer::punch, Timer::loss}) timers_.stop(timer);
  }
  bool is_office() const { return record_.key.role == PeerRole::device; }  // whether *we* are the office
  quic::End self() const { return is_office() ? quic::End::office : quic::End::device; }

  // peer_connect.cpp
  void begin_attempt(Now now);
  void session_ready(Now now, Carried& carried);
  void adopt(Now now, std::unique_ptr<Carried> carried);
  void begin_first_words(Now now);
  void keep_first_words(const Transmit& sent, ByteView buffer);
  void repeat_first_words();
  void session_closed(Now now, Carried& carried);
  void lost(Now now, const std::string& reason, bool retry);
  void schedule_retry(Now now);
  Duration retry_interval(Now now) const;
  std::optional<std::string> refusal_of(Now now, const quic::OfficeHandshake& handshake);
  void remember_replay(const quic::ConnectionId& first);
  void refuse(Now now, const std::string& reason);
  void answer_handshake(Now now, const Path& path, ByteView datagram, quic::OfficeHandshake handshake);
  std::unique_ptr<Carried>* slot_of(Carried& carried);
  void begin_revocation(const std::string& reason);
  void tell_revoked(Now now);
  void finish_revocation(Now now);

  // peer.cpp
  void ping_due(Now now);
  void finish_pings(Now now, Duration round_trip);

  // peer_checks.cpp
  void send_check(Now now, const Path& path, traversal::ConnectivityCheck check, size_t size = 0, uint8_t hop_limit = 0);
  enum class Question : uint8_t {
    alive,          // an answer is expected: its absence makes the path suspect
    probe,          // whether this address reaches the peer at all
    size,           // whether large packets pass
    loss,           // one of many, of which some may be lost
  };
  void request_check(Now now, traversal::Candidate& candidate, Question question = Question::alive);
  void begin_probing(Now now, bool news);
  void probe(Now now);
  void check_all(Now now);
  void check_active(Now now);
  void tell_candidates();
  void check_active_twice(Now now);
  void check_due(Now now);
  bool doubts() const;
  void ask_back(Now now, const Path& path);
  void ask(Now now, traversal::Candidate& candidate);
  void ask_active(Now now);
  void answer_check(Now now, const Path& path, const traversal::ConnectivityCheck& request, size_t size);
  void handle_answer(Now now, const Path& path, const traversal::ConnectivityCheck& response);
  void handle_restarted(Now now, const Path& path, const traversal::ConnectivityCheck& check);
  void ask_nominated(Now now);
  void follow_nomination(Now now, const Path& path, const traversal::ConnectivityCheck& request);
  void use(Now now, traversal::Candidate& candidate);
  void announce_restart(Now now);
  void alive(Now now, const Path& path, bool both_ways = true);  // whether our packets have taken this path, too
  void announce(Now now);
  void suspend(Now now);
  void resume(Now now);
  Duration longest_suspension() const;
  void forget_lost_addresses();
  Instant waiting_since() const;
  std::optional<SocketAddress> lasting_address() const;
  void note_paths(Now now);
  std::string relay_of(const SocketAddress& remote) const;  // URL; empty: not a relay's
  void note_use(Now now, const SocketAddress& remote);      // in the history, with the reason
  std::string relay_url() const;                            // of the path in use; empty: direct
  std::string path_text() const;                            // for the audit trail

  // peer_keepalive.cpp
  Duration patience() const;
  Instant quiet_since() const;
  void note_heard(Now now, const Path& path);
  void keep_alive(Now now);
  void learn_binding(Now now, traversal::Candidate& candidate, const SocketAddress& observed);
  void doubt_binding(Now now);
  void follow_path_change(Now now, bool was_relayed, bool is_relayed);
  void note_binding_lost(Now now, Duration idle);
  void forget_binding();

  // peer_loss.cpp
  void note_traffic(Now now);
  void watch_loss(Now now);
  void begin_measuring(Now now);
  void measure_loss(Now now);
  void compare_loss(Now now);
  bool loses_less(Now now, const traversal::Candidate& one, const traversal::Candidate& other) const;
  void judge_loss(Now now, const traversal::Candidate& one, const traversal::Candidate& used);
  void suspect_loss(Now now);
  bool measuring(const SocketAddress& remote) const { return std::find(measured_.begin(), measured_.end(), remote) != measured_.end(); }
  void end_measuring(Now now);
  void stop_measuring();
  void forget_losses();

  // peer_lan.cpp
  void look_on_lan(Now now);
  void handle_looking(Now now, const Path& path, const traversal::ConnectivityCheck& question);
  void handle_here(Now now, const Path& path, const traversal::ConnectivityCheck& answer);

  // peer_punch.cpp
  bool on_relay() const;
  void consider_punch(Now now);
  void punch_due(Now now);
  void begin_punch(Now now, uint32_t number);
  void locate_peer(Now now);
  void tell_terms(Now now, const std::optional<SocketAddress>& address);
  void handle_terms(Now now, const tunnel::Punch& theirs);
  void start_punch(Now now);
  void open_own_way(Now now);
  bool by_punch(const Path& path, uint64_t transaction) const;
  void follow_punch(Now now, const Path& path);
  void end_punch(Now now);
  void abandon_punch();
  void release_ports();

  // peer_flows.cpp
  void drain_events(Now now, Carried& carried);
  void handle_control(Now now, const tunnel::ControlMessage& message);
  void note_families(const std::vector<SocketAddress>& theirs);
  void handle_offer(Now now, const tunnel::Offer& offer);
  void handle_audit_head(Now now, const audit::Head& head);
  void handle_incarnation(Now now, const roster::Incarnation& copy);
  void handle_candidates(Now now, const tunnel::Candidates& theirs);
  void follow_peer_network(Now now, const traversal::NatBehaviour& nat);
  void close_mailboxes();
  void leave_relay(Now now, const SocketAddress& mailbox);
  void handle_revoked(Now now, const std::string& reason);
  void flow_opened(Now now, FlowId id);
  void flow_ended(Now now, const session_event::FlowEnded& ended);
  bool in_doubt(Now now) const;
  bool carries_datagrams(const std::string& service) const;
  void attach_waiting(Now now);
  void fail_waiting(Now now, FlowReset reset, const std::string& message);
  bool allowed(Now now, const std::string& service) const;
  void add_carried(const FlowCounters& counters);

  Core& core_;
  roster::Relation record_;
  quic::PairKeys keys_;
  traversal::CheckKeys check_in_, check_out_;
  TimerTable<Timer> timers_;

  std::unique_ptr<Carried> session_;                  // finished its handshake
  FlowCounters carried_;                              // by the flows that are over
  std::unique_ptr<Carried> attempt_;                  // device: handshake under way
  std::vector<std::unique_ptr<Carried>> incoming_;    // office: likewise
  std::vector<std::unique_ptr<Carried>> closing_;     // one last packet to send
  std::vector<Bytes> first_words_;                    // the datagrams with which the session began, until they are repeated
  std::optional<tunnel::Candidates> told_;            // device: in this session, before it was announced

  traversal::CandidateTable candidates_;
  traversal::PathHistory history_;                    // for people who ask why
  traversal::LanSearch lan_search_;
  Instant searching_since_{};                         // a direct path, after the newest news
  Instant refused_at_{};                              // office: the device's newest attempt
  bool upgrade_needed_ = false;                       // device: said the newest attempt
  std::vector<std::pair<relay::RelayAddress, SocketAddress>> mailboxes_;
  traversal::NatBehaviour peer_nat_;                  // as the peer has told in this session
  struct Families {
    bool v4 = false, v6 = false;
  };
  Families peer_families_;                            // of the addresses that the peer named last; neither: none named yet
  std::optional<PunchAttempt> punch_;
  std::vector<uint16_t> ports_;                       // fresh sockets that the driver holds for us
  bool punch_searches_ = false;                       // the newest attempt was a search, not a prediction
  Instant punch_not_before_{};
  size_t ports_asked_ = 0;                            // times that the driver has been asked and has not answered yet
  size_t punch_attempts_ = 0;                         // that were begun; who goes first changes with each
  TokenBucket searches_{limits::searches_per_second, limits::searches_burst};
  TokenBucket predictions_{limits::predictions_per_second, limits::predictions_burst};
  bool left_in_silence_ = false;                      // device: a direct path, while something was carried
  bool carrying_ = false;                             // device: packets of the session have come since the last sample
  std::vector<SocketAddress> measured_;               // device: paths whose losses are being compared, the one in use last
  TokenBucket measurements_{limits::loss_measurements_per_second, limits::loss_measurements_burst};
  size_t measurements_left_ = 0;                      // checks on each that are still to be sent
  std::optional<traversal::PathReason> history_reason_;  // of the change of path that is about to be noted
  uint64_t told_head_ = 0;                            // office: of the audit trail, to this session's device; 0: none yet
  Instant told_head_at_{};
  bool told_copy_ = false;                            // device: to this session's office
  TokenBucket probings_{limits::probings_per_second, limits::probings_burst};
  bool untold_ = false;                               // our addresses, for want of a path that answers
  size_t probes_left_ = 0, probe_round_ = 0;          // rounds still to come, and those that are over
  traversal::ReplayWindow window_;
  uint64_t window_boot_ = 0;                          // whose counters `window_` holds
  uint64_t check_counter_ = 0;
  uint64_t newest_nomination_ = 0;
  std::optional<SocketAddress> nominated_;            // office: followed once it has answered a check of ours
  Instant nominated_at_{};
  Instant check_waiting_ = far_future;                // since when a check has not been answered
  Instant last_heard_{};                              // newest authentic thing from the peer
  Instant path_heard_{};                              // likewise by the path in use
  std::optional<Duration> idle_before_;               // device: the keepalive that is under way, how long it was quiet before
  std::optional<Duration> doubtful_idle_;             // device: likewise of one that was not answered in time, ...
  Instant doubted_at_{};                              // ... and when that was seen
  Instant last_answer_{};                             // newest that shows that it hears us
  quic::ConnectionId accepted_;                       // of the newest first packet that was no replay
  std::vector<quic::ConnectionId> replays_;           // of first packets that were; in a ring once there are many
  size_t next_replay_ = 0;
  TokenBucket handshakes_{limits::handshakes_per_second, limits::handshakes_burst};
  TokenBucket checks_{limits::checks_per_second, limits::checks_burst};
  TokenBucket learned_{limits::learned_per_second, limits::learned_burst};  // addresses that questions came from
  TokenBucket refusals_{1.0 / 60, 1};                 // audit records of refusals
  TokenBucket refusal_news_{limits::handshakes_per_second, limits::handshakes_burst};  // events of them

  std::map<FlowId, std::unique_ptr<tunnel::TunnelFlow>> waiting_flows_;
  std::vector<Ping> pings_;
  std::string cause_;                                 // why not connected, for people
  WallTime since_{};
  Instant down_since_{};                              // of the present outage, for retry intervals
  Instant suspended_at_ = far_future;
  bool echoed_ = false;                               // a check was answered since the present connection began
  bool confirmed_ = false;                            // device: the office has spoken within the present connection
  bool announced_ = false;                            // Connected was emitted for the present connection
  bool revoking_ = false, over_ = false, leaving_ = false, left_ = false;
  RequestId ending_request_ = 0;                      // of revoke or leave
  std::string revoke_reason_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // tells actions that wait for the disk whether we are still there
};

}  // namespace drawbridge
