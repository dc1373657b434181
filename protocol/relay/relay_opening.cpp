// HELLO, OPEN and CONTROL: how a client comes to have ends of mailboxes.
#include "protocol/relay/mailbox_key.hpp"
#include "protocol/relay/relay_server.hpp"

namespace drawbridge::relay {

std::optional<size_t> RelayServer::knocks(ByteView knocked, const std::array<uint8_t, 8>& tag) const {
  for (size_t i = 0; i < knocks_.size(); ++i) {
    if (knocks_[i].matches(knocked, tag)) return i;
  }
  return std::nullopt;
}

bool RelayServer::welcomes(ByteView datagram) const {
  auto hello = parse_hello(datagram);
  return hello && hello->version >= version && !draining_ && knocks(knocked_part(*hello), hello->knock).has_value();
}

const SocketAddress* bound_to(const std::vector<SocketAddress>& bound, const SocketAddress& local) {
  for (const SocketAddress& one : bound) {
    bool address = one.is_unspecified() ? one.is_v4() == local.is_v4() : one.ip == local.ip;
    if (address && one.port == local.port) return &one;
  }
  return nullptr;
}

void RelayServer::observe(std::vector<SocketAddress> observers, std::vector<SocketAddress> unasked) {
  told_observers_.clear();
  for (SocketAddress observer : observers) {
    if (observer.is_unspecified()) observer.ip = {};
    bool told = std::find(told_observers_.begin(), told_observers_.end(), observer) != told_observers_.end();
    if (!told && told_observers_.size() < limits::relay_observers) told_observers_.push_back(observer);
  }
  observers_ = std::move(observers);
  unasked_ = std::move(unasked);
}

// An observation port answers what the main port would answer without state, and is silent to all else.
void RelayServer::handle_observed(Instant now, const Link& link, size_t segment_size, ByteView bytes) {
  for (size_t at = 0; at < bytes.size(); at += segment_size) {
    ++counters_.datagrams_in;
    ByteView datagram = bytes.subspan(at, std::min(segment_size, bytes.size() - at));
    message_of(datagram) == Message::hello ? handle_hello(now, link, datagram) : void(++counters_.dropped_stranger);
  }
}

// A port of the same address that the client has not written to.
std::optional<Link> RelayServer::elsewhere(const Link& link) const {
  for (const SocketAddress& one : unasked_) {
    bool carries = one.is_unspecified() ? one.is_v4() == link.path.local.is_v4() : one.ip == link.path.local.ip;
    if (!carries || link.stream) continue;
    Link out = link;
    out.path.local.port = one.port;
    return out;
  }
  return std::nullopt;
}

void RelayServer::handle_hello(Instant now, const Link& link, ByteView datagram) {
  ++counters_.hellos;
  if (!hellos_.take(now)) return void(++counters_.dropped_rate);
  if (!welcomes(datagram)) return void(++counters_.dropped_stranger);
  auto hello = parse_hello(datagram);
  auto from = hello->elsewhere ? elsewhere(link) : std::optional(link);
  if (!from) return void(++counters_.dropped_stranger);
  ++counters_.challenges;
  challenge(now, *from, hello->transaction, hello->ephemeral, *knocks(knocked_part(*hello), hello->knock));
}

void RelayServer::challenge(Instant now, const Link& link, Mark mark, const ExchangePublic& ephemeral, size_t access) {
  Challenge out{mark, cookies_.bake(now, link, ephemeral), link.path.remote};
  out.tag = knocks_[access].knock(knocked_part(out));
  answer(link, encode(out));
}

// With several tokens the right one is the one whose session has the message's mark.
std::optional<SessionKeys> RelayServer::keys_for(const OpenHeader& header, size_t& access) const {
  for (access = 0; access < knocks_.size(); ++access) {
    const Secret32& secret = config_.access.empty() ? Secret32() : config_.access[access];
    auto keys = agree(config_.identity.exchange_key, header.ephemeral, id(), header.ephemeral, secret);
    if (keys && keys->mark == header.mark) return keys;
  }
  return std::nullopt;
}

void RelayServer::handle_open(Instant now, const Link& link, ByteView datagram) {
  auto header = parse_open(datagram);
  if (!header || !cookies_.accepts(now, link, header->ephemeral, header->cookie))
    return void(++counters_.dropped_stranger);
  Association* association = find(header->mark);
  Bytes bytes;
  if (association) {
    auto opened = open_body(datagram, open_header_size, header->counter, association->keys.to_relay);
    if (!opened || !association->link.same_client(link) || !association->window.accept(header->counter))
      return void(++counters_.dropped_stranger);
    bytes = std::move(*opened);
  } else if (!(association = associate(now, link, *header, datagram, bytes))) {
    return;
  }
  auto body = parse_control_body(bytes);
  if (!body || body->kind != ControlKind::items) return void(++counters_.dropped_stranger);
  association->introduce = true;
  association->answers = header->counter;
  uint32_t slot = association->slot;
  handle_body(now, *association, *body, link);
  // Somebody has repeated the OPEN of a session that is over.
  if (!body->items.empty() && slots_[slot]->all_stale()) end(now, *slots_[slot]);
}

Association* RelayServer::associate(Instant now, const Link& link, const OpenHeader& header, ByteView datagram,
                                    Bytes& body) {
  AddressRecord* record = record_for(now, link.path.remote);
  if (!record || record->associations >= config_.limits.associations_per_address ||
      by_mark_.size() >= config_.limits.associations) {
    ++counters_.refused_full;
    return nullptr;
  }
  if (!record->openings.take(now) || !openings_.take(now)) {
    ++counters_.dropped_rate;
    return nullptr;
  }
  size_t access = 0;
  auto keys = keys_for(header, access);
  auto opened = keys ? open_body(datagram, open_header_size, header.counter, keys->to_relay) : std::nullopt;
  if (!opened || header.counter == 0) {
    ++counters_.dropped_stranger;
    return nullptr;
  }
  body = std::move(*opened);
  ++counters_.openings;
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
    expires_.push_back(far_future);
  }
  uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot] = std::make_unique<Association>();
  Association& association = *slots_[slot];
  association.slot = slot;
  association.link = link;
  association.keys = std::move(*keys);
  association.ephemeral = header.ephemeral;
  association.access = access;
  association.address = record;
  association.window.accept(header.counter);
  ++record->associations;
  by_mark_[association.keys.mark] = slot;
  if (link.stream) by_stream_[link.stream].push_back(slot);
  return &association;
}

void RelayServer::handle_control(Instant now, const Link& link, ByteView datagram) {
  auto header = parse_control(datagram);
  if (!header) return void(++counters_.dropped_stranger);
  Association* association = find(header->mark);
  if (!association) {
    ++counters_.dropped_stranger;
    // Only who knows the relay's key is told that its state is gone.
    if (knocks(knocked_part(*header), header->knock) && hellos_.take(now))
      answer(link, encode_gone({header->mark, header->counter}));
    return;
  }
  if (!association->control.take(now)) return void(++counters_.dropped_rate);
  auto bytes = open_body(datagram, control_header_size, header->counter, association->keys.to_relay);
  auto body = bytes ? parse_control_body(*bytes) : std::nullopt;
  if (!body) return void(++counters_.dropped_stranger);
  if (body->kind == ControlKind::move) {
    if (link.stream || association->link.stream || !cookies_.accepts(now, link, association->ephemeral, *body->cookie))
      return void(++counters_.dropped_stranger);
  } else if (!association->link.same_client(link)) {
    return ask_to_move(now, *association, link, datagram.size());
  }
  if (!association->window.accept(header->counter)) return void(++counters_.dropped_stranger);
  if (body->kind != ControlKind::seen) association->answers = header->counter;
  handle_body(now, *association, *body, link);
}

void RelayServer::handle_body(Instant now, Association& association, const ControlBody& body, const Link& link) {
  auto keepalive = std::clamp<Duration>(std::chrono::seconds(body.keepalive_s), 1s, limits::relay_keepalive_longest);
  association.patience = 3 * keepalive + limits::relay_patience;
  expires_[association.slot] = now + association.patience;
  association.seen = std::max(association.seen, std::min(body.seen, association.number));
  switch (body.kind) {
    case ControlKind::bye: return end(now, association);
    case ControlKind::seen: return;
    case ControlKind::move:
      if (!association.link.same_client(link)) ++counters_.moved;
      association.link = link;
      break;
    case ControlKind::items:
      association.retry_s = 0;
      for (const Item& item : body.items) apply_item(now, association, item);
      break;
    case ControlKind::locate: association.locate = body.items[0].channel; break;
    case ControlKind::ping: break;
  }
  association.link.path.local = link.path.local;
  tell(association);
}

void RelayServer::apply_item(Instant now, Association& association, const Item& item) {
  if (item.end == End::none) return leave(now, association, item.channel, Status::none);
  if (association.channels.size() <= item.channel) association.channels.resize(item.channel + size_t{1});
  Channel& channel = association.channels[item.channel];
  bool repeated = channel.mailbox && channel.mailbox->id == item.mailbox && channel.end == item.end && channel.number >= item.number;
  if (repeated) return;
  if (channel.mailbox) leave(now, association, item.channel, Status::none);
  Status status = open_end(now, association, item);
  if (status == Status::waiting) return;
  channel.status = status;
  ++association.number;
}

Status RelayServer::open_end(Instant now, Association& association, const Item& item) {
  if (!association.address->signatures.take(now) || !signatures_.take(now)) {
    ++counters_.dropped_rate;
    association.retry_s = 2;
    return Status::full;
  }
  if (!proves(item, id(), association.keys.binding)) {
    ++counters_.refused_proof;
    return Status::refused_proof;
  }
  Mailbox* mailbox = mailbox_for(now, association, item.mailbox);
  if (!mailbox) {
    ++counters_.refused_full;
    association.retry_s = 30;
    return Status::full;
  }
  return seize_end(now, association, item, *mailbox);
}

namespace {

// Whether another instance may take this end from the one that has it; if so, it is counted. Two copies that take turns
// come back, each as the instance that it was; a program that is started anew is a new instance each time.
bool may_displace(Instant now, MailboxEnd& end, uint64_t instance) {
  constexpr int weight_of_return = 10, bound = weight_of_return * limits::relay_displacements;
  if (now - end.displaced_since > limits::relay_displacement_window) end.displacements = 0, end.displaced_since = now;
  if (end.displacements >= bound) return false;
  bool returns = std::find(end.displaced.begin(), end.displaced.end(), instance) != end.displaced.end();
  end.displacements += returns ? weight_of_return : 1;
  end.displaced = {end.instance, end.displaced[0]};
  return true;
}

}  // namespace

Status RelayServer::seize_end(Instant now, Association& association, const Item& item, Mailbox& mailbox) {
  MailboxEnd& end = mailbox.at(item.end);
  bool same_instance = end.instance == item.instance;
  if (same_instance && item.number <= end.number) return Status::stale;
  if (end.association != no_slot) {
    if (!same_instance && !may_displace(now, end, item.instance)) {
      ++counters_.refused_contested;
      association.retry_s = 60;
      return Status::contested;
    }
    counters_.displaced += !same_instance;
    Association& older = *slots_[end.association];
    leave(now, older, end.channel, same_instance ? Status::stale : Status::displaced);
    // A client that has moved leaves an empty session behind.
    same_instance && older.slot != association.slot && older.empty() ? this->end(now, older) : tell(older);
  }
  end.association = association.slot;
  end.channel = item.channel;
  end.instance = item.instance;
  end.number = item.number;
  ++end.openings;
  association.channels[item.channel] = {&mailbox, item.end, Status::waiting, item.number};
  ++association.number;
  tell_other_end(mailbox, item.end);
  return Status::waiting;
}

Mailbox* RelayServer::mailbox_for(Instant now, Association& association, const MailboxId& mailbox_id) {
  auto found = mailboxes_.find(mailbox_id);
  if (found != mailboxes_.end()) return found->second.get();
  if (mailboxes_.size() >= config_.limits.mailboxes) sweep_memory(now);
  if (mailboxes_.size() >= config_.limits.mailboxes ||
      association.address->mailboxes >= config_.limits.mailboxes_per_address)
    return nullptr;
  auto mailbox = std::make_unique<Mailbox>();
  mailbox->id = mailbox_id;
  constexpr double burst_seconds = 1, day_seconds = 86'400;
  const RelayLimits& bounds = config_.limits;
  mailbox->rate = ByteBucket(bounds.mailbox_bytes_per_second, bounds.mailbox_bytes_per_second * burst_seconds);
  mailbox->day = ByteBucket(bounds.mailbox_bytes_per_day / day_seconds, bounds.mailbox_bytes_per_day);
  mailbox->opener = association.address;
  ++association.address->mailboxes;
  return (mailboxes_[mailbox_id] = std::move(mailbox)).get();
}

}  // namespace drawbridge::relay
