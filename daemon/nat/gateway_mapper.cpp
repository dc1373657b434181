#include "daemon/nat/gateway_mapper.hpp"

#include <algorithm>

#include "daemon/io/clock.hpp"
#include "daemon/nat/nat_pmp.hpp"
#include "daemon/nat/pcp.hpp"

namespace drawbridge {
namespace {

constexpr int other_ports_tried = 4;
constexpr uint16_t lowest_port = 1024;

// How much an answer of one protocol tells, beside the other's: a router may refuse in one and map, or say why, in the other.
int worth(GatewayState state) {
  switch (state) {
    case GatewayState::mapped: return 4;
    case GatewayState::useless: return 3;
    case GatewayState::refused: return 2;
    case GatewayState::garbled: return 1;
    default: return 0;
  }
}

// All three, `first` before the others.
std::array<MappingProtocol, 3> in_turn(MappingProtocol first) {
  std::array<MappingProtocol, 3> order{MappingProtocol::pcp, MappingProtocol::nat_pmp, MappingProtocol::upnp};
  if (auto at = std::ranges::find(order, first); at != order.end()) std::rotate(order.begin(), at, at + 1);
  return order;
}

}  // namespace

GatewayMapper::GatewayMapper(const Gateway& gateway, uint16_t port, const PcpNonce& nonce, const MappingTimes& times)
    : gateway_(gateway), port_(port), nonce_(nonce), times_(times), wanted_(port) {
  finding_.gateway = gateway.address;
}

Instant GatewayMapper::turn(Instant now, int interrupt) {
  if (now < next_) return next_;
  MappingReply reply;
  MappingProtocol protocol = MappingProtocol::none;
  for (MappingProtocol next : in_turn(finding_.protocol)) {
    MappingReply one = ask(next, now, interrupt);
    // Where both refuse, NAT-PMP tells more plainly why: miniupnpd's PCP calls a missing public address a lack of resources.
    bool plainer = protocol == MappingProtocol::pcp && next == MappingProtocol::nat_pmp && worth(one.state) == worth(reply.state);
    if (plainer || worth(one.state) > worth(reply.state)) {
      reply = std::move(one);
      protocol = next;
    }
    if (worth(reply.state) >= worth(GatewayState::useless)) break;
  }
  if (reply.state == GatewayState::silent) reply.reason = "The router does not answer.";
  note(read_clocks().boot, reply, protocol);
  return next_;
}

bool GatewayMapper::is_fresh(Instant now) const { return finding_.state == GatewayState::mapped && now < renew_at_; }

MappingReply GatewayMapper::judged(MappingReply reply) {
  if (!reply.good()) return reply;
  if (reply.external.is_v4() && reply.external == SocketAddress::v4(0, 0, 0, 0, 0))
    return {.state = GatewayState::refused, .reason = "The router has no internet address now."};
  if (!is_public_address(reply.external)) {
    reply.state = GatewayState::useless;
    reply.reason = "The router's own outside address is private: another router or the provider stands in front of it.";
    return reply;
  }
  SocketAddress known = finding_.external;
  known.port = 0;
  if (finding_.state == GatewayState::mapped && known != reply.external) renew_at_ = {};
  return reply;
}

MappingReply GatewayMapper::ask(MappingProtocol protocol, Instant now, int interrupt) {
  switch (protocol) {
    case MappingProtocol::pcp: return ask_pcp(now, interrupt);
    case MappingProtocol::nat_pmp: return ask_nat_pmp(now, {times_.nat_pmp_patience, interrupt});
    default: return ask_upnp(now, {times_.upnp_search, interrupt});
  }
}

// RFC 6886 3.6, RFC 6887 8.5: the gateway's clock must have run on by seven eighths of ours, less two seconds. One that has
// not was restarted, and has forgotten what it had mapped.
void GatewayMapper::note_epoch(Instant now, MappingProtocol protocol, uint32_t epoch) {
  auto passed = std::chrono::duration_cast<std::chrono::seconds>(now - epoch_.seen).count();
  bool forgotten = epoch_.protocol == protocol && static_cast<int64_t>(epoch) + 2 < static_cast<int64_t>(epoch_.seconds) + passed * 7 / 8;
  epoch_ = {protocol, epoch, now};
  if (forgotten) finding_.lost_state = finding_.state == GatewayState::mapped, renew_at_ = {};
}

PcpMapRequest GatewayMapper::pcp_request(std::chrono::seconds lifetime) const {
  PcpMapRequest request{.local = gateway_.local, .nonce = nonce_, .external_port = wanted_, .lifetime = lifetime};
  request.local.port = port_;
  return request;
}

MappingReply GatewayMapper::ask_pcp(Instant now, int interrupt) {
  MappingReply reply = pcp_map(gateway_, pcp_request(times_.lifetime), {times_.pcp_patience, interrupt});
  if (!reply.good()) return reply;
  note_epoch(now, MappingProtocol::pcp, reply.epoch);
  uint16_t port = std::exchange(reply.external.port, uint16_t{0});
  reply = judged(std::move(reply));
  if (reply.good())
    reply.external.port = port;
  else  // an address that nobody reaches: only the answer has shown it
    (void)pcp_map(gateway_, pcp_request(std::chrono::seconds(0)), {times_.withdraw_patience, interrupt});
  return reply;
}

MappingReply GatewayMapper::ask_nat_pmp(Instant now, const Patience& patience) {
  MappingReply outside = nat_pmp_external(gateway_, patience);
  if (!outside.good()) return outside;
  note_epoch(now, MappingProtocol::nat_pmp, outside.epoch);
  outside = judged(std::move(outside));
  if (!outside.good()) return outside;
  // With every check: an epoch does not show a restart within the router's first seconds, and some routers' epochs stand still.
  MappingReply reply = nat_pmp_map(gateway_, port_, wanted_, times_.lifetime, patience);
  uint16_t port = reply.external.port;
  reply.external = outside.external;
  reply.external.port = port;
  return reply;
}

MappingReply GatewayMapper::ask_upnp(Instant now, const Patience& patience) {
  if (!device_) device_ = upnp_find(gateway_, patience);
  if (!device_) return {.reason = "The router does not answer."};
  MappingReply outside = judged(upnp_external(*device_));
  if (outside.state == GatewayState::silent) device_.reset();  // its port may be another after a restart
  if (!outside.good()) return outside;
  SocketAddress local = gateway_.local;
  local.port = port_;
  if (finding_.state == GatewayState::mapped && finding_.protocol == MappingProtocol::upnp) {
    UpnpEntry entry = upnp_entry(*device_, local, wanted_);
    bool lost = entry == UpnpEntry::none || entry == UpnpEntry::foreign;
    if (lost) finding_.lost_state = true, renew_at_ = {};
    if (is_fresh(now)) return outside;
  }
  MappingReply reply = map_upnp();
  uint16_t port = reply.external.port;
  reply.external = outside.external;
  reply.external.port = port;
  // Some routers say yes and do nothing, or give the port of somebody else.
  UpnpEntry entry = reply.good() ? upnp_entry(*device_, local, port) : UpnpEntry::unknown;
  if (entry == UpnpEntry::none || entry == UpnpEntry::foreign)
    return {.state = GatewayState::garbled, .reason = "The router says that it has mapped the port, and has not."};
  return reply;
}

MappingReply GatewayMapper::map_upnp() {
  SocketAddress local = gateway_.local;
  local.port = port_;
  MappingReply reply;
  bool conflict = false, permanent = finding_.permanent_only;
  uint16_t outside = wanted_;
  for (int attempt = 0; attempt <= other_ports_tried;) {
    reply = upnp_map(*device_, local, outside, permanent ? std::chrono::seconds(0) : times_.lifetime);
    if (reply.permanent_only && !permanent) {
      permanent = true;
      continue;
    }
    if (!reply.conflict) break;
    conflict = true;
    outside = another_port(++attempt);
  }
  reply.permanent_only = permanent;
  reply.conflict = conflict;
  return reply;
}

// Spread over the high ports, the same for the same port: a mapping that outlives us is found again.
uint16_t GatewayMapper::another_port(int attempt) const {
  uint32_t spread = (port_ * 2'654'435'761u) >> 16;
  return static_cast<uint16_t>(20'000 + (spread + static_cast<uint32_t>(attempt) * 7'919u) % 40'000);
}

void GatewayMapper::note(Instant now, const MappingReply& reply, MappingProtocol protocol) {
  if (reply.good()) pause_ = {};
  // A check found everything as it was.
  if (reply.good() && reply.external.port == 0) {
    next_ = std::min(now + times_.check_every, renew_at_);
    return;
  }
  if (reply.good()) {
    finding_.protocol = protocol;
    return note_mapped(now, reply);
  }
  next_ = now + next_pause();
  // A gateway that is silent for once keeps its mapping as long as was granted.
  bool kept = finding_.state == GatewayState::mapped && reply.state == GatewayState::silent && now < ends_at_;
  if (kept) {
    renew_at_ = {};  // it may have been restarted meanwhile
    next_ = std::min(next_, ends_at_);
    return;
  }
  bool lost = finding_.lost_state;
  finding_ = {gateway_.address, protocol, reply.state, reply.external};
  finding_.external.port = 0;
  finding_.lost_state = lost;
  finding_.permanent_only = reply.permanent_only;
  finding_.conflict = reply.conflict;
  finding_.reason = reply.reason;
}

// Soon at first: a router that is starting is silent or has no address for seconds to a minute.
Duration GatewayMapper::next_pause() {
  pause_ = std::min(pause_ == Duration{} ? times_.first_retry : 2 * pause_, times_.retry);
  return pause_;
}

void GatewayMapper::note_mapped(Instant now, const MappingReply& reply) {
  wanted_ = reply.external.port;
  finding_.state = GatewayState::mapped;
  finding_.external = reply.external;
  finding_.lifetime = reply.lifetime;
  finding_.permanent_only = reply.permanent_only;
  finding_.conflict |= reply.conflict;
  finding_.other_port = reply.external.port != port_;
  finding_.reason.clear();
  Duration granted = std::min(reply.lifetime, 2 * times_.lifetime);
  if (reply.lifetime.count() == 0) granted = 2 * times_.check_every;
  renew_at_ = now + std::max(granted / 2, times_.shortest_pause);
  ends_at_ = reply.lifetime.count() == 0 ? far_future : now + granted;
  next_ = std::min(now + times_.check_every, renew_at_);
}

void GatewayMapper::withdraw() {
  if (finding_.state != GatewayState::mapped) return;
  if (finding_.protocol == MappingProtocol::pcp)
    (void)pcp_map(gateway_, pcp_request(std::chrono::seconds(0)), {times_.withdraw_patience, -1});
  else if (finding_.protocol == MappingProtocol::nat_pmp)
    (void)nat_pmp_map(gateway_, port_, 0, std::chrono::seconds(0), {times_.withdraw_patience, -1});
  else if (device_)
    upnp_withdraw(*device_, wanted_);
  finding_.state = GatewayState::asking;
}

}  // namespace drawbridge
