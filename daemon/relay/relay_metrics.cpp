#include "daemon/relay/relay_metrics.hpp"

#include <fmt/format.h>

namespace drawbridge {
namespace {

void add(std::string& out, const char* name, const char* kind, const char* help, uint64_t value) {
  out += fmt::format("# HELP drawbridge_relay_{0} {2}\n# TYPE drawbridge_relay_{0} {1}\ndrawbridge_relay_{0} {3}\n", name, kind, help, value);
}

void add_dropped(std::string& out, const relay::RelayCounters& counters, const RelayTraffic& traffic) {
  out += "# HELP drawbridge_relay_dropped_total Datagrams or openings that were dropped, by reason.\n"
         "# TYPE drawbridge_relay_dropped_total counter\n";
  std::pair<const char*, uint64_t> reasons[] = {{"stranger", counters.dropped_stranger},
                                                {"other_end_away", counters.dropped_alone},
                                                {"quota", counters.dropped_quota},
                                                {"rate", counters.dropped_rate},
                                                {"full", counters.refused_full},
                                                {"proof", counters.refused_proof},
                                                {"contested", counters.refused_contested},
                                                {"udp_buffer", traffic.udp_dropped_full},
                                                {"slow_websocket", traffic.websocket_dropped_slow}};
  for (const auto& [reason, value] : reasons)
    out += fmt::format("drawbridge_relay_dropped_total{{reason=\"{}\"}} {}\n", reason, value);
}

}  // namespace

std::string metrics_text(const relay::RelayServer& server, const RelayTraffic& traffic) {
  const relay::RelayCounters& counters = server.counters();
  std::string out;
  add(out, "clients", "gauge", "Clients that have a session.", server.associations());
  add(out, "mailboxes", "gauge", "Mailboxes that are open or remembered.", server.mailboxes());
  add(out, "websocket_connections", "gauge", "TCP connections of clients.", traffic.websocket_connections);
  add(out, "draining", "gauge", "1 while the relay is about to stop.", server.draining());
  add(out, "received_datagrams_total", "counter", "Datagrams received.", counters.datagrams_in);
  add(out, "received_bytes_total", "counter", "Bytes received.", counters.bytes_in);
  add(out, "forwarded_datagrams_total", "counter", "Datagrams passed on.", counters.forwarded);
  add(out, "forwarded_bytes_total", "counter", "Bytes passed on.", counters.forwarded_bytes);
  add(out, "hellos_total", "counter", "Requests for a cookie.", counters.hellos);
  add(out, "challenges_total", "counter", "Cookies given.", counters.challenges);
  add(out, "sessions_total", "counter", "Sessions opened.", counters.openings);
  add(out, "displaced_total", "counter", "Mailbox ends taken over by another instance.", counters.displaced);
  add(out, "moved_total", "counter", "Clients that proved a new address.", counters.moved);
  add_dropped(out, counters, traffic);
  return out;
}

}  // namespace drawbridge
