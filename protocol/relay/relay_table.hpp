// RelayTable: every relay that this node uses, and the made-up addresses by which the rest of the core names "the other
// end of that mailbox on that relay". Whoever has such an address sends to it and hears from it as from any other.
//
// Contract: as RelayClient's. The driver finds a relay's address, or opens a WebSocket to it, when poll_wanted() says
// so, and answers with handle_link.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>

#include "protocol/relay/observation_round.hpp"
#include "protocol/relay/relay_address.hpp"
#include "protocol/relay/relay_client.hpp"
#include "protocol/relay/relay_url.hpp"

namespace drawbridge::relay {

struct RelayWanted {
  uint16_t number = 0;    // of the relay, in this process; never used again
  std::string url;        // by which transport this time; empty: it is not used any more
  bool beside = false;    // a WebSocket that races UDP: made ready up to where HELLO would be sent; empty: it has lost
};

// Something changed about a mailbox.
struct RelayNews {
  SocketAddress mailbox;
  bool may_send = false;  // packets may leave, though perhaps nobody is there yet; false: not any more
  bool joined = false;    // the other end is there
  bool renewed = false;   // and is new there
};

class RelayTable {
 public:
  // `udp`: false where there are WebSockets only; relays that have none are then out of reach.
  explicit RelayTable(Entropy& entropy, bool udp = true) : entropy_(entropy), udp_(udp) {}

  // The mailbox of this secret, from now on; nothing if the URL is wrong or a bound is reached.
  std::optional<SocketAddress> open(Instant now, const RelayAddress& relay, const Secret32& secret, End end);
  void close(const SocketAddress& mailbox);
  // Everything starts anew: this computer's addresses changed, or it woke up. `network` tells networks apart.
  void handle_network_change(Instant now, uint64_t network = 0);
  // The driver's answer: where the relay is from now on. Nothing: it cannot be reached now.
  void handle_link(Instant now, uint16_t number, std::optional<Path> path);
  // The driver's answer to what was wanted beside: it could carry HELLO now, or it has failed.
  void handle_beside(Instant now, uint16_t number, bool ready);
  // Asks every relay at once, for a fresh round trip; those that do not answer are tried anew.
  void ask(Instant now);
  void shut_down();

  // --- payload --------------------------------------------------------------------------------------------------------
  bool may_send(const SocketAddress& mailbox) const;
  // Fills the header_size bytes in front of a payload. may_send(mailbox) was true.
  void write_header(const SocketAddress& mailbox, MutableBytes datagram) const;
  // Where such datagrams go; the run leaves now.
  Path path_for(Instant now, const SocketAddress& mailbox);
  struct Received {
    bool ours = false;
    std::optional<SocketAddress> mailbox;
    ByteView payload;
  };
  Received handle_datagram(Instant now, const Path& path, ByteView datagram);

  // --- what relays see ------------------------------------------------------------------------------------------------
  // Asks a relay how the socket with this port of ours is seen; poll_observed() answers within a second. Nothing is
  // asked, and false given, if no relay offers observation or too many questions are open.
  bool observe(Instant now, uint16_t local_port);
  struct Observed {
    uint16_t local_port = 0;
    std::vector<traversal::Observation> observations;  // in the order of asking; empty: no answer
  };
  std::optional<Observed> poll_observed();
  // Asks where the packets of a mailbox's other end come from; poll_located() answers, or not.
  void locate(const SocketAddress& mailbox);
  struct Located {
    SocketAddress mailbox, far_end;
  };
  std::optional<Located> poll_located();
  // A silence towards a relay by UDP that ended, and whether the routers on the way had kept our binding.
  using Silence = relay_event::SilenceBroken;
  std::optional<Silence> poll_silence();

  // --- machine --------------------------------------------------------------------------------------------------------
  struct Outgoing {
    Path path;
    size_t length = 0;
  };
  Outgoing poll_transmit(Instant now, MutableBytes buffer);
  std::optional<RelayWanted> poll_wanted();
  std::optional<RelayNews> poll_news();
  void handle_timeout(Instant now);
  Instant next_timeout() const;

  // No relay is left alone for longer, those of an office anyway not: routers on the way would forget us.
  void keep_alive_within(Duration longest);
  void keep_alive_along(Instant now);                         // as RelayClient's

  std::vector<RelayStatus> statuses() const;
  const RelayStatus* status_of(const SocketAddress& mailbox) const;
  // Our addresses as relays see them, without repetition.
  std::vector<SocketAddress> reflexive_addresses() const;
  // The first of them, of IPv4 if there is one.
  std::optional<SocketAddress> reflexive_address() const;
  // Whether UDP gets out: a relay outside answers by it, or one answers by its other transport only. Nothing: not known.
  std::optional<bool> udp_passes() const;
  // As the relay has told: whether the other end is there, and whether packets are dropped for the mailbox's quota.
  bool is_joined(const SocketAddress& mailbox) const;
  bool is_over_quota(const SocketAddress& mailbox) const;

 private:
  struct Line {
    RelayStatus status;
    std::vector<std::string> urls;
    size_t url = 0;                    // in use
    RelayClient client;
    std::map<uint8_t, bool> channels;  // in use; whether its owner knows that packets may leave
    Instant ready_by{};                // then the next transport is tried
    Instant ask_again = far_future;    // the driver, for the relay's address
    Duration pause = limits::relay_pause_first, longest_pause{};  // after each transport was tried in vain
    size_t silent_transports = 0;      // tried in vain, one after the other, since it last answered
    std::set<uint8_t> over_quota;      // channels
    std::vector<SocketAddress> observers;  // as the relay names them
    std::vector<ObservationRound> rounds;
    TokenBucket observations{limits::observations_per_second, limits::observations_burst};
    bool observe_due = false;          // our own socket, anew
    bool leaving = false;              // nobody uses it: gone once its last word has left
    // relay_race.cpp
    bool racing = false;               // a WebSocket is made ready beside UDP
    Instant race_begun{}, race_ends = far_future;  // the WebSocket is ready, and is taken then
    bool udp_noted = false;            // it has answered by UDP since the last start
    std::optional<SocketAddress> udp_address;
    bool shows_lost_bindings = false;  // the routers on the way give a new binding another address
    std::optional<ObservationRound> udp_question;  // while a WebSocket is in use: does UDP pass now?
    Instant udp_again = far_future;    // the next such question, ...
    Duration udp_pause{};              // ... and the pause before the one after it
    std::vector<std::pair<uint64_t, Instant>> udp_networks;  // in which it has answered by UDP, and when

    Line(RelayClientConfig config, Entropy& entropy) : client(std::move(config), entropy) {}
  };
  struct Place {
    Line* line = nullptr;
    uint8_t channel = 0;
  };

  Place place_of(const SocketAddress& mailbox) const;
  uint16_t number_of(const Line& line) const;
  Line* line_for(const RelayAddress& relay, End end);
  void want(Instant now, Line& line);
  void start_anew(Instant now, Line& line);
  void try_other(Instant now, Line& line);
  void after_input(Line& line);
  void note(Line& line, const RelayEvent& event);
  void begin_round(Instant now, Line& line, uint16_t local_port);
  Outgoing poll_rounds(Instant now, Line& line, MutableBytes buffer);
  bool handle_observation(Instant now, const Path& path, ByteView datagram);
  void conclude(Line& line);
  void abandon_rounds(Line& line);
  void note_reflexive(Line& line, const SocketAddress& address);
  void note_silence(Line& line, const Silence& silence);
  // relay_race.cpp
  void begin_race(Instant now, Line& line);
  void end_race(Line& line);
  void decide_race(Instant now, Line& line);
  void note_udp(Instant now, Line& line);
  void forget_udp(Line& line);
  void plan_udp_question(Instant now, Line& line);
  void ask_by_udp(Instant now, Line& line);
  Outgoing poll_udp_question(Instant now, Line& line, MutableBytes buffer);
  void use_udp(Instant now, Line& line);

  Entropy& entropy_;
  bool udp_;
  std::map<uint16_t, std::unique_ptr<Line>> lines_;
  uint16_t last_number_ = 0;
  Duration keepalive_ = limits::relay_keepalive_device;
  uint64_t network_ = 0;  // 0: not known
  std::deque<RelayWanted> wanted_;
  std::deque<RelayNews> news_;
  std::deque<Observed> observed_;
  std::deque<Located> located_;
  std::deque<Silence> silences_;
};

}  // namespace drawbridge::relay
