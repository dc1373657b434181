// Mailboxes on relays: which are open, and what a relay's news about them is worth.
#include <algorithm>

#include "protocol/peer.hpp"

namespace drawbridge {

using traversal::CheckKind;
using traversal::ConnectivityCheck;

void Peer::open_mailboxes(Now now) {
  const auto& wanted = is_office() ? core_.own_relays : record_.relays;
  if (revoked() || left_) return close_mailboxes();
  std::erase_if(mailboxes_, [&](const auto& entry) {
    bool stays = std::find(wanted.begin(), wanted.end(), entry.first) != wanted.end();
    if (!stays) core_.relays.close(entry.second);
    return !stays;
  });
  for (const relay::RelayAddress& relay : wanted) {
    bool there = std::any_of(mailboxes_.begin(), mailboxes_.end(), [&](const auto& entry) { return entry.first == relay; });
    auto mailbox = there ? std::nullopt : core_.relays.open(now.boot, relay, record_.psk, is_office() ? relay::End::office : relay::End::device);
    if (mailbox) mailboxes_.emplace_back(relay, *mailbox);
  }
}

void Peer::close_mailboxes() {
  for (const auto& [relay, mailbox] : mailboxes_) core_.relays.close(mailbox);
  mailboxes_.clear();
}

// It does not answer: if it carries the connection, all other ways are asked at once, other relays among them. The other
// end, which may notice later, is asked by them, too.
void Peer::leave_relay(Now now, const SocketAddress& mailbox) {
  bool in_use = session_ && suspended_at_ == far_future && session_->path && session_->path->remote == mailbox;
  if (!in_use) return;
  for (const auto& [relay, other] : mailboxes_) {
    if (other != mailbox && core_.relays.may_send(other)) candidates_.add(Path{{}, other});
  }
  check_all(now);
}

// The relay's word is a hint: what counts is what answers a sealed check or a handshake.
void Peer::handle_relay_news(Now now, const relay::RelayNews& news) {
  bool ours = std::any_of(mailboxes_.begin(), mailboxes_.end(), [&](const auto& entry) { return entry.second == news.mailbox; });
  if (!ours || revoked()) return;
  if (!news.may_send) return leave_relay(now, news.mailbox);
  Path path{{}, news.mailbox};
  if (is_office()) {
    if (!session_ && news.joined) send_check(now, path, ConnectivityCheck{.kind = CheckKind::restarted});
    return;
  }
  if (session_ && !news.renewed && suspended_at_ == far_future) {
    request_check(now, candidates_.add(path), Question::probe);
    return;
  }
  constexpr Duration fresh = 1s;
  bool tried = attempt_ && now.boot - attempt_->started < fresh &&
               std::any_of(attempt_->fan_out.begin(), attempt_->fan_out.end(), [&](const Path& p) { return p.remote == news.mailbox; });
  if (session_) request_check(now, candidates_.add(path), Question::probe);
  if (tried && !news.renewed) return;
  down_since_ = now.boot;
  connect(now);
}

}  // namespace drawbridge
