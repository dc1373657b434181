// LAN discovery: a device asks everybody in its network, and the one office that can read the question answers.
#include "protocol/peer.hpp"

namespace drawbridge {

using traversal::CheckKind;
using traversal::ConnectivityCheck;

// The counter is message 1's: the office has it on disk before it answers, so a replay meets silence even after a power
// cut. Each group has a question of its own, since a firewall may let one family pass and not the other.
void Peer::look_on_lan(Now now) {
  if (is_office() || !core_.running || !lan_search_.due(now.boot, now.boot - down_since_)) return;
  ConnectivityCheck question{.kind = CheckKind::looking, .sender_boot = core_.boot_id(), .receiver_boot = record_.peer_boot};
  question.transaction = lan_search_.begin(core_.entropy);
  for (const SocketAddress& group : traversal::lan_groups()) {
    auto counter = core_.next_counter(now);
    if (!counter) return;
    question.counter = *counter;
    core_.send(Path{{}, group}, traversal::seal_check(question, check_out_, 0, core_.entropy));
  }
}

// Office. Once for each question, to where it came from, and with no more bytes than it had.
void Peer::handle_looking(Now now, const Path& path, const ConnectivityCheck& question) {
  bool deaf = !is_office() || ending() || core_.shutting_down || core_.displaced();
  if (deaf || question.counter <= record_.counter || !handshakes_.take(now.boot)) return;
  record_.counter = question.counter;
  save();
  ConnectivityCheck answer{.kind = CheckKind::here, .sender_boot = core_.boot_id(), .receiver_boot = question.sender_boot};
  answer.transaction = question.transaction;
  answer.observed = path.remote;
  core_.journal.then([this, answer, remote = path.remote, alive = std::weak_ptr<bool>(alive_)](Now, const std::optional<Error>& error) {
    if (alive.expired() || error) return;
    core_.send(Path{{}, remote}, traversal::seal_check(answer, check_out_, 0, core_.entropy));
  });
}

// Device. An address to try like any other: whoever repeats an answer from elsewhere gains one check or first packet.
void Peer::handle_here(Now now, const Path& path, const ConnectivityCheck& answer) {
  bool wanted = !is_office() && !ending() && (!session_ || suspended_at_ != far_future);
  if (!wanted || answer.receiver_boot != core_.boot_id() || !lan_search_.take_answer(answer.transaction)) return;
  bool known = candidates_.find(path.remote) != nullptr;
  traversal::Candidate& candidate = candidates_.add(Path{{}, path.remote});
  if (session_ && answer.sender_boot == record_.peer_boot) return request_check(now, candidate, Question::probe);
  if (!known) connect(now);
}

}  // namespace drawbridge
