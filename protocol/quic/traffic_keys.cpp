#include "protocol/quic/traffic_keys.hpp"

#include "protocol/quic/key_log.hpp"

namespace drawbridge::quic {

TrafficKeys::TrafficKeys(const TrafficSecrets& generation_0, AeadId aead, End self)
    : secrets_(generation_0), aead_(aead), self_(self) {
  header_seal_ = derive_packet_keys(secret(true), aead_);
  header_open_ = derive_packet_keys(secret(false), aead_);
  install(0);
}

const Secret32& TrafficKeys::secret(bool sealing) const {
  bool to_office = (self_ == End::device) == sealing;
  return to_office ? secrets_.to_office : secrets_.to_device;
}

PacketKeys TrafficKeys::header_keys(bool sealing) const { return sealing ? header_seal_ : header_open_; }

void TrafficKeys::install(uint32_t number) {
  Generation& slot = ring_[number % ring_.size()];
  slot.known = true;
  slot.number = number;
  PacketKeys seal = derive_packet_keys(secret(true), aead_), open = derive_packet_keys(secret(false), aead_);
  tell_keys(KeySpace::traffic, number, other(self_), seal, header_seal_);
  tell_keys(KeySpace::traffic, number, self_, open, header_open_);
  slot.seal = std::make_unique<KeyedDirection>(seal);
  slot.open = std::make_unique<KeyedDirection>(open);
  newest_ = number;
}

void TrafficKeys::add_generation(const Secret32& shared) {
  secrets_ = next_generation(secrets_, shared, newest_ + 1);
  install(newest_ + 1);
}

KeyedDirection* TrafficKeys::find(uint32_t number, std::unique_ptr<KeyedDirection> Generation::*side) {
  Generation& slot = ring_[number % ring_.size()];
  return slot.known && slot.number == number ? (slot.*side).get() : nullptr;
}

}  // namespace drawbridge::quic
