// The link that an invitation travels in (as text, or as a QR code): docs/spec/pairing.md.
//   drawbridge:#<base64url of a msgpack array>   or   https://shell.BASE/#<the same>
#pragma once

#include <string>
#include <vector>

#include "keys/device_id.hpp"
#include "keys/result.hpp"
#include "keys/secret.hpp"
#include "protocol/base/address.hpp"
#include "protocol/quic/key_schedule.hpp"
#include "protocol/relay/relay_address.hpp"

namespace drawbridge::pairing {

struct InvitationLink {
  DeviceId office;
  Secret32 secret;
  std::vector<SocketAddress> addresses;   // best first
  std::vector<relay::RelayAddress> relays = {};
};

// `phone_page`: an origin such as https://shell.example that a phone's camera app is to open; empty: drawbridge:.
std::string to_link(const InvitationLink& invitation, std::string_view phone_page = {});
// Errors are for people: what is wrong with the link and where a good one comes from.
Result<InvitationLink> parse_link(std::string_view text);

// Noise PSK and knock keys of the pairing handshake.
quic::PairKeys invitation_keys(const Secret32& secret);
// Names an invitation without telling its secret.
uint64_t invitation_id(const Secret32& secret);

// What the device signs with its Ed25519 key while pairing, so that its id (and not only the X25519 image) is proved.
Bytes signature_text(ByteView handshake_hash);

// The office's signed record of a pairing: ids, name and date. Something to show; it grants nothing.
struct Certificate {
  DeviceId office, device;
  std::string name;
  int64_t unix_ms = 0;
};
Bytes certificate_text(const Certificate& certificate);

}  // namespace drawbridge::pairing
