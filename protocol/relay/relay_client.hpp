// RelayClient: one relay, as a node uses it; without IO. docs/spec/relay.md.
//
// Contract. handle_* put in what the relay, the network and the clock did; after each call that is not const,
// poll_transmit until it gives 0, poll_event until empty, then sleep until next_timeout(). Everything that poll_transmit
// gives goes to path().
//
// Payload. A datagram for the other end of a mailbox is written with header_size bytes of room in front; write_header
// fills them, for each segment of a run. What came from the relay goes to handle_datagram, which gives the payload as a
// part of what was put in. Nothing is copied. A payload of up to largest_payload bytes passes every Ethernet.
#pragma once

#include <deque>
#include <variant>

#include "keys/entropy.hpp"
#include "protocol/base/timer_table.hpp"
#include "protocol/base/token_bucket.hpp"
#include "protocol/relay/session_keys.hpp"

namespace drawbridge::relay {

struct RelayClientConfig {
  RelayKey relay;
  Secret32 access;                   // access_of(token)
  Duration keepalive = limits::relay_keepalive_device;  // limits::relay_keepalive_office on mains
};

namespace relay_event {
// The relay answers and knows what is wanted of it; also after each return. Texts are the relay's word.
struct Ready {
  Duration round_trip;
  std::string operator_name, country, other_url;
  std::vector<SocketAddress> observers;  // empty on a return: as before
  std::string phone_page;                // likewise
};
// Answer to locate(): where the other end's packets come from, as the relay sees.
struct Located {
  uint8_t channel = 0;
  SocketAddress address;
};
// It does not answer any more, or has forgotten us; the client keeps trying.
struct Lost {};
// It is about to stop: use another one meanwhile. The client tries again by itself.
struct Draining {};
// Our address as the relay sees it. `sealed`: it is the relay that says so; else anybody on the path may have.
struct ReflexiveAddress {
  SocketAddress address;
  bool sealed = false;
};
// We broke a silence of this length: the routers on the way still knew us, or had given us another address (then
// ReflexiveAddress follows).
struct SilenceBroken {
  Duration length{};
  bool kept = false;
};
// One mailbox. `renewed`: the other end has been opened anew since; `over_quota`: packets are being dropped.
struct MailboxChanged {
  uint8_t channel = 0;
  Status status = Status::none;
  bool renewed = false, over_quota = false;
};
// Packets are dropped because this address has used up what the relay gives it (or no longer).
struct AddressQuota {
  bool over = false;
};
}  // namespace relay_event
using RelayEvent = std::variant<relay_event::Ready, relay_event::Lost, relay_event::Draining, relay_event::ReflexiveAddress,
                                relay_event::MailboxChanged, relay_event::AddressQuota, relay_event::Located, relay_event::SilenceBroken>;

class RelayClient {
 public:
  RelayClient(RelayClientConfig config, Entropy& entropy);

  // --- requests -------------------------------------------------------------------------------------------------------
  // Where the relay is. Starts, or starts anew at once: call it also when this computer's own addresses changed, when it
  // woke up, and when a WebSocket to the relay is open (again). What was open stays in use until it is open anew.
  void connect(Instant now, const Path& path);
  // Nothing is sent until the next connect(): no network, or a WebSocket that broke.
  void disconnect();
  // The channel that stands for this end of the mailbox from now on; nothing if limits::relay_channels are in use.
  // `secret` is the pair's PSK or the invitation's.
  std::optional<uint8_t> open_mailbox(const Secret32& secret, End end);
  void close_mailbox(uint8_t channel);
  // Takes a displaced or refused mailbox back now, on the owner's word, instead of after the wait.
  void reopen_mailbox(uint8_t channel);
  // Asks the relay at once, for a fresh round trip; one that does not answer is lost as after a keepalive.
  void ask(Instant now);
  // Asks where the other end's packets come from; Located follows if the relay knows and the answer is not lost.
  void locate(uint8_t channel) { locate_due_ = channel; }
  // The relay hears of us at least so often; limits::relay_keepalive_office is kept as it is.
  void keep_alive_within(Duration longest);
  // Another keepalive leaves now: ours goes along if it is nearly due, so that the machine wakes once.
  void keep_alive_along(Instant now);
  // Leaves the relay, so that the other ends know at once; poll_transmit once more, then it is over.
  void shut_down();

  // --- payload --------------------------------------------------------------------------------------------------------
  // Whether a payload may be sent at all: the token is known. The other end may be away (see status()).
  bool can_send(uint8_t channel) const;
  // `datagram` has at least header_size bytes. can_send(channel) was true.
  void write_header(uint8_t channel, MutableBytes datagram) const;
  // A run with such headers has left.
  void note_sent(Instant now);

  // Cheap: whether these bytes can be meant for this client (its mark in bytes 1 to 8).
  bool recognises(ByteView datagram) const;
  struct Received {
    bool ours = false;               // false: not a message of this relay's
    std::optional<uint8_t> channel;  // a payload for this channel ...
    ByteView payload;                // ... as a part of the datagram
  };
  Received handle_datagram(Instant now, ByteView datagram);

  // A HELLO that opens nothing, for an observation port: its CHALLENGE says where it came from.
  Bytes write_question(Mark transaction, bool elsewhere);
  // Whether it was made by somebody who knows this relay's key (and token).
  bool is_genuine(const Challenge& challenge) const { return knock_.matches(knocked_part(challenge), challenge.tag); }

  // --- machine --------------------------------------------------------------------------------------------------------
  size_t poll_transmit(Instant now, MutableBytes buffer);  // at least largest_control bytes
  std::optional<RelayEvent> poll_event();
  void handle_timeout(Instant now);
  Instant next_timeout() const { return timers_.earliest(); }

  // --- queries --------------------------------------------------------------------------------------------------------
  const Path& path() const { return path_; }
  const RelayId& id() const { return config_.relay.id; }
  bool ready() const { return connected_ && current_ && !lost_; }
  // Whether the relay has answered by path(): a HELLO of this opening, or all that was wanted.
  bool answered() const { return next_ ? next_->cookie.has_value() : ready(); }
  Status status(uint8_t channel) const;
  std::optional<Duration> round_trip() const { return round_trip_; }
  Instant measured() const { return measured_; }  // when round_trip() was
  std::optional<SocketAddress> reflexive_address() const { return reflexive_; }

 private:
  enum class Timer : uint8_t {
    greet,   // HELLO, or OPEN again, until the relay has answered
    ping,    // keepalive, and its repetitions
    items,   // openings that were sent and not answered
    reopen,  // a displaced or refused mailbox may be asked for again
    count
  };

  struct Session {
    Secret32 secret;             // ephemeral
    ExchangePublic ephemeral{};
    Mark transaction = 0;
    SessionKeys keys;
    Instant greeted{}, challenged{};
    std::optional<Cookie> cookie;
    bool open_sent = false;
    uint64_t counter = 0;        // of the last OPEN or CONTROL
    uint64_t last_state = 0;     // counter of the newest STATE
    uint64_t number = 0;         // of that state
  };

  struct Mailbox {
    bool wanted = false;
    Identity key;
    End end = End::none;
    uint64_t instance = 0, number = 0;
    bool asked = false;          // in this session; the answer is not here yet
    Instant again = far_future;  // when to ask again after a refusal
    Duration wait{};
    ChannelState state;          // as the relay says
    ChannelState shown;          // as last told to the owner
  };

  void greet(Instant now, bool forced);
  void begin_session();
  bool is_session(Mark mark) const;
  void greet_again(Instant now);
  bool opening() const { return next_ && next_->open_sent; }
  Session* sending();
  const Session* sending() const;
  Bytes write_hello(Instant now, Session& session);
  Bytes write_open(Instant now, Session& session);
  Bytes write_control(Session& session, ControlKind kind, std::vector<Item> items = {}, std::optional<Cookie> cookie = {});
  // Openings and leavings that are due, at most one message's; they count as asked.
  std::vector<Item> take_items(Instant now, const Session& session);
  bool is_due(const Mailbox& mailbox) const;
  bool items_due() const;
  size_t emit(Instant now, const Bytes& datagram, MutableBytes buffer);

  void handle_challenge(Instant now, ByteView datagram);
  void handle_state(Instant now, ByteView datagram);
  void handle_gone(Instant now, ByteView datagram);
  void adopt(Instant now, const StateBody& body);
  void apply(Instant now, const StateBody& body);
  void apply_channel(Instant now, uint8_t channel, ChannelState state, uint32_t retry_s);
  void show(uint8_t channel);
  void heard(Instant now);
  void note_silence(Instant now);
  void judge_silence(bool kept);
  void lose();
  void ping_or_lose(Instant now);
  void ask_again(Instant now);
  void note_round_trip(Instant now, Instant asked);
  Instant ping_deadline() const;
  Duration company() const;
  Duration greet_wait();
  Duration jitter(Duration longest);
  void tell(RelayEvent event);

  RelayClientConfig config_;
  Entropy& entropy_;
  KnockKey knock_;
  Secret32 instance_secret_;
  Path path_;
  bool connected_ = false;
  std::optional<Session> current_;   // has been answered
  std::optional<Session> next_;      // being opened; takes over at its first STATE
  std::vector<Mailbox> mailboxes_;   // index: channel
  uint64_t number_ = 0;              // of openings of this instance

  TimerTable<Timer> timers_;
  int greetings_ = 0;
  int pings_ = 0;                    // unanswered
  Instant last_sent_{}, last_heard_{};
  Instant connected_at_{};           // by path_
  std::optional<Duration> silence_;  // that our last packet has broken; nothing has come since
  Instant unanswered_since_ = far_future;  // first payload sent after the last word from the relay
  std::optional<std::pair<uint64_t, Instant>> pinged_;  // counter and time of the ping whose answer tells the round trip
  std::optional<Duration> round_trip_;
  Instant measured_{};
  std::optional<SocketAddress> reflexive_;
  bool draining_ = false, address_over_ = false, lost_ = false;
  bool forced_ = false;              // the opening under way goes on even if the present session answers again

  bool hello_due_ = false, open_due_ = false, ping_due_ = false, seen_due_ = false, bye_due_ = false;
  std::optional<Cookie> move_due_;
  std::optional<uint8_t> locate_due_;
  TokenBucket moves_{2, 5}, forgotten_{1, 2};
  std::deque<RelayEvent> events_;
};

}  // namespace drawbridge::relay
