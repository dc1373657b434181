#include "protocol/relay/relay_server.hpp"

#include <cassert>

namespace drawbridge::relay {

AddressKey address_key(const SocketAddress& address) {
  AddressKey key = address.ip;
  if (!address.is_v4()) std::fill(key.begin() + 8, key.end(), uint8_t{0});
  return key;
}

namespace {

std::vector<KnockKey> knock_keys(const RelayServerConfig& config) {
  std::vector<KnockKey> keys;
  for (const Secret32& access : config.access) keys.emplace_back(config.identity.id, access);
  if (keys.empty()) keys.emplace_back(config.identity.id, Secret32());
  return keys;
}

Secret<16> draw_table_key(Entropy& entropy) {
  return first_bytes<16>(entropy.secret32());
}

bool same_header(ByteView a, ByteView b) {
  return std::memcmp(a.data(), b.data(), header_size) == 0;
}

}  // namespace

RelayServer::RelayServer(RelayServerConfig config, Entropy& entropy)
    : config_(std::move(config)),
      cookies_(entropy),
      knocks_(knock_keys(config_)),
      table_key_(draw_table_key(entropy)),
      hellos_(config_.limits.hellos_per_second, config_.limits.hellos_per_second / 10),
      openings_(config_.limits.openings_per_second, config_.limits.openings_burst),
      signatures_(config_.limits.signatures_per_second, config_.limits.signatures_burst),
      by_mark_(16, KeyedHash{table_key_}),
      mailboxes_(16, KeyedHash{table_key_}),
      addresses_(16, KeyedHash{table_key_}) {}

RelayServer::~RelayServer() = default;

Association* RelayServer::find(Mark mark) const {
  auto found = by_mark_.find(mark);
  return found == by_mark_.end() ? nullptr : slots_[found->second].get();
}

std::span<const Forward> RelayServer::handle_datagrams(Instant now, const Link& link, uint8_t ecn, size_t segment_size,
                                                       MutableBytes bytes) {
  forwards_.clear();
  if (segment_size == 0) return {};
  counters_.bytes_in += bytes.size();
  if (!link.stream && bound_to(observers_, link.path.local)) {
    handle_observed(now, link, segment_size, bytes);
    return {};
  }
  // Nobody has been told of the ports that answers from elsewhere leave by.
  if (!link.stream && bound_to(unasked_, link.path.local)) {
    ++counters_.dropped_stranger;
    return {};
  }
  for (size_t at = 0; at < bytes.size();) {
    MutableBytes first = bytes.subspan(at, std::min(segment_size, bytes.size() - at));
    ++counters_.datagrams_in;
    size_t end = at + first.size();
    auto type = message_of(first);
    if (type != Message::data) {
      type ? handle_control_message(now, link, first) : void(++counters_.dropped_stranger);
      at = end;
      continue;
    }
    // All that follow with the same header go the same way.
    while (end < bytes.size()) {
      MutableBytes next = bytes.subspan(end, std::min(segment_size, bytes.size() - end));
      if (next.size() < header_size || !same_header(first, next)) break;
      ++counters_.datagrams_in;
      end += next.size();
    }
    forward(now, link, ecn, first.size(), bytes.subspan(at, end - at));
    at = end;
  }
  return forwards_;
}

void RelayServer::handle_control_message(Instant now, const Link& link, ByteView datagram) {
  switch (static_cast<Message>(datagram[0])) {
    case Message::hello: return handle_hello(now, link, datagram);
    case Message::open: return handle_open(now, link, datagram);
    case Message::control: return handle_control(now, link, datagram);
    default: ++counters_.dropped_stranger;
  }
}

void RelayServer::forward(Instant now, const Link& link, uint8_t ecn, size_t segment_size, MutableBytes run) {
  Association* from = find(mark_of(run));
  if (!from) return void(++counters_.dropped_stranger);
  if (!from->link.same_client(link)) return ask_to_move(now, *from, link, segment_size);
  expires_[from->slot] = now + from->patience;
  Channel* channel = from->channel(run[header_size - 1]);
  if (!channel || !channel->mailbox) return void(++counters_.dropped_stranger);
  const MailboxEnd& other = channel->mailbox->other(channel->end);
  if (other.association == no_slot) return void(++counters_.dropped_alone);
  if (!charge(now, *from, *channel->mailbox, run.size())) return;
  Association& to = *slots_[other.association];
  for (size_t at = 0; at < run.size(); at += segment_size) {
    write_data_header(run.subspan(at), to.keys.mark, other.channel);
    ++counters_.forwarded;
  }
  counters_.forwarded_bytes += run.size();
  forwards_.push_back({to.link, ecn, segment_size, run});
}

// Both quotas are charged; what is above either is dropped. Who sends is told, and those to whom it then does not come: the
// mailbox's other end, or, if it is the address that sends too much, the other ends of all its mailboxes.
bool RelayServer::charge(Instant now, Association& from, Mailbox& mailbox, size_t bytes) {
  bool address = from.address->bytes.take(now, bytes);
  bool own = mailbox.rate.take(now, bytes) && mailbox.day.take(now, bytes);
  if (address && own) return true;
  ++counters_.dropped_quota;
  Instant& until = own ? from.address->over_until : mailbox.over_until;
  bool news = until < now;
  until = now + limits::relay_quota_shown;
  if (!news) return false;
  tell(from);
  if (!own) {
    for (const MailboxEnd* end : {&mailbox.office, &mailbox.device}) {
      if (end->association != no_slot) tell(*slots_[end->association]);
    }
    return false;
  }
  for (const Channel& channel : from.channels) {
    if (channel.mailbox) tell_other_end(*channel.mailbox, channel.end);
  }
  return false;
}

// A known token from elsewhere: its owner's NAT has changed, or somebody has read the token. A cookie tells.
void RelayServer::ask_to_move(Instant now, Association& association, const Link& link, size_t request_size) {
  ++counters_.dropped_stranger;
  if (link.stream || association.link.stream || request_size < challenge_size) return;
  if (association.asked_to_move + 1s > now && association.asked_to_move != Instant{}) return;
  association.asked_to_move = now;
  challenge(now, link, association.keys.mark, association.ephemeral, association.access);
}

void RelayServer::answer(const Link& link, const Bytes& datagram) {
  if (answers_.size() >= limits::relay_answers) return void(++counters_.dropped_rate);
  Answer out{link, {}, datagram.size()};
  assert(datagram.size() <= out.bytes.size());
  std::copy(datagram.begin(), datagram.end(), out.bytes.begin());
  answers_.push_back(out);
}

}  // namespace drawbridge::relay
