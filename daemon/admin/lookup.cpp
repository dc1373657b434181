#include "daemon/admin/lookup.hpp"

#include <algorithm>
#include <tuple>

namespace drawbridge::admin {
namespace {

template <typename Fits>
std::vector<size_t> all_where(const std::vector<Named>& candidates, Fits fits) {
  std::vector<size_t> out;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (fits(candidates[i])) out.push_back(i);
  }
  return out;
}

Error several(const std::vector<Named>& candidates, const std::vector<size_t>& found, const std::string& text,
              const char* what) {
  std::string list;
  for (size_t index : found)
    list += (list.empty() ? "" : ", ") + candidates[index].name + " (" + short_text(candidates[index].id) + ")";
  return {ErrorCode::invalid_argument, "'" + text + "' can mean several: " + list + ".",
          "Give the id of the " + std::string(what) + " you mean."};
}

}  // namespace

Result<size_t> find_named(const std::vector<Named>& candidates, const std::string& text, const char* what) {
  auto found = all_where(candidates, [&](const Named& entry) { return entry.name == text; });
  if (found.empty()) {
    auto id = parse_device_id(text);
    found = all_where(candidates,
                      [&](const Named& entry) { return id ? entry.id == *id : matches_prefix(entry.id, text); });
  }
  if (found.size() == 1) return found[0];
  if (found.size() > 1) return several(candidates, found, text, what);
  return Error{ErrorCode::not_found, "There is no " + std::string(what) + " '" + text + "'.",
               "'drawbridge status' and 'drawbridge devices' list those that exist."};
}

Result<DeviceStatus> find_device(const Node& node, Now now, const std::string& text) {
  std::vector<DeviceStatus> devices = node.devices(now);
  // A name belongs to the device that is allowed now, if a revoked one had it, too.
  std::stable_partition(devices.begin(), devices.end(),
                        [](const DeviceStatus& device) { return device.state != PeerState::revoked; });
  auto live = std::find_if(devices.begin(), devices.end(), [&](const DeviceStatus& device) {
    return device.name == text && device.state != PeerState::revoked;
  });
  if (live != devices.end()) return *live;
  std::vector<Named> candidates;
  for (const DeviceStatus& device : devices) candidates.push_back({device.id, device.name});
  auto index = find_named(candidates, text, "device");
  return index ? Result<DeviceStatus>(devices[*index]) : index.error();
}

Result<PeerStatus> find_peer(const Node& node, Now now, const std::string& text, std::optional<PeerRole> role) {
  std::vector<PeerStatus> peers = node.peers(now);
  std::erase_if(peers, [&](const PeerStatus& peer) { return role && peer.key.role != *role; });
  // One who is both office and device of this node is found as the office.
  std::sort(peers.begin(), peers.end(), [](const auto& a, const auto& b) {
    return std::tie(a.key.peer, a.key.role) < std::tie(b.key.peer, b.key.role);
  });
  auto same = [](const auto& a, const auto& b) { return a.key.peer == b.key.peer; };
  peers.erase(std::unique(peers.begin(), peers.end(), same), peers.end());
  std::vector<Named> candidates;
  for (const PeerStatus& peer : peers) candidates.push_back({peer.key.peer, peer.name});
  auto index = find_named(candidates, text, role == PeerRole::device ? "device" : "office");
  return index ? Result<PeerStatus>(peers[*index]) : index.error();
}

Result<OfferedService> find_offered(const Node& node, Now now, const std::string& service,
                                    const std::optional<std::string>& office) {
  std::optional<DeviceId> wanted;
  if (office) {
    auto peer = find_peer(node, now, *office, PeerRole::office);
    if (!peer) return peer.error();
    wanted = peer->key.peer;
  }
  std::vector<OfferedService> found;
  for (const OfferedService& offered : node.offered_services()) {
    if (offered.name == service && (!wanted || offered.office.peer == *wanted)) found.push_back(offered);
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    return Error{ErrorCode::not_found, "No office offers this computer a service '" + service + "'.",
                 "'drawbridge services' lists what it may reach; the office grants more with 'drawbridge allow'."};
  }
  return Error{ErrorCode::invalid_argument, "Several offices offer '" + service + "'.", "Name one with --office."};
}

}  // namespace drawbridge::admin
