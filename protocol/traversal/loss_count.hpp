// How many of the newest checks on one path were lost, of those sent for that purpose; and what follows for the choice
// of a path. docs/spec/traversal.md, *Loss*.
#pragma once

#include <array>
#include <optional>

#include "protocol/base/limits.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge::traversal {

class LossCount {
 public:
  void note_sent(uint64_t transaction, Instant now);
  bool asked(uint64_t transaction) const;
  // The round trip; nothing: no check of these, or answered already.
  std::optional<Duration> note_answer(uint64_t transaction, Instant now);
  void clear() { *this = {}; }

  // Of the newest `count` that were answered or had limits::history_answer_patience.
  struct Share {
    size_t lost = 0, of = 0;
  };
  Share newest(size_t count, Instant now) const;

 private:
  struct Check {
    uint64_t transaction = 0;  // 0: none
    Instant sent{};
    bool answered = false;
  };
  std::array<Check, limits::loss_checks> checks_;
  size_t next_ = 0;
};

// Whether a path in use loses so much that it is worth measuring it and others beside each other.
bool is_suspicious(const LossCount& used, Instant now);
// After such a measurement: `other` loses so much less that its longer round trip is worth it.
bool loses_clearly_less(const LossCount& other, Duration other_rtt, const LossCount& used, Duration used_rtt, Instant now);
// A path that was left for its losses has none any more that the one in use has not.
bool is_clean_again(const LossCount& left, const LossCount& used, Instant now);

}  // namespace drawbridge::traversal
