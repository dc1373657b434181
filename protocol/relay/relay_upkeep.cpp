// What a relay does by itself: news to clients, expiry, and forgetting.
#include "protocol/relay/relay_server.hpp"
#include "protocol/traversal/path_history.hpp"

namespace drawbridge::relay {

// The channel is closed with `status` as the reason; the other end is told, this one by whoever calls.
void RelayServer::leave(Instant now, Association& association, uint8_t index, Status status) {
  Channel* channel = association.channel(index);
  if (!channel) return;
  Mailbox* mailbox = channel->mailbox;
  End end = channel->end;
  *channel = {nullptr, End::none, status, channel->number};
  ++association.number;
  if (!mailbox) return;
  mailbox->at(end).association = no_slot;
  if (mailbox->empty()) mailbox->empty_since = now;
  tell_other_end(*mailbox, end);
}

void RelayServer::end(Instant now, Association& association) {
  for (size_t i = 0; i < association.channels.size(); ++i) leave(now, association, static_cast<uint8_t>(i), Status::none);
  --association.address->associations;
  by_mark_.erase(association.keys.mark);
  if (association.link.stream) {
    if (auto found = by_stream_.find(association.link.stream); found != by_stream_.end()) {
      std::erase(found->second, association.slot);
      if (found->second.empty()) by_stream_.erase(found);
    }
  }
  uint32_t slot = association.slot;
  expires_[slot] = far_future;
  free_slots_.push_back(slot);
  slots_[slot].reset();
}

void RelayServer::handle_link_closed(Instant now, uint64_t stream) {
  auto found = by_stream_.extract(stream);
  if (!found) return;
  for (uint32_t slot : found.mapped()) {
    if (slots_[slot]) end(now, *slots_[slot]);
  }
}

void RelayServer::tell(Association& association) {
  if (std::exchange(association.queued, true)) return;
  news_.push_back(association.slot);
}

void RelayServer::tell_other_end(const Mailbox& mailbox, End end) {
  const MailboxEnd& other = mailbox.other(end);
  if (other.association == no_slot) return;
  Association& association = *slots_[other.association];
  ++association.number;
  tell(association);
}

void RelayServer::drain() {
  if (std::exchange(draining_, true)) return;
  for (auto& association : slots_) {
    if (!association) continue;
    ++association->number;
    tell(*association);
  }
}

ChannelState RelayServer::channel_state(Instant now, const Channel& channel) const {
  if (!channel.mailbox) return {static_cast<uint8_t>(channel.status), 0};
  const MailboxEnd& other = channel.mailbox->other(channel.end);
  auto status = static_cast<uint8_t>(other.association == no_slot ? Status::waiting : Status::joined);
  bool other_over = other.association != no_slot && slots_[other.association]->address->over_until > now;
  if (channel.mailbox->over_until > now || other_over) status |= over_quota_bit;
  return {status, other.openings};
}

StateBody RelayServer::state_of(Instant now, Association& association) const {
  StateBody body;
  body.answers = association.answers;
  body.number = association.number;
  body.flags = (draining_ ? flag_draining : 0) | (association.address->over_until > now ? flag_address_quota : 0);
  body.observed = association.link.path.remote;
  for (const Channel& channel : association.channels) body.channels.push_back(channel_state(now, channel));
  body.retry_s = association.retry_s;
  if (association.introduce) {
    body.operator_name = config_.operator_name;
    body.country = config_.country;
    body.other_url = config_.other_url;
    body.phone_page = config_.phone_page;
    body.observers = told_observers_;
    // An address of the relay's own network means nothing outside.
    using traversal::CandidateKind;
    bool outside = traversal::kind_of(association.link.path.remote) == CandidateKind::outside;
    std::erase_if(body.observers, [&](const SocketAddress& one) {
      return outside && !one.is_unspecified() && traversal::kind_of(one) != CandidateKind::outside;
    });
  }
  if (association.locate) body.located = located(association, *association.locate);
  return body;
}

// Both ends of a mailbox tell each other their addresses anyway; the relay's word shows that they are theirs.
std::optional<std::pair<uint8_t, SocketAddress>> RelayServer::located(Association& association, uint8_t index) const {
  const Channel* channel = association.channel(index);
  if (!channel || !channel->mailbox) return std::nullopt;
  uint32_t slot = channel->mailbox->other(channel->end).association;
  if (slot == no_slot) return std::nullopt;
  return std::pair(index, slots_[slot]->link.path.remote);
}

// Never twice for one session, even one that a repeated OPEN makes anew: it follows the clock, and is one for all.
uint64_t RelayServer::next_counter(Instant now) {
  last_counter_ = std::max(last_counter_ + 1, static_cast<uint64_t>(now.time_since_epoch().count()));
  return last_counter_;
}

size_t RelayServer::write_state(Instant now, Association& association, MutableBytes buffer) {
  StateHeader header{association.keys.mark, next_counter(now)};
  Bytes datagram = seal_body(encode(header), header.counter, encode(state_of(now, association)), association.keys.to_client);
  std::copy(datagram.begin(), datagram.end(), buffer.begin());
  if (association.told != association.number) association.tries = 0;
  association.told = association.number;
  association.answers = 0;
  association.introduce = false;
  association.locate.reset();
  if (association.seen < association.number && ++association.tries <= limits::relay_state_tries)
    repeats_.emplace_back(now + limits::relay_state_retry, association.slot);
  return datagram.size();
}

ServerTransmit RelayServer::poll_transmit(Instant now, MutableBytes buffer) {
  if (!answers_.empty()) {
    Answer answer = answers_.front();
    answers_.pop_front();
    std::copy_n(answer.bytes.begin(), answer.length, buffer.begin());
    return {answer.link, answer.length};
  }
  while (!news_.empty()) {
    Association* association = slots_[news_.front()].get();
    news_.pop_front();
    // Its client may have left meanwhile, and another have its slot.
    if (!association || !std::exchange(association->queued, false)) continue;
    return {association->link, write_state(now, *association, buffer)};
  }
  return {};
}

Instant RelayServer::next_timeout() const {
  return std::min(next_sweep_, repeats_.empty() ? far_future : repeats_.front().first);
}

void RelayServer::handle_timeout(Instant now) {
  repeat_states(now);
  if (now >= next_sweep_) sweep(now);
}

void RelayServer::repeat_states(Instant now) {
  while (!repeats_.empty() && repeats_.front().first <= now) {
    Association* association = slots_[repeats_.front().second].get();
    repeats_.pop_front();
    if (association && association->seen < association->told) tell(*association);
  }
}

void RelayServer::sweep(Instant now) {
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    if (expires_[slot] <= now && slots_[slot]) end(now, *slots_[slot]);
  }
  if (now >= next_memory_sweep_) sweep_memory(now);
  next_sweep_ = by_mark_.empty() && mailboxes_.empty() && addresses_.empty() ? far_future : now + 1s;
}

void RelayServer::sweep_memory(Instant now) {
  next_memory_sweep_ = now + 30s;
  std::erase_if(mailboxes_, [&](const auto& entry) {
    const Mailbox& mailbox = *entry.second;
    bool over = mailbox.empty() && now - mailbox.empty_since > limits::relay_mailbox_memory;
    if (over && mailbox.opener) --mailbox.opener->mailboxes;
    return over;
  });
  std::erase_if(addresses_, [&](const auto& entry) {
    const AddressRecord& record = entry.second;
    return record.associations == 0 && record.mailboxes == 0 && record.bytes.full(now);
  });
}

AddressRecord* RelayServer::record_for(Instant now, const SocketAddress& address) {
  AddressKey key = address_key(address);
  auto found = addresses_.find(key);
  if (found != addresses_.end()) return &found->second;
  if (addresses_.size() >= limits::relay_addresses) sweep_memory(now);
  if (addresses_.size() >= limits::relay_addresses) return nullptr;
  if (next_sweep_ == far_future) next_sweep_ = now + 1s;
  const RelayLimits& bounds = config_.limits;
  AddressRecord record{{bounds.openings_per_address, bounds.openings_per_address_burst},
                       {bounds.signatures_per_address, bounds.signatures_per_address_burst},
                       {bounds.address_bytes_per_second, bounds.address_bytes_per_second}};
  return &addresses_.emplace(key, record).first->second;
}

}  // namespace drawbridge::relay
