#include "protocol/invitation.hpp"

#include <algorithm>

namespace drawbridge {
namespace {

constexpr size_t sessions_longest = 4;

// The ephemeral key that message 1 begins with tells a replay from a new try.
uint64_t mark_of(ByteView message1) {
  uint64_t mark = 0;
  for (size_t i = 0; i < 8 && i < message1.size(); ++i) mark = mark << 8 | message1[i];
  return mark;
}

}  // namespace

Invitation::Invitation(Core& core, roster::Invitation record)
    : core_(core), record_(std::move(record)), keys_(pairing::invitation_keys(record_.secret)) {
  if (record_.pending) pending_keys_ = quic::derive_pair_keys(record_.pending->psk);
}

Invitation::~Invitation() {
  core_.half_open -= sessions_.size();
  for (auto& session : sessions_) core_.drop(session);
  for (const SocketAddress& mailbox : mailboxes_) core_.relays.close(mailbox);
}

void Invitation::give_by_code(Now now, pairing::ShortCodeOffer offer) {
  code_ = std::make_unique<CodeGiver>(core_, record_.id, std::move(offer));
  code_->open_mailboxes(now.boot);
}

void Invitation::open_mailboxes(Now now) {
  for (const relay::RelayAddress& relay : core_.own_relays) {
    if (auto mailbox = core_.relays.open(now.boot, relay, record_.secret, relay::End::office)) mailboxes_.push_back(*mailbox);
  }
}

Carried* Invitation::find(uint64_t handle) {
  for (auto& session : sessions_) {
    if (session->handle == handle) return session.get();
  }
  return nullptr;
}

void Invitation::handle_knock(Now now, const Path& path, ByteView datagram, const quic::FirstInitial& form) {
  if (done_ || spent_ || expired(now.wall) || core_.shutting_down || core_.displaced() || !handshakes_.take(now.boot)) return;
  auto message1 = quic::open_first_initial(datagram, form, keys_.knock);
  if (!message1) return;
  uint64_t mark = mark_of(*message1);
  if (std::find(record_.seen.begin(), record_.seen.end(), mark) != record_.seen.end()) return;
  if (record_.seen.size() >= limits::invitation_tries || core_.half_open >= limits::half_open_handshakes) return;
  auto handshake = quic::OfficeHandshake::read(*message1, quic::Purpose::pair, core_.identity(), {}, keys_.psk, core_.entropy);
  if (!handshake) return;
  if (record_.claimed_by && *record_.claimed_by != handshake->device_key()) {
    core_.emit(event::Refused{std::nullopt, "another device tried an invitation that is in use"});
    core_.audit(now, audit::RecordType::refused, nullptr, record_.name, "", "another device tried an invitation that is in use");
    return;
  }
  record_.seen.push_back(mark);
  save();
  answer(now, path, datagram, std::move(*handshake));
}

void Invitation::answer(Now now, const Path& path, ByteView datagram, quic::OfficeHandshake handshake) {
  while (sessions_.size() >= sessions_longest) {
    core_.drop(sessions_.front());
    sessions_.erase(sessions_.begin());
    --core_.half_open;
  }
  auto carried = core_.carry(this, quic::End::office, now.boot);
  carried->path = path;
  uint64_t handle = carried->handle;
  device_keys_[handle] = handshake.device_key();
  quic::ServerHello hello;
  hello.boot_id = core_.boot_id();
  hello.handle = handle;
  if (!core_.shares_version(handshake.hello().versions)) hello.answer = quic::Answer::upgrade_needed;
  if (!carried->session->accept(now.boot, datagram, keys_, std::move(handshake), std::move(hello))) return;
  carried->session->hold_output(true);
  quic::ConnectionId first(quic::parse_first_initial(datagram)->dcid);
  core_.routes[first] = carried.get();
  carried->routes.push_back(first);
  Carried* waiting = carried.get();
  sessions_.push_back(std::move(carried));
  ++core_.half_open;
  waiting->session->handle_packet(now.boot, 0, datagram);
  core_.update_routes(*waiting);
  core_.journal.then([this, handle, alive = std::weak_ptr<bool>(alive_)](Now, const std::optional<Error>& error) {
    Carried* held = alive.expired() || error ? nullptr : find(handle);
    if (!held) return;
    held->session->hold_output(false);
    held->may_send = true;
  });
}

// As Peer: the first packet may have come by a way that leads in only.
void Invitation::handle_session_packet(Now, Carried& carried, const Path& path, bool authentic) {
  if (authentic || !carried.session->connection().established()) carried.path = path;
}

void Invitation::settle(Now now, Carried& carried) {
  carried.may_send = true;
  carried.session->settle(now.boot);
  core_.update_routes(carried);
  while (auto event = carried.session->poll_event()) {
    if (std::holds_alternative<session_event::Ready>(*event)) finished(now, carried);
    const auto* control = std::get_if<session_event::Control>(&*event);
    if (!control) continue;
    if (const auto* request = std::get_if<tunnel::PairRequest>(&control->message)) handle_request(now, carried, *request);
    else if (std::holds_alternative<tunnel::PairDone>(control->message)) mark_done();
  }
  for (auto& session : sessions_) {
    if (!session->session->connection().closed()) continue;
    core_.drop(session);
    --core_.half_open;
  }
  std::erase(sessions_, nullptr);
}

void Invitation::finished(Now, Carried& carried) {
  const ExchangePublic& key = device_keys_[carried.handle];
  if (record_.claimed_by && *record_.claimed_by != key) {
    carried.session->close(quic::CloseCode::failed, "", true);
    return;
  }
  record_.claimed_by = key;
  save();
}

void Invitation::handle_request(Now now, Carried& carried, const tunnel::PairRequest& request) {
  auto& connection = carried.session->connection();
  auto exchange = exchange_public_of(request.device);
  bool proved = exchange && *exchange == device_keys_[carried.handle] && request.device != core_.identity().id &&
                verify(request.device, pairing::signature_text(connection.handshake_hash()), request.signature);
  if (!proved) return connection.close(quic::CloseCode::misbehaved, "the device's id is not proved");
  // Another handshake of the same device was faster: it is paired.
  if (done_ || spent_) return connection.close(quic::CloseCode::done, "");
  roster::Relation relation;
  relation.key = {PeerRole::device, request.device};
  relation.name = record_.name.empty() ? request.name : record_.name;
  relation.psk = connection.secrets().next_psk;
  relation.paired_at = now.wall;
  relation.grants = record_.grants;
  if (carried.path && !relay::is_relayed(carried.path->remote)) relation.addresses = {carried.path->remote};
  pairing::Certificate certificate{core_.identity().id, request.device, relation.name, now.wall.unix_ms};
  relation.certificate = pairing::certificate_text(certificate);
  append(relation.certificate, sign(core_.identity(), relation.certificate));
  pending_keys_ = quic::derive_pair_keys(relation.psk);
  record_.pending = std::move(relation);
  save();
  core_.journal.then([this, handle = carried.handle, alive = std::weak_ptr<bool>(alive_)](Now later, const std::optional<Error>& error) {
    Carried* waiting = alive.expired() || error ? nullptr : find(handle);
    if (!waiting || !record_.pending) return;
    grant(*waiting);
    settle(later, *waiting);
  });
}

void Invitation::grant(Carried& carried) {
  carried.session->send(tunnel::PairGrant{core_.config.name, record_.pending->name, record_.pending->certificate});
}

std::optional<roster::Relation> Invitation::take_done() {
  if (!done_ || !record_.pending) return std::nullopt;
  done_ = false;
  spent_ = true;
  pending_keys_.reset();
  return std::exchange(record_.pending, std::nullopt);
}

void Invitation::handle_timeout(Now now) {
  for (size_t i = 0; i < sessions_.size(); ++i) {
    Carried* carried = sessions_[i].get();
    if (carried->session->next_timeout() > now.boot) continue;
    carried->session->handle_timeout(now.boot);
    settle(now, *carried);
    if (i < sessions_.size() && sessions_[i].get() != carried) --i;
  }
}

Instant Invitation::next_timeout() const {
  Instant next = far_future;
  for (const auto& session : sessions_) next = std::min(next, session->session->next_timeout());
  return next;
}

Transmit Invitation::poll_transmit(Now now, MutableBytes buffer) {
  for (auto& session : sessions_) {
    Transmit out = core_.transmit(now, *session, buffer);
    if (out.length > 0) return out;
  }
  return {};
}

}  // namespace drawbridge
