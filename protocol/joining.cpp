#include "protocol/joining.hpp"

#include <algorithm>

namespace drawbridge {

Joining::Joining(Core& core, RequestId request, pairing::InvitationLink link, std::string own_name, Now now)
    : core_(core),
      request_(request),
      link_(std::move(link)),
      own_name_(std::move(own_name)),
      keys_(pairing::invitation_keys(link_.secret)),
      attempt_until_(now.boot),
      give_up_at_(now.boot + limits::join_patience) {
  for (const relay::RelayAddress& relay : link_.relays) {
    if (auto mailbox = core_.relays.open(now.boot, relay, link_.secret, relay::End::device)) mailboxes_.push_back(*mailbox);
  }
}

Joining::~Joining() {
  core_.drop(session_);
  for (const SocketAddress& mailbox : mailboxes_) core_.relays.close(mailbox);
}

void Joining::handle_relay_news(Now now, const relay::RelayNews& news) {
  bool ours = std::find(mailboxes_.begin(), mailboxes_.end(), news.mailbox) != mailboxes_.end();
  // A way to the office that the present attempt has not tried.
  if (ours && news.may_send && !answered_ && !over_ && done_cut_ == far_future) begin_attempt(now);
}

void Joining::begin_attempt(Now now) {
  core_.drop(session_);
  attempt_until_ = now.boot + limits::check_retry_first;
  auto counter = core_.running ? core_.next_counter(now) : std::nullopt;
  auto office_key = exchange_public_of(link_.office);
  if (!office_key) return fail({ErrorCode::malformed, "The link names an office that cannot exist.", "Let the office make a new one with `drawbridge pair`."});
  if (!counter) return;
  attempt_until_ = now.boot + limits::attempt_life;
  quic::ClientHello hello;
  hello.versions = core_.config.versions;
  hello.counter = *counter;
  hello.boot_id = core_.boot_id();
  session_ = core_.carry(this, quic::End::device, now.boot);
  for (const SocketAddress& address : link_.addresses) session_->fan_out.push_back(Path{{}, address});
  for (const SocketAddress& mailbox : mailboxes_) {
    if (core_.relays.may_send(mailbox)) session_->fan_out.push_back(Path{{}, mailbox});
  }
  quic::DeviceHandshake handshake(quic::Purpose::pair, core_.identity(), link_.office, *office_key, keys_.psk, core_.entropy);
  session_->session->initiate(now.boot, keys_, std::move(handshake), std::move(hello));
  core_.update_routes(*session_);
}

void Joining::handle_session_packet(Now, Carried& carried, const Path& path, bool) {
  if (carried.session->connection().established() && !carried.path) carried.path = Path{{}, path.remote};
}

void Joining::settle(Now now, Carried& carried) {
  carried.may_send = true;
  carried.session->settle(now.boot);
  core_.update_routes(carried);
  while (auto event = carried.session->poll_event()) {
    if (std::holds_alternative<session_event::Ready>(*event)) {
      answered_ = true;
      attempt_until_ = now.boot + limits::handshake_timeout;
      Signature signature = sign(core_.identity(), pairing::signature_text(carried.session->connection().handshake_hash()));
      carried.session->send(tunnel::PairRequest{core_.identity().id, own_name_, signature});
    } else if (const auto* control = std::get_if<session_event::Control>(&*event)) {
      handle_control(now, control->message);
    }
  }
  const quic::Connection& connection = carried.session->connection();
  if (!connection.closed()) return;
  bool upgrade = connection.close_code() == quic::CloseCode::upgrade_needed;
  core_.drop(session_);
  if (upgrade) fail({ErrorCode::state, "This device and the office have no common version.", "Update Drawbridge on the older of the two."});
  // A close that anybody else caused is one more try; `handle_timeout` gives up in the end.
  else if (done_cut_ != far_future) over_ = true;
}

void Joining::handle_control(Now now, const tunnel::ControlMessage& message) {
  if (const auto* grant = std::get_if<tunnel::PairGrant>(&message)) return handle_grant(now, *grant);
  session_->session->close(quic::CloseCode::misbehaved, "unexpected control message");
}

void Joining::handle_grant(Now now, const tunnel::PairGrant& grant) {
  if (granted_) return;
  roster::Relation relation;
  relation.key = {PeerRole::office, link_.office};
  relation.name = grant.office_name;
  relation.psk = session_->session->connection().secrets().next_psk;
  relation.paired_at = now.wall;
  relation.certificate = grant.certificate;
  if (!relay::is_relayed(session_->path->remote)) relation.addresses = {session_->path->remote};
  for (const SocketAddress& address : link_.addresses) {
    if (relation.addresses.empty() || address != relation.addresses.front()) relation.addresses.push_back(address);
  }
  relation.relays = link_.relays;
  core_.journal.put(roster::to_row(relation));
  granted_ = std::move(relation);
  core_.journal.then([this, alive = std::weak_ptr<bool>(alive_)](Now later, const std::optional<Error>& error) {
    if (alive.expired()) return;
    if (error) {
      core_.journal.put(roster::deleted(RowKind::relation, roster::relation_key_bytes(granted_->key)));
      return fail(*error);
    }
    paired_ = std::move(granted_);
    done_cut_ = later.boot + limits::revoked_notice;
    if (!session_) return;
    session_->session->send(tunnel::PairDone{});
    session_->may_send = true;
  });
}

void Joining::fail(Error error) {
  failure_ = std::move(error);
  over_ = true;
}

void Joining::handle_timeout(Now now) {
  if (session_ && session_->session->next_timeout() <= now.boot) {
    session_->session->handle_timeout(now.boot);
    settle(now, *session_);
  }
  if (over_) return;
  if (now.boot >= done_cut_) {
    over_ = true;
  } else if (now.boot >= give_up_at_ && done_cut_ == far_future) {
    if (answered_) return fail({ErrorCode::unreachable, "The office answered but did not finish the pairing.", "Try again; if it persists, look at the office's log."});
    fail({ErrorCode::unreachable, "The office did not answer.",
          "Check that the office is on and in the same network, and that the link is not used or older than it says; `drawbridge pair` makes a new one."});
  } else if (now.boot >= attempt_until_ && done_cut_ == far_future && !granted_) {
    begin_attempt(now);
  }
}

Instant Joining::next_timeout() const {
  Instant next = std::min(done_cut_, give_up_at_);
  if (!granted_ && done_cut_ == far_future) next = std::min(next, attempt_until_);
  return session_ ? std::min(next, session_->session->next_timeout()) : next;
}

Transmit Joining::poll_transmit(Now now, MutableBytes buffer) {
  if (!session_) return {};
  Transmit out = core_.transmit(now, *session_, buffer);
  if (out.length > 0) return out;
  if (done_cut_ != far_future && !over_ && session_->session->control_acknowledged()) {
    over_ = true;
    session_->session->close(quic::CloseCode::done, "");
    session_->may_send = true;
    return core_.transmit(now, *session_, buffer);
  }
  return {};
}

}  // namespace drawbridge
