// Finds a device, office or service by what a person typed: exact name, else id, else a unique beginning of an id.
#pragma once

#include <string>
#include <vector>

#include "keys/device_id.hpp"
#include "keys/result.hpp"
#include "protocol/node.hpp"

namespace drawbridge::admin {

struct Named {
  DeviceId id;
  std::string name;
};

// The index of the one that `text` means. `what` ("device", "office") is for the sentence. `not_found`, or
// `invalid_argument` naming those that fit equally.
Result<size_t> find_named(const std::vector<Named>& candidates, const std::string& text, const char* what);

Result<DeviceStatus> find_device(const Node& node, Now now, const std::string& text);
// `roles`: empty for peers of any role.
Result<PeerStatus> find_peer(const Node& node, Now now, const std::string& text, std::optional<PeerRole> role);
// `office` empty: whichever office offers it, if only one does.
Result<OfferedService> find_offered(const Node& node, Now now, const std::string& service,
                                    const std::optional<std::string>& office);

}  // namespace drawbridge::admin
