#include "protocol/relay/observation_round.hpp"

#include <algorithm>

namespace drawbridge::relay {

ObservationRound::ObservationRound(Instant now, const SocketAddress& relay, const std::vector<SocketAddress>& observers,
                                   uint16_t local_port, bool with_filtering, Entropy& entropy)
    : local_port_(local_port), next_(now) {
  SocketAddress local;
  local.port = local_port;
  auto ask = [&](const SocketAddress& far_end, bool elsewhere) {
    questions_.push_back({{local, far_end}, entropy.u64(), elsewhere, {}});
  };
  for (SocketAddress observer : observers) {
    if (observer.is_unspecified()) observer.ip = relay.ip;
    if (observer.is_v4() == relay.is_v4() && observer != relay) ask(observer, false);
  }
  if (with_filtering) ask(relay, true);
  over_ = questions_.empty();
}

const ObservationRound::Question* ObservationRound::poll(Instant now) {
  if (over_ || now < next_) return nullptr;
  if (repetitions_ == limits::observation_tries) {
    over_ = true;
    return nullptr;
  }
  while (turn_ < questions_.size() && questions_[turn_].observed) ++turn_;
  if (turn_ < questions_.size()) return &questions_[turn_++];
  turn_ = 0;
  ++repetitions_;
  next_ = now + limits::observation_retry;
  return nullptr;
}

bool ObservationRound::handle_challenge(const Path& path, const Challenge& challenge) {
  for (Question& question : questions_) {
    if (question.transaction != challenge.mark || over_) continue;
    bool asked_there = path.remote.ip == question.path.remote.ip && (path.remote.port == question.path.remote.port) != question.elsewhere;
    bool own = local_port_ == 0 || path.local.port == local_port_;
    if (!asked_there || !own) return false;
    question.observed = challenge.observed;
    over_ = std::all_of(questions_.begin(), questions_.end(), [](const Question& q) { return q.observed.has_value(); });
    return true;
  }
  return false;
}

std::vector<traversal::Observation> ObservationRound::observations() const {
  std::vector<traversal::Observation> out;
  for (const Question& question : questions_) {
    if (question.observed && !question.elsewhere) out.push_back({question.path.remote, *question.observed});
  }
  return out;
}

traversal::Filtering ObservationRound::filtering() const {
  auto unasked = std::find_if(questions_.begin(), questions_.end(), [](const Question& q) { return q.elsewhere; });
  if (unasked == questions_.end() || observations().empty()) return traversal::Filtering::unknown;
  return unasked->observed ? traversal::Filtering::independent_of_port : traversal::Filtering::address_and_port_dependent;
}

}  // namespace drawbridge::relay
