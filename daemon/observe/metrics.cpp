#include "daemon/observe/metrics.hpp"

#include <fmt/format.h>

namespace drawbridge {
namespace {

class Page {
 public:
  template <typename Number>
  void gauge(const char* name, const char* help, Number value) { add(name, "gauge", help, value); }
  void counter(const char* name, const char* help, uint64_t value) { add(name, "counter", help, value); }
  void head(const char* name, const char* kind, const char* help) {
    text += fmt::format("# HELP drawbridge_{0} {2}\n# TYPE drawbridge_{0} {1}\n", name, kind, help);
  }
  template <typename Number>
  void sample(const char* name, const char* label, const char* value, Number number) {
    text += fmt::format("drawbridge_{}{{{}=\"{}\"}} {}\n", name, label, value, number);
  }
  std::string text;

 private:
  template <typename Number>
  void add(const char* name, const char* kind, const char* help, Number value) {
    head(name, kind, help);
    text += fmt::format("drawbridge_{} {}\n", name, value);
  }
};

void add_peers(Page& page, const char* name, const char* help, const std::vector<PeerStatus>& peers, PeerRole role, size_t revoked) {
  page.head(name, "gauge", help);
  auto count = [&](PeerState state) {
    size_t number = 0;
    for (const PeerStatus& peer : peers) number += peer.key.role == role && peer.state == state;
    return number;
  };
  page.sample(name, "state", "connected", count(PeerState::connected));
  page.sample(name, "state", "connecting", count(PeerState::connecting));
  page.sample(name, "state", "offline", count(PeerState::offline));
  page.sample(name, "state", "revoked", count(PeerState::revoked) + revoked);
}

void add_paths(Page& page, const std::vector<PeerStatus>& peers) {
  size_t direct = 0, relayed = 0;
  for (const PeerStatus& peer : peers) {
    if (peer.path) ++(peer.relay.empty() ? direct : relayed);
  }
  page.head("paths", "gauge", "Connections by the kind of their path.");
  page.sample("paths", "kind", "direct", direct);
  page.sample("paths", "kind", "relayed", relayed);
}

void add_counters(Page& page, const Counters& counters) {
  page.counter("connections_total", "Connections that came up.", counters.connected);
  page.counter("disconnections_total", "Connections that ended.", counters.disconnected);
  page.counter("suspensions_total", "Connections that fell silent and were kept.", counters.suspended);
  page.counter("resumptions_total", "Of these, those that went on.", counters.resumed);
  page.counter("path_changes_total", "Changes of a connection's path.", counters.path_changes);
  page.counter("pairings_total", "Pairings, of either side.", counters.paired);
  page.counter("refusals_total", "Attempts with a right tag that were refused.", counters.refused);
  page.counter("local_refusals_total", "Programs of other users that were kept from a service.", counters.local_refused);
  page.counter("flows_total", "Connections to services that devices asked this office for.", counters.flows);
  page.counter("failed_flows_total", "Of these, those whose service could not be reached.", counters.failed_flows);
  page.counter("failed_writes_total", "Writes of the state that the disk refused.", counters.failed_writes);
  page.counter("received_datagrams_total", "UDP datagrams received.", counters.received_datagrams);
  page.counter("received_bytes_total", "Bytes of UDP datagrams received.", counters.received_bytes);
  page.counter("sent_bytes_total", "Bytes of UDP datagrams sent.", counters.sent_bytes);
}

size_t total(const std::map<RowKind, size_t>& rows) {
  size_t sum = 0;
  for (const auto& [kind, count] : rows) sum += count;
  return sum;
}

}  // namespace

void Counters::count(const Event& event) {
  connected += std::holds_alternative<event::Connected>(event);
  suspended += std::holds_alternative<event::Suspended>(event);
  resumed += std::holds_alternative<event::Resumed>(event);
  disconnected += std::holds_alternative<event::Disconnected>(event);
  path_changes += std::holds_alternative<event::PathChanged>(event);
  paired += std::holds_alternative<event::Paired>(event);
  refused += std::holds_alternative<event::Refused>(event);
  flows += std::holds_alternative<event::FlowRequested>(event);
}

std::string metrics_text(const Node& node, Now now, const Counters& counters, const Gauges& gauges) {
  Page page;
  std::vector<PeerStatus> peers = node.peers(now);
  size_t revoked = 0;
  for (const DeviceStatus& device : node.devices(now)) revoked += device.state == PeerState::revoked;
  page.head("info", "gauge", "Always 1; the version is a label.");
  page.sample("info", "version", DRAWBRIDGE_VERSION, 1);
  page.gauge("start_time_seconds", "When the daemon began, in seconds since 1970.", static_cast<double>(gauges.started_at.unix_ms) / 1000);
  add_peers(page, "devices", "Devices of this office by state.", peers, PeerRole::device, revoked);
  add_peers(page, "offices", "Offices of this device by state.", peers, PeerRole::office, 0);
  add_paths(page, peers);
  page.gauge("services", "Services that this office exposes.", node.own_services().size());
  page.gauge("invitations", "Open invitations.", node.invitations(now).size());
  page.gauge("open_flows", "Connections to services that are open now.", gauges.open_flows);
  page.gauge("displaced", "1 while another copy of this office has taken its place.", node.displaced() ? 1 : 0);
  page.gauge("reserve_short", "1 while the disk has no room for the reserve.", gauges.reserve_short ? 1 : 0);
  page.gauge("unreadable_rows", "Parts of the state that this version cannot read.", total(node.unreadable_rows()));
  page.counter("audit_records_total", "Records of the audit trail, pruned ones included.", node.audit_head().first);
  add_counters(page, counters);
  return page.text;
}

}  // namespace drawbridge
