// ObservationRound: asks a relay's observation ports where one of our sockets' packets come from, each a few times.
// Without IO; docs/spec/relay.md, Observation.
#pragma once

#include <optional>
#include <vector>

#include "keys/entropy.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/relay/wire.hpp"
#include "protocol/traversal/nat_behaviour.hpp"

namespace drawbridge::relay {

class ObservationRound {
 public:
  struct Question {
    Path path;              // local: only the port, of the socket that asks; 0: the node's own
    Mark transaction = 0;
    bool elsewhere = false; // asks for an answer from where nothing was sent to (RFC 5780 4.4)
    std::optional<SocketAddress> observed;
  };

  // `relay`: its main address, where the question about filtering goes (`with_filtering`); `observers`: as it named
  // them, an unspecified one being at the relay's own address.
  ObservationRound(Instant now, const SocketAddress& relay, const std::vector<SocketAddress>& observers, uint16_t local_port,
                   bool with_filtering, Entropy& entropy);

  // A question that leaves now; valid until the next call that is not const.
  const Question* poll(Instant now);
  // Whether it answers a question of this round.
  bool handle_challenge(const Path& path, const Challenge& challenge);
  Instant next_timeout() const { return over_ ? far_future : next_; }
  // Every question is answered, or has been asked often enough.
  bool over() const { return over_; }

  uint16_t local_port() const { return local_port_; }
  // In the order in which the ports were first asked.
  std::vector<traversal::Observation> observations() const;
  // Nothing: it was not asked for, or nobody has answered anything.
  traversal::Filtering filtering() const;

 private:
  std::vector<Question> questions_;
  uint16_t local_port_;
  size_t turn_ = 0;         // of the questions, in the present repetition
  int repetitions_ = 0;
  Instant next_;
  bool over_ = false;
};

}  // namespace drawbridge::relay
