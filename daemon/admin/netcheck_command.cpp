// netcheck: what this computer's network allows, measured afresh.
#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/diagnosis.hpp"
#include "daemon/admin/documents.hpp"

namespace drawbridge::admin {
namespace {

// Two transports, one after the other, and a little for the way.
constexpr Duration patience = limits::relay_udp_patience + limits::relay_websocket_patience + 1s;
constexpr Duration look_interval = 50ms;

Value words(const char* code, const traversal::Explanation& explanation) {
  return Value::map({{"code", code}, {"sentence", explanation.sentence}, {"remedy", text_or_null(explanation.remedy)}});
}

Value relay_document(Scope& scope, const relay::RelayStatus& relay, Instant began) {
  bool fresh = relay.ready && relay.measured >= began;
  const char* state = fresh                                               ? "ready"
                      : scope.relay_links.captive_portal(relay.address.url) ? "captive_portal"
                      : scope.relay_links.name_unknown(relay.address.url)   ? "name_unknown"
                                                                            : "silent";
  return Value::map({{"url", relay.address.url},
                     {"state", state},
                     {"transport", fresh ? Value(relay.by_udp ? "udp" : "websocket") : Value()},
                     {"rtt_ms", fresh ? milliseconds(relay.round_trip) : Value()},
                     {"observed", fresh && relay.reflexive ? Value(to_text(*relay.reflexive)) : Value()},
                     {"operator", text_or_null(relay.operator_name)},
                     {"country", text_or_null(relay.country)}});
}

Value gateway_document(const GatewayFinding& finding) {
  bool mapped = finding.state == GatewayState::mapped;
  return Value::map({{"gateway", to_text(finding.gateway).substr(0, to_text(finding.gateway).rfind(':'))},
                     {"protocol", finding.protocol == MappingProtocol::none ? Value() : Value(code_name(finding.protocol))},
                     {"state", code_name(finding.state)},
                     {"external", mapped ? Value(to_text(finding.external)) : Value()},
                     {"cause", text_or_null(finding.reason)}});
}

// Without its password.
Value proxy_document(Scope& scope) {
  const std::optional<ProxySetting>& proxy = scope.relay_links.proxy();
  if (!proxy) return {};
  bool v6 = proxy->host.find(':') != std::string::npos;
  return Value("http://" + (v6 ? "[" + proxy->host + "]" : proxy->host) + ":" + std::to_string(proxy->port));
}

Value own_addresses_document(Scope& scope) {
  Value out = Value::array();
  for (const SocketAddress& address : scope.reachable()) {
    if (has_network(scope)) out.push(to_text(address));
  }
  return out;
}

Value netcheck_document(Scope& scope, Instant began) {
  traversal::ReachFacts facts = reach_facts(scope);
  Value relays = Value::array(), gateways = Value::array();
  for (const relay::RelayStatus& relay : scope.node().relays()) relays.push(relay_document(scope, relay, began));
  for (const GatewayFinding& finding : scope.gateways()) gateways.push(gateway_document(finding));
  traversal::Outlet outlet = outlet_of(facts);
  Value outlet_words = words(name_of(outlet), explain(outlet));
  Value reach = reach_document(scope);
  bool hopeless = outlet == traversal::Outlet::nothing || outlet == traversal::Outlet::no_names || outlet == traversal::Outlet::captive_portal;
  return Value::map({{"verdict", reach.is_null() || hopeless ? outlet_words : reach},
                     {"reach", reach},
                     {"outlet", outlet_words},
                     {"udp", Value(facts.udp_passes)},
                     {"addresses", own_addresses_document(scope)},
                     {"public_ipv4", facts.public_v4},
                     {"global_ipv6", facts.global_v6},
                     {"mapping", name_of(facts.here.mapping)},
                     {"filtering", name_of(facts.here.filtering)},
                     {"keepalive_ms", milliseconds(scope.node().network().keepalive)},
                     {"relays", std::move(relays)},
                     {"gateways", std::move(gateways)},
                     {"fixed", addresses_document(scope)},
                     {"proxy", proxy_document(scope)},
                     {"took_ms", milliseconds(scope.now().boot - began)}});
}

// Lives as long as the call waits.
class Netcheck {
 public:
  Netcheck(Scope& scope, const CallPtr& call)
      : scope_(scope), call_(call), began_(scope.now().boot), timer_(scope.loop, [this] { look(); }) {
    scope_.node().ask_relays(scope_.now());
    scope_.loop.turn_again();
  }
  ~Netcheck() {
    scope_.node().end_asking();
    scope_.loop.turn_again();
  }
  Netcheck(const Netcheck&) = delete;
  Netcheck& operator=(const Netcheck&) = delete;

  void look() {
    CallPtr call = call_.lock();
    if (!call || !call->open()) return;
    if (!settled() && scope_.now().boot - began_ < patience) return timer_.start(look_interval);
    call->result(netcheck_document(scope_, began_));
  }

 private:
  // Every relay has answered since, or had its time; every router likewise.
  bool settled() const {
    for (const relay::RelayStatus& relay : scope_.node().relays()) {
      bool answered = relay.ready && relay.measured >= began_;
      if (!answered && !relay.silent) return false;
    }
    for (const GatewayFinding& finding : scope_.gateways()) {
      if (finding.state == GatewayState::asking) return false;
    }
    return true;
  }

  Scope& scope_;
  std::weak_ptr<Call> call_;
  Instant began_;
  LocalTimer timer_;
};

}  // namespace

void run_netcheck(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  auto check = std::make_shared<Netcheck>(scope, call);
  call->when_abandoned([check] {});
  check->look();
}

}  // namespace drawbridge::admin
