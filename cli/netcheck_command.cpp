// netcheck: what this computer's network allows.
#include <fmt/format.h>

#include "cli/command_table.hpp"
#include "cli/wrapped_text.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

std::string yes_or_no(const Value& document, const char* key) {
  const Value* value = document.find(key);
  if (!value || value->is_null()) return "not known";
  return document.flag(key) ? "yes" : "no";
}

// RFC 4787's words are for engineers.
std::string mapping_text(const std::string& mapping) {
  if (mapping == "none") return "no router changes addresses";
  if (mapping == "endpoint_independent") return "the router keeps one way back for all (good)";
  if (mapping == "predictable") return "the router changes the way back with every destination, step by step";
  if (mapping == "random") return "the router changes the way back with every destination";
  if (mapping == "udp_blocked") return "no UDP gets out";
  return "not known: it takes answers from two places, so two relays or one with several ports";
}

std::string relay_text(const Value& relay) {
  std::string url = relay.text("url").substr(0, relay.text("url").find('#'));
  if (relay.text("state") == "name_unknown") return url + ": its name is not found";
  if (relay.text("state") == "captive_portal") return url + ": a web page answers in its place";
  if (relay.text("state") != "ready") return url + ": no answer";
  std::string out = url + fmt::format(": answers by {} in {:.1f} ms", relay.text("transport") == "udp" ? "UDP" : "WebSocket",
                                      relay.real("rtt_ms").value_or(0));
  if (!relay.text("observed").empty()) out += ", sees this computer at " + relay.text("observed");
  return out;
}

std::string gateway_text(const Value& gateway) {
  std::string who = "Router " + gateway.text("gateway") + ": ";
  if (gateway.text("state") == "mapped") return who + "passes " + gateway.text("external") + " on to this computer";
  if (gateway.text("state") == "asking") return who + "has not answered yet";
  return who + "opens no port. " + gateway.text("cause");
}

void show(Output& out, const Value& result) {
  static const Value nothing;
  const Value& verdict = result.find("verdict") ? *result.find("verdict") : nothing;
  write_wrapped(out, out.toned(verdict.text("sentence"), Tone::strong));
  if (!verdict.text("remedy").empty()) write_wrapped(out, "What helps: " + verdict.text("remedy"));
  out.line();
  std::vector<std::string> lines;
  for (const Value& address : result.items("addresses")) lines.push_back("This computer: " + address.as_text()->substr(0, 60));
  lines.push_back("IPv6 to the internet: " + yes_or_no(result, "global_ipv6"));
  lines.push_back("UDP gets out: " + yes_or_no(result, "udp"));
  lines.push_back("Way back: " + mapping_text(result.text("mapping")));
  for (const Value& relay : result.items("relays")) lines.push_back("Relay " + relay_text(relay));
  for (const Value& gateway : result.items("gateways")) lines.push_back(gateway_text(gateway));
  if (!result.text("proxy").empty()) lines.push_back("Proxy for relays that speak WebSocket: " + result.text("proxy"));
  for (const Value& fixed : result.items("fixed"))
    lines.push_back("Fixed address " + fixed.text("address") + (fixed.text("cause").empty() ? "" : ": " + fixed.text("cause")));
  for (const std::string& line : lines) write_wrapped(out, line, 2);
}

ExitCode netcheck(Session& session) {
  Value result = session.ask("netcheck", {}, "Asking relays and routers");
  if (!session.out.document(result)) show(session.out, result);
  return ExitCode::done;
}

}  // namespace

void add_netcheck_command(CommandTable& table) {
  table.add("netcheck", "What this computer's network allows, measured now", netcheck);
}

}  // namespace drawbridge::cli
