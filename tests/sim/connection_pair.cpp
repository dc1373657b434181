#include "tests/sim/connection_pair.hpp"

#include <cassert>

namespace drawbridge::sim {

ConnectionPair::ConnectionPair(PairOptions o)
    : options(o),
      chance(o.seed),
      entropy(o.seed ^ 0x9e3779b97f4a7c15ull),
      device_identity(identity_from_seed(entropy.secret32())),
      office_identity(identity_from_seed(entropy.secret32())),
      keys(quic::derive_pair_keys(entropy.secret32())),
      up(o.up, chance),
      down(o.down, chance) {
  quic::DeviceHandshake handshake(quic::Purpose::session, device_identity, office_identity.id, office_identity.exchange_public, keys.psk,
                                  entropy);
  quic::ClientHello hello;
  hello.aeads = {options.aead};
  device = quic::Connection::initiate({quic::End::device, options.cubic, &pool, &entropy, &device_end, options.key_limits}, now, keys, std::move(handshake), hello);
  device_end.connection = device.get();
}

void ConnectionPair::deliver(bool to_office, const Bytes& datagram) {
  if (!to_office) {
    device->handle_packet(now, 0, datagram);
    return;
  }
  if (!office) {
    auto form = quic::parse_first_initial(datagram);
    if (!form || !quic::knock_matches(keys.knock_tag, form->dcid)) return;
    auto message1 = quic::open_first_initial(datagram, *form, keys.knock);
    if (!message1) return;
    auto handshake = quic::OfficeHandshake::read(*message1, quic::Purpose::session, office_identity, device_identity.id, keys.psk, entropy);
    if (!handshake) return;
    quic::ServerHello answer;
    answer.aead = handshake->hello().aeads.front();
    office = quic::Connection::accept({quic::End::office, options.cubic, &pool, &entropy, &office_end, options.key_limits}, now, datagram, keys,
                                      std::move(*handshake), answer);
    if (!office) return;
    office_end.connection = office.get();
  }
  office->handle_packet(now, 0, datagram);
}

void ConnectionPair::send(bool to_office, Bytes datagram) {
  for (uint8_t byte : datagram) hash = (hash ^ byte) * 1099511628211ull;
  if (capture) (to_office ? sent_up : sent_down).push_back(datagram);
  Link& link = to_office ? up : down;
  int copies = link.duplicates() ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    auto at = link.offer(now, datagram.size());
    if (!at) continue;
    Bytes copy = datagram;
    link.maybe_corrupt(copy);
    flying_.push({*at, order_++, to_office, std::move(copy)});
  }
}

void ConnectionPair::transmit(bool from_device) {
  quic::Connection* connection = from_device ? device.get() : office.get();
  if (!connection) return;
  Bytes packet(limits::largest_packet);
  size_t run = 0;
  while (run < connection->send_quantum()) {
    uint8_t ecn = 0;
    size_t size = connection->write_packet(now, MutableBytes(packet).first(options.packet_size), ecn);
    if (size == 0) break;
    run += size;
    send(from_device, Bytes(packet.begin(), packet.begin() + static_cast<ptrdiff_t>(size)));
  }
  if (run > 0) connection->end_run(now);
}

Instant ConnectionPair::next_event() const {
  Instant next = flying_.empty() ? far_future : flying_.top().at;
  if (device) next = std::min(next, device->next_timeout());
  if (office) next = std::min(next, office->next_timeout());
  return next;
}

bool ConnectionPair::run(Duration longest, const std::function<bool()>& done) {
  Instant until = now + longest;
  while (true) {
    ++turns;
    on_turn();
    transmit(true);
    transmit(false);
    if (done()) return true;
    Instant next = next_event();
    if (next > until) {
      now = until;
      return false;
    }
    still_ = next <= now ? still_ + 1 : 0;
    assert(still_ < 100'000 && "time stands still");
    now = std::max(next, now);
    while (!flying_.empty() && flying_.top().at <= now) {
      Flying arrived = flying_.top();
      flying_.pop();
      deliver(arrived.to_office, arrived.datagram);
    }
    device->handle_timeout(now);
    if (office) office->handle_timeout(now);
  }
}

}  // namespace drawbridge::sim
