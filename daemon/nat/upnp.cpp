#include "daemon/nat/upnp.hpp"

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>

#include "daemon/nat/ssdp.hpp"

namespace drawbridge {
namespace {

constexpr const char* description = "Drawbridge";
// UPnP IGD WANIPConnection, section 2.4.16.
constexpr int not_authorized = 606, no_such_entry = 714, conflict_in_mapping = 718, permanent_leases_only = 725;
constexpr int action_failed = 501;

std::string ip_text(const SocketAddress& address) {
  std::string text = to_text(address);
  return text.substr(0, text.rfind(':'));
}

std::optional<UpnpDevice> describe(const std::string& url) {
  UPNPUrls urls{};
  IGDdatas parts{};
  char own[64] = {};
  if (UPNP_GetIGDFromUrl(url.c_str(), &urls, &parts, own, sizeof own) != 1) return std::nullopt;
  UpnpDevice device{urls.controlURL ? urls.controlURL : "", parts.first.servicetype};
  FreeUPNPUrls(&urls);
  if (device.control_url.empty() || device.service_type.empty()) return std::nullopt;
  return device;
}

MappingReply failure(int code) {
  MappingReply reply{.state = GatewayState::refused};
  if (code == not_authorized)
    reply.reason = "The router does not let this computer map a port.";
  else if (code == conflict_in_mapping)
    reply.reason = "The port belongs to another computer.", reply.conflict = true;
  else if (code == permanent_leases_only)
    reply.reason = "The router knows permanent mappings only.", reply.permanent_only = true;
  else if (code == action_failed)
    reply.reason = "The router could not map the port.";
  else if (code > 0)
    reply.reason = "The router refused with error " + std::to_string(code) + ".";
  else if (code == UPNPCOMMAND_INVALID_RESPONSE)
    reply = {.state = GatewayState::garbled, .reason = "The router's answer makes no sense."};
  else
    reply = {.state = GatewayState::silent, .reason = "The router does not answer."};
  return reply;
}

}  // namespace

std::optional<UpnpDevice> upnp_find(const Gateway& gateway, const Patience& search) {
  auto mine = [&](const std::optional<UpnpDevice>& device) { return device && is_url_at(device->control_url, gateway.address); };
  if (!gateway.description_url.empty()) {
    auto device = describe(gateway.description_url);
    return mine(device) ? device : std::nullopt;
  }
  auto url = ssdp_search(gateway, search);
  if (!url) return std::nullopt;
  auto device = describe(*url);
  return mine(device) ? device : std::nullopt;
}

MappingReply upnp_external(const UpnpDevice& device) {
  char text[64] = {};
  int code = UPNP_GetExternalIPAddress(device.control_url.c_str(), device.service_type.c_str(), text);
  if (code != UPNPCOMMAND_SUCCESS) return failure(code);
  auto address = parse_socket_address(std::string(text) + ":0");
  if (!address || !address->is_v4()) return failure(UPNPCOMMAND_INVALID_RESPONSE);
  return {.state = GatewayState::mapped, .external = *address};
}

MappingReply upnp_map(const UpnpDevice& device, const SocketAddress& local, uint16_t external_port, std::chrono::seconds lifetime) {
  int code = UPNP_AddPortMapping(device.control_url.c_str(), device.service_type.c_str(), std::to_string(external_port).c_str(),
                                 std::to_string(local.port).c_str(), ip_text(local).c_str(), description, "UDP", nullptr,
                                 std::to_string(lifetime.count()).c_str());
  if (code != UPNPCOMMAND_SUCCESS) return failure(code);
  MappingReply reply{.state = GatewayState::mapped, .lifetime = lifetime};
  reply.external.port = external_port;
  return reply;
}

bool upnp_withdraw(const UpnpDevice& device, uint16_t external_port) {
  return UPNP_DeletePortMapping(device.control_url.c_str(), device.service_type.c_str(), std::to_string(external_port).c_str(),
                                "UDP", nullptr) == UPNPCOMMAND_SUCCESS;
}

UpnpEntry upnp_entry(const UpnpDevice& device, const SocketAddress& local, uint16_t external_port) {
  char client[40] = {}, port[6] = {}, text[80] = {}, enabled[4] = {}, lease[16] = {};
  int code = UPNP_GetSpecificPortMappingEntry(device.control_url.c_str(), device.service_type.c_str(),
                                              std::to_string(external_port).c_str(), "UDP", nullptr, client, port, text, enabled, lease);
  if (code == no_such_entry) return UpnpEntry::none;
  if (code != UPNPCOMMAND_SUCCESS) return UpnpEntry::unknown;
  return client == ip_text(local) && port == std::to_string(local.port) ? UpnpEntry::ours : UpnpEntry::foreign;
}

}  // namespace drawbridge
