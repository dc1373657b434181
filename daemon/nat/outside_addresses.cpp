#include "daemon/nat/outside_addresses.hpp"

#include <algorithm>

#include "keys/hash.hpp"

namespace drawbridge {
namespace {

constexpr Duration patience = 700ms;  // by then a direct path is found without a mapped port, or it takes a search of many seconds

PcpNonce pcp_nonce(const Identity& identity) {
  Secret32 key = derive_key(identity.exchange_key, "drawbridge pcp nonce");
  PcpNonce nonce;
  std::copy_n(key.reveal().begin(), nonce.size(), nonce.begin());
  return nonce;
}

}  // namespace

bool OutsideAddresses::is_relayed() const {
  std::vector<PeerStatus> peers = node_.peers(loop_.now());
  return std::any_of(peers.begin(), peers.end(), [](const PeerStatus& peer) { return !peer.relay.empty(); });
}

void OutsideAddresses::map_port(const std::vector<SocketAddress>& listening) {
  if (mapping_ || waiting_) return;
  auto reachable = [](const SocketAddress& socket) { return socket.is_v4() && !socket.is_loopback(); };
  auto socket = std::find_if(listening.begin(), listening.end(), reachable);
  if (socket == listening.end()) return;
  port_ = socket->port;
  if (node_.is_office()) return ask();
  if (!is_relayed()) return;
  waiting_ = true;
  relayed_.start(patience);
}

void OutsideAddresses::look_at_paths() {
  waiting_ = false;
  if (!mapping_ && (is_relayed() || node_.is_office())) ask();
}

void OutsideAddresses::ask() {
  mapping_ = std::make_unique<PortMapping>(loop_, [this](const auto& addresses) { mapped(addresses); });
  mapping_->start(port_, pcp_nonce(identity_));
  handle_network_change();
}

void OutsideAddresses::handle_network_change() {
  if (mapping_) mapping_->handle_network_change(default_gateways());
  fixed_.handle_network_change();
}

std::vector<GatewayFinding> OutsideAddresses::gateways() const {
  return mapping_ ? mapping_->findings() : std::vector<GatewayFinding>();
}

void OutsideAddresses::mapped(const std::vector<MappedAddress>& addresses) {
  std::vector<std::string> texts;
  for (const MappedAddress& address : addresses) texts.push_back(to_text(address.external));
  log_.info(LogEvent::port_mapped, {{LogField::addresses, texts}});
  tell();
}

// What the owner has fixed comes first: he knows why.
void OutsideAddresses::tell() {
  std::vector<SocketAddress> all = fixed_.all();
  for (const MappedAddress& address : mapping_ ? mapping_->mapped() : std::vector<MappedAddress>()) {
    if (std::find(all.begin(), all.end(), address.external) == all.end()) all.push_back(address.external);
  }
  node_.handle_forwarded_addresses(loop_.now(), std::move(all));
}


}  // namespace drawbridge
