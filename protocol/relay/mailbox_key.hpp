// The key of a mailbox, and the proof that somebody has it. docs/spec/relay.md, Roles and keys; Steps 4.
#pragma once

#include "protocol/relay/session_keys.hpp"

namespace drawbridge::relay {

// The mailbox of a pair, or of an invitation, on one relay. `secret`: the pair's PSK, or the invitation's.
Identity mailbox_key(const Secret32& secret, const RelayId& relay);

// Fills mailbox and signature of an item whose other fields are set.
void prove(Item& item, const Identity& mailbox, const RelayId& relay, const Secret32& binding);
bool proves(const Item& item, const RelayId& relay, const Secret32& binding);

}  // namespace drawbridge::relay
