// relay add, relay remove, relay list.
#include <fmt/format.h>

#include <algorithm>

#include "cli/command_table.hpp"

namespace drawbridge::cli {
namespace {

using admin::Value;

struct RelayArguments {
  std::string url, token;
};

// Whether this computer is somebody's office, or may be about to be: it is not only a device of others.
bool serves_devices(Session& session) {
  const Value status = session.ask("status");
  const Value* reach = status.find("reach");
  const auto& peers = status.items("peers");
  bool has_office = std::any_of(peers.begin(), peers.end(), [](const Value& peer) { return peer.text("role") == "office"; });
  return !has_office || (reach && reach->is_map());
}

ExitCode add(Session& session, const RelayArguments& arguments) {
  Value token = arguments.token.empty() ? Value() : Value(arguments.token);
  Value relay = session.ask("relay.add", Value::map({{"url", arguments.url}, {"token", token}}));
  if (session.out.document(relay)) return ExitCode::done;
  if (!serves_devices(session)) {
    session.out.line("The relay is noted. This computer is nobody's office, so no device looks for it there: it is asked when you join by a short code (drawbridge join CODE).");
    return ExitCode::done;
  }
  session.out.line("The relay is in use. Devices hear of it when they are next connected; codes made from now on name it.");
  return ExitCode::done;
}

ExitCode remove(Session& session, const std::string& url) {
  Value result = session.ask("relay.remove", Value::map({{"url", url}}));
  if (!session.out.document(result)) session.out.line("The relay is no longer used.");
  return ExitCode::done;
}

std::string state_text(const Value& relay) {
  const std::string& state = relay.text("state");
  if (state == "ready") return "answers";
  if (state == "draining") return "is about to stop";
  if (state == "over_quota") return "passes less: its quota is used up";
  return "no answer yet";
}

ExitCode list(Session& session) {
  Value result = session.ask("relay.list");
  if (session.out.document(result)) return ExitCode::done;
  if (result.items().empty()) {
    session.out.line(serves_devices(session) ? "No relay is named: devices reach this office directly, or not at all. Name one: drawbridge relay add URL"
                                             : "No relay is named here, and none is needed: those of an office are used by themselves.");
  }
  for (const Value& relay : result.items()) {
    std::string who = relay.text("operator").empty() ? "" : fmt::format(", {} {}", relay.text("operator"), relay.text("country"));
    session.out.line(fmt::format("{}  {}{}", relay.text("url"), state_text(relay), who));
  }
  return ExitCode::done;
}

}  // namespace

void add_relay_commands(CommandTable& table) {
  CLI::App* relay = table.add("relay", "Relays by which devices reach this office from anywhere", list);
  auto added = std::make_shared<RelayArguments>();
  auto* add_command = table.add("add", "Use a relay", [added](Session& session) { return add(session, *added); }, relay);
  add_command->add_option("URL", added->url, "udp://HOST:PORT#KEY or wss://HOST/PATH#KEY, as its operator gave it")->required();
  add_command->add_option("--token", added->token, "For a private relay");
  auto removed = std::make_shared<std::string>();
  auto* remove_command =
      table.add("remove", "Do not use a relay any more", [removed](Session& session) { return remove(session, *removed); }, relay);
  remove_command->add_option("URL", *removed)->required();
  table.add("list", "The relays of this office and whether they answer", list, relay);
}

}  // namespace drawbridge::cli
