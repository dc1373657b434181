// Loss in the choice of a path: while a device's connection carries something, its path is sampled; where much is lost,
// it and the next best are measured beside each other. docs/spec/traversal.md, *Loss*.
#include <algorithm>

#include "protocol/peer.hpp"

namespace drawbridge {

using traversal::Candidate;

// A packet of the session has come: there is something to lose.
void Peer::note_traffic(Now now) {
  carrying_ = true;
  if (!is_office() && announced_ && !timers_.armed(Timer::loss)) timers_.set(Timer::loss, now.boot + limits::loss_sample_pause);
}

void Peer::watch_loss(Now now) {
  Candidate* active = candidates_.active();
  if (is_office() || !session_ || !active || suspended_at_ != far_future) return stop_measuring();
  if (measurements_left_ > 0) return measure_loss(now);
  if (!measured_.empty()) return compare_loss(now);
  if (!std::exchange(carrying_, false)) return;
  request_check(now, *active, Question::loss);
  bool suspicious = std::exchange(left_in_silence_, false) || is_suspicious(active->loss, now.boot);
  if ((suspicious && measurements_.take(now.boot)) || candidates_.avoided().any_due(now.boot)) return begin_measuring(now);
  timers_.set(Timer::loss, now.boot + limits::loss_sample_pause);
}

// A direct path that fell silent under traffic may be dead, or lose so much that it will do so again.
void Peer::suspect_loss(Now now) {
  left_in_silence_ = timers_.armed(Timer::loss);
  if (left_in_silence_ && measured_.empty()) carrying_ = true, timers_.set(Timer::loss, now.boot);
}

// The one in use, and of the others those that were left for their losses and those that have answered soonest; of each
// far end the address that answered last.
void Peer::begin_measuring(Now now) {
  const traversal::AvoidedAddresses& avoided = candidates_.avoided();
  std::vector<Candidate*> others;
  for (Candidate& one : candidates_.list()) {
    const SocketAddress& remote = one.path.remote;
    bool answers = one.rtt && now.boot - one.last_answer < limits::loss_answer_age;
    bool worth_it = avoided.contains(remote) ? avoided.due(remote, now.boot) : one.relayed() ? core_.relays.may_send(remote) : answers;
    if (&one != candidates_.active() && worth_it) others.push_back(&one);
  }
  std::stable_sort(others.begin(), others.end(), [](const Candidate* a, const Candidate* b) { return a->last_answer > b->last_answer; });
  std::vector<Candidate*> chosen;
  for (Candidate* one : others) {
    bool same_end = std::any_of(chosen.begin(), chosen.end(), [&](const Candidate* other) { return other->path.remote.ip == one->path.remote.ip; });
    if (!same_end && one->path.remote.ip != candidates_.active()->path.remote.ip) chosen.push_back(one);
  }
  auto rank = [&](const Candidate* one) { return std::pair(!avoided.contains(one->path.remote), one->rtt.value_or(Duration::max())); };
  std::stable_sort(chosen.begin(), chosen.end(), [&](const Candidate* a, const Candidate* b) { return rank(a) < rank(b); });
  if (chosen.size() > limits::loss_others) chosen.resize(limits::loss_others);
  chosen.push_back(candidates_.active());
  measured_.clear();
  for (Candidate* one : chosen) {
    one->loss.clear();
    measured_.push_back(one->path.remote);
  }
  measurements_left_ = limits::loss_checks;
  measure_loss(now);
}

void Peer::measure_loss(Now now) {
  bool choice = measured_.size() > 1;
  if (!choice) return end_measuring(now);
  for (const SocketAddress& remote : measured_) {
    if (Candidate* one = candidates_.find(remote)) request_check(now, *one, Question::loss);
  }
  bool last = --measurements_left_ == 0;
  timers_.set(Timer::loss, now.boot + (last ? Duration(limits::history_answer_patience) : Duration(limits::loss_measure_pause)));
}

// Against the path that is in use by now; the better ones come first.
void Peer::compare_loss(Now now) {
  Candidate* used = candidates_.active();
  bool measured = measuring(used->path.remote);
  Candidate* better = nullptr;
  for (const SocketAddress& remote : measured_) {
    Candidate* one = candidates_.find(remote);
    if (!measured || !one || one == used) continue;
    judge_loss(now, *one, *used);
    bool wanted = !candidates_.avoided().contains(remote) && (candidates_.better_than_active(*one, now.boot) || loses_less(now, *one, *used));
    if (wanted && !better) better = one;
  }
  if (better && loses_less(now, *better, *used)) {
    candidates_.avoided().avoid(used->path.remote, now.boot);
    history_reason_ = traversal::PathReason::loss;
  }
  end_measuring(now);
  if (better) use(now, *better);
}

bool Peer::loses_less(Now now, const Candidate& one, const Candidate& other) const {
  return one.rtt && other.rtt && loses_clearly_less(one.loss, *one.rtt, other.loss, *other.rtt, now.boot);
}

// One that answers hardly at all is dead, not lossy: it is used as soon as it is back.
void Peer::judge_loss(Now now, const Candidate& one, const Candidate& used) {
  auto [lost, of] = one.loss.newest(limits::loss_checks, now.boot);
  bool dead = 3 * lost > 2 * of;
  if (dead || is_clean_again(one.loss, used.loss, now.boot)) candidates_.avoided().forgive(one.path.remote);
  else if (candidates_.avoided().contains(one.path.remote) || loses_less(now, used, one)) candidates_.avoided().avoid(one.path.remote, now.boot);
}

void Peer::end_measuring(Now now) {
  stop_measuring();
  candidates_.avoided().forgive_due(now.boot);
  for (Candidate& one : candidates_.list()) one.loss.clear();
  timers_.set(Timer::loss, now.boot + limits::loss_sample_pause);
}

void Peer::stop_measuring() {
  measured_.clear();
  measurements_left_ = 0;
}

// In another network nothing is lost that was lost here.
void Peer::forget_losses() {
  stop_measuring();
  candidates_.avoided().forget();
  for (Candidate& one : candidates_.list()) one.loss.clear();
}

}  // namespace drawbridge
