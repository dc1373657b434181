#include "protocol/traversal/loss_count.hpp"

#include <algorithm>

namespace drawbridge::traversal {

void LossCount::note_sent(uint64_t transaction, Instant now) { checks_[next_++ % checks_.size()] = {transaction, now, false}; }

bool LossCount::asked(uint64_t transaction) const {
  return transaction != 0 && std::any_of(checks_.begin(), checks_.end(), [&](const Check& check) { return check.transaction == transaction && !check.answered; });
}

std::optional<Duration> LossCount::note_answer(uint64_t transaction, Instant now) {
  for (Check& check : checks_) {
    if (transaction == 0 || check.transaction != transaction || check.answered) continue;
    check.answered = true;
    return now - check.sent;
  }
  return std::nullopt;
}

LossCount::Share LossCount::newest(size_t count, Instant now) const {
  Share share;
  for (size_t i = 1; i <= std::min(next_, checks_.size()) && share.of < count; ++i) {
    const Check& check = checks_[(next_ - i) % checks_.size()];
    if (!check.answered && now - check.sent < limits::history_answer_patience) continue;
    ++share.of;
    share.lost += !check.answered;
  }
  return share;
}

bool is_suspicious(const LossCount& used, Instant now) {
  return used.newest(limits::loss_samples, now).lost >= limits::loss_suspicious;
}

bool loses_clearly_less(const LossCount& other, Duration other_rtt, const LossCount& used, Duration used_rtt, Instant now) {
  if (other_rtt > limits::loss_round_trip_factor * used_rtt + limits::loss_round_trip_slack) return false;
  return other.newest(limits::loss_checks, now).lost + limits::loss_gain <= used.newest(limits::loss_checks, now).lost;
}

bool is_clean_again(const LossCount& left, const LossCount& used, Instant now) {
  LossCount::Share there = left.newest(limits::loss_checks, now);
  return there.of > 0 && there.lost <= used.newest(limits::loss_checks, now).lost + limits::loss_forgiven;
}

}  // namespace drawbridge::traversal
