#include "protocol/relay/mailbox_key.hpp"

namespace drawbridge::relay {
namespace {

void put(Bytes& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

Bytes signed_bytes(const Item& item, const RelayId& relay, const Secret32& binding) {
  Bytes out = to_bytes(as_bytes("drawbridge relay open/1"));
  append(out, relay.bytes);
  append(out, binding.reveal());
  out.push_back(item.channel);
  out.push_back(static_cast<uint8_t>(item.end));
  append(out, item.mailbox.bytes);
  put(out, item.instance);
  put(out, item.number);
  return out;
}

}  // namespace

Identity mailbox_key(const Secret32& secret, const RelayId& relay) {
  return identity_from_seed(derive_key(secret, "relay mailbox", relay.bytes));
}

void prove(Item& item, const Identity& mailbox, const RelayId& relay, const Secret32& binding) {
  item.mailbox = mailbox.id;
  item.signature = sign(mailbox, signed_bytes(item, relay, binding));
}

bool proves(const Item& item, const RelayId& relay, const Secret32& binding) {
  return verify(item.mailbox, signed_bytes(item, relay, binding), item.signature);
}

}  // namespace drawbridge::relay
