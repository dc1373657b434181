// RelayServer: the relay as one machine without IO. docs/spec/relay.md.
//
// Contract. handle_* put in what clients, links and the clock did; after each, poll_transmit until its length is 0, then
// sleep until next_timeout(). What handle_datagrams gives back are payloads of other clients: they are sent at once,
// from the same bytes, or not at all. `now` must not go back. Nothing that a client sends can trip an assertion.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <unordered_map>

#include "keys/entropy.hpp"
#include "protocol/base/token_bucket.hpp"
#include "protocol/relay/association.hpp"
#include "protocol/relay/cookie.hpp"
#include "protocol/relay/mailbox.hpp"
#include "protocol/relay/session_keys.hpp"

namespace drawbridge::relay {

struct RelayLimits {
  size_t associations = 50'000;
  size_t mailboxes = 100'000;
  size_t associations_per_address = 4'096;  // a carrier's NAT holds thousands of customers
  size_t mailboxes_per_address = 4'096;     // opened from there and still held
  double openings_per_second = 2'000, openings_burst = 4'000;              // OPENs that are computed, in all
  double openings_per_address = 50, openings_per_address_burst = 256;
  double signatures_per_second = 4'000, signatures_burst = 8'000;
  double signatures_per_address = 200, signatures_per_address_burst = 1'024;
  double hellos_per_second = 20'000;        // answered
  double mailbox_bytes_per_second = 0;      // 0: no bound
  double mailbox_bytes_per_day = 0;
  double address_bytes_per_second = 0;
};

struct RelayServerConfig {
  Identity identity;             // the relay's own, nobody's device id
  std::vector<Secret32> access;  // access_of(token) of each; empty: open to all who know the key
  std::string operator_name, country, other_url;  // told to clients; within the limits of the wire
  RelayLimits limits;
  std::string phone_page = {};                    // told likewise; empty: it serves none
};

// Since the start; no identities.
struct RelayCounters {
  uint64_t datagrams_in = 0, bytes_in = 0;
  uint64_t forwarded = 0, forwarded_bytes = 0;
  uint64_t hellos = 0, challenges = 0, openings = 0, displaced = 0, moved = 0;
  uint64_t dropped_stranger = 0;   // wrong knock, form, cookie, seal or token
  uint64_t dropped_alone = 0;      // the other end was away
  uint64_t dropped_quota = 0;
  uint64_t dropped_rate = 0;       // openings and control messages above their rate
  uint64_t refused_full = 0, refused_proof = 0, refused_contested = 0;
};

// A run to be passed on: `bytes` is a part of what was put in.
struct Forward {
  Link link;
  uint8_t ecn = 0;
  size_t segment_size = 0;
  MutableBytes bytes;
};

// The one of `bound` that carries packets of this local address; null: none.
const SocketAddress* bound_to(const std::vector<SocketAddress>& bound, const SocketAddress& local);

struct ServerTransmit {
  Link link;
  size_t length = 0;
};

class RelayServer {
 public:
  // The identity's id must be a key (identity_from_seed's always is).
  RelayServer(RelayServerConfig config, Entropy& entropy);
  ~RelayServer();

  // A run of datagrams from one link, all of segment_size bytes but the last. Headers are rewritten in place; what is
  // returned is valid until the next call or until `bytes` are used again.
  std::span<const Forward> handle_datagrams(Instant now, const Link& link, uint8_t ecn, size_t segment_size, MutableBytes bytes);
  void handle_link_closed(Instant now, uint64_t stream);
  void handle_timeout(Instant now);
  Instant next_timeout() const;
  // Answers and news. `buffer` has at least largest_control bytes.
  ServerTransmit poll_transmit(Instant now, MutableBytes buffer);

  // No HELLO is answered any more, and all clients are told.
  void drain();
  bool draining() const { return draining_; }
  // Sockets beside the main ones, as bound; call it before the first datagram. `observers` answer HELLO and nothing else,
  // and clients are told of them (the first limits::relay_observers). From `unasked` leave answers that a client wants
  // from elsewhere: nobody is told of these, and what comes there is not for the relay.
  void observe(std::vector<SocketAddress> observers, std::vector<SocketAddress> unasked);
  // Clients that open something from now on are told this origin (is_phone_page).
  void serve_phone_page(std::string origin) { config_.phone_page = std::move(origin); }
  // Whether this HELLO would be answered: for a WebSocket's upgrade.
  bool welcomes(ByteView hello) const;

  const RelayId& id() const { return config_.identity.id; }
  const RelayCounters& counters() const { return counters_; }
  size_t associations() const { return by_mark_.size(); }
  size_t mailboxes() const { return mailboxes_.size(); }

 private:
  // relay_server.cpp
  void handle_control_message(Instant now, const Link& link, ByteView datagram);
  void forward(Instant now, const Link& link, uint8_t ecn, size_t segment_size, MutableBytes run);
  bool charge(Instant now, Association& from, Mailbox& mailbox, size_t bytes);
  Association* find(Mark mark) const;
  void ask_to_move(Instant now, Association& association, const Link& link, size_t request_size);
  void answer(const Link& link, const Bytes& datagram);

  // relay_opening.cpp
  void handle_hello(Instant now, const Link& link, ByteView datagram);
  void handle_observed(Instant now, const Link& link, size_t segment_size, ByteView bytes);
  void handle_open(Instant now, const Link& link, ByteView datagram);
  void handle_control(Instant now, const Link& link, ByteView datagram);
  std::optional<Link> elsewhere(const Link& link) const;
  Association* associate(Instant now, const Link& link, const OpenHeader& header, ByteView datagram, Bytes& body);
  std::optional<SessionKeys> keys_for(const OpenHeader& header, size_t& access) const;
  // Whose knock it is: an index of knocks_.
  std::optional<size_t> knocks(ByteView knocked, const std::array<uint8_t, 8>& tag) const;
  void challenge(Instant now, const Link& link, Mark mark, const ExchangePublic& ephemeral, size_t access);
  void handle_body(Instant now, Association& association, const ControlBody& body, const Link& link);
  void apply_item(Instant now, Association& association, const Item& item);
  Status open_end(Instant now, Association& association, const Item& item);
  Status seize_end(Instant now, Association& association, const Item& item, Mailbox& mailbox);
  Mailbox* mailbox_for(Instant now, Association& association, const MailboxId& id);

  // relay_upkeep.cpp
  void leave(Instant now, Association& association, uint8_t channel, Status status);
  void end(Instant now, Association& association);
  void tell(Association& association);
  void tell_other_end(const Mailbox& mailbox, End end);
  StateBody state_of(Instant now, Association& association) const;
  std::optional<std::pair<uint8_t, SocketAddress>> located(Association& association, uint8_t channel) const;
  ChannelState channel_state(Instant now, const Channel& channel) const;
  size_t write_state(Instant now, Association& association, MutableBytes buffer);
  uint64_t next_counter(Instant now);
  void sweep(Instant now);
  void sweep_memory(Instant now);
  void repeat_states(Instant now);
  AddressRecord* record_for(Instant now, const SocketAddress& address);

  RelayServerConfig config_;
  CookieJar cookies_;
  std::vector<SocketAddress> observers_, unasked_, told_observers_;
  std::vector<KnockKey> knocks_;
  Secret<16> table_key_;
  RelayCounters counters_;
  TokenBucket hellos_, openings_, signatures_;

  std::unordered_map<Mark, uint32_t, KeyedHash> by_mark_;
  std::vector<std::unique_ptr<Association>> slots_;
  std::vector<Instant> expires_;  // of the association in the same slot: what each second looks at
  std::vector<uint32_t> free_slots_;
  std::unordered_map<MailboxId, std::unique_ptr<Mailbox>, KeyedHash> mailboxes_;
  std::unordered_map<AddressKey, AddressRecord, KeyedHash> addresses_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> by_stream_;

  struct Answer {
    Link link;
    std::array<uint8_t, challenge_size> bytes;
    size_t length = 0;
  };
  std::deque<Answer> answers_;
  std::deque<uint32_t> news_;                          // slots whose client is to be told
  std::deque<std::pair<Instant, uint32_t>> repeats_;   // slots whose STATE has not been seen yet, earliest first
  std::vector<Forward> forwards_;
  uint64_t last_counter_ = 0;
  Instant next_sweep_ = far_future, next_memory_sweep_{};
  bool draining_ = false;
};

}  // namespace drawbridge::relay
