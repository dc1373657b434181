// A relay as owners name it, and how the core names the far end of a mailbox.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/base/address.hpp"
#include "protocol/base/time.hpp"
#include "protocol/traversal/nat_behaviour.hpp"

namespace drawbridge::relay {

// A relay as owners name it and as offices tell their devices.
struct RelayAddress {
  std::string url;        // canonical
  std::string other_url;  // the same relay by another transport; may be empty
  std::string token;      // private relays; may be empty
  bool operator==(const RelayAddress&) const = default;
};

// A made-up address, in 100::/64 (RFC 6666: discarded everywhere, so that nothing on a network has it).
bool is_relayed(const SocketAddress& address);
// The same, or 100:0:0:1::/64, by which drivers name WebSockets: addresses that mean something inside this process only,
// and that nobody else may name.
bool is_made_up(const SocketAddress& address);

struct RelayStatus {
  RelayAddress address;
  bool ready = false, draining = false, over_quota = false;
  bool silent = false;                      // asked by each of its transports, and for long enough, in vain
  std::string operator_name, country;       // the relay's word
  std::string phone_page;                   // the origin at which it serves the phone page; empty: it does not, or is not known to
  std::optional<Duration> round_trip;
  Instant measured{};                       // when that was
  bool by_udp = false;                      // the transport in use
  std::optional<SocketAddress> reflexive;   // our address as it sees us
  std::vector<traversal::Observation> observations;  // the same by each of its ports that has said so, oldest first
  traversal::Filtering filtering{};
};

// By which transport.
bool is_udp(std::string_view url);
// The index of the one to begin with: UDP if there is one.
size_t first_choice(const std::vector<std::string>& urls);

}  // namespace drawbridge::relay
