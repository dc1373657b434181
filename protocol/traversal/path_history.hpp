// PathHistory: what was tried to reach one peer and what came of it, for people who ask why. Nothing is decided by it.
//
// A candidate pair (RFC 8445 2.1) is one address of ours and one of the peer's; a relay's mailbox counts as an address.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/address.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge::traversal {

// Why the path in use changed, or is none any more.
enum class PathReason : uint8_t {
  first,        // nothing was in use, and this answered
  silent,       // the one before did not answer any more; without a new one: nothing answers
  direct,       // a direct path instead of a relayed one
  faster,       // a clearly shorter round trip
  nominated,    // office: the device chose it
  back,         // it answers again
  ended,        // the connection is over
  loss,         // the one before lost too much
};
const char* name_of(PathReason reason);

enum class CandidateKind : uint8_t { host, outside, relayed };
const char* name_of(CandidateKind kind);

// Of the far end: in a private network, on the internet, or a relay's mailbox.
CandidateKind kind_of(const SocketAddress& remote);

struct CandidatePair {
  Path path;
  std::string relay;                    // URL; empty: direct
  WallTime first_asked;
  uint64_t asked = 0, answered = 0;     // checks, without those that try large packets
  std::optional<Duration> rtt;          // of the newest answer
  std::optional<Duration> best_rtt;
  std::optional<WallTime> last_answer;
  Instant last_change{};                // asked or answered
  bool in_use = false;
  std::optional<PathReason> left;       // why it is not in use any more
  std::optional<WallTime> left_at;

  // The share of the newest checks that nothing has answered within a second; nothing before one could have been.
  std::optional<double> loss(Instant now) const;

  struct Check {
    uint64_t transaction = 0;           // 0: none
    Instant sent{};
    bool answered = false;
  };
  std::array<Check, limits::history_checks> checks;
  size_t next_check = 0;
};

struct PathTransition {
  WallTime at;
  std::optional<SocketAddress> remote;  // from now on; none: no path is in use
  std::string relay;                    // URL of its relay; empty: direct
  PathReason reason{};
};

class PathHistory {
 public:
  // `relay`: the URL of the relay that the path takes; empty: direct.
  void note_asked(Now now, const Path& path, const std::string& relay, uint64_t transaction);
  void note_answer(Now now, const SocketAddress& remote, uint64_t transaction);
  // From now on `remote` is in use. The same as before: nothing is noted, unless it had been left.
  void note_use(Now now, const SocketAddress& remote, const std::string& relay, PathReason reason);
  void note_none(Now now, PathReason reason);

  const std::vector<CandidatePair>& pairs() const { return pairs_; }        // at most limits::history_pairs
  const std::deque<PathTransition>& transitions() const { return transitions_; }  // oldest first, at most limits::history_transitions
  const CandidatePair* in_use() const;

 private:
  CandidatePair* find(const SocketAddress& remote);
  CandidatePair& pair_for(Now now, const Path& path, const std::string& relay);
  void leave(Now now, PathReason reason);

  std::vector<CandidatePair> pairs_;
  std::deque<PathTransition> transitions_;
};

}  // namespace drawbridge::traversal
