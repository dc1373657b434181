// What the commands of the control socket act on, and how they hear what happens.
#pragma once

#include <list>

#include "daemon/admin/call.hpp"
#include "daemon/gateway/gateway.hpp"
#include "daemon/nat/outside_addresses.hpp"
#include "daemon/node_driver.hpp"
#include "daemon/observe/traffic_history.hpp"
#include "daemon/observe/warnings.hpp"
#include "daemon/relay/relay_links.hpp"
#include "daemon/services/local_forward.hpp"
#include "daemon/services/service_connector.hpp"

namespace drawbridge::office_page {
class OfficePage;
}

namespace drawbridge::admin {

// Hands the node's events to commands that stay (watch, wait, pair).
class EventWatchers {
 public:
  using Watcher = std::function<void(const Event&)>;

  // `watcher` is called for each event (not those of flows), and for what commands have changed, until `call` is over. It
  // must not hold the call.
  void add(const CallPtr& call, Watcher watcher);
  void tell(const Event& event);

 private:
  struct Entry {
    std::weak_ptr<Call> call;
    Watcher watcher;
  };
  std::list<Entry> entries_;
};

struct Scope {
  Loop& loop;
  NodeDriver& driver;
  FlowTable& flows;
  ServiceConnector& connector;
  LocalForward& forward;
  gateway::Gateway& gateway;
  SocketOwners& owners;
  const LocalUsers& users;
  EventWatchers& watchers;
  std::string name;           // of this node
  std::string phone_release;  // of the phone's page on this computer; empty: none
  WallTime started_at;
  std::function<std::vector<SocketAddress>()> reachable;  // where peers can send to, best first
  std::function<void(const LocalRefusal&)> local_refused;
  const Secret32& backup_key;     // from the words; seals and opens backups
  Entropy& entropy;               // safe from any thread
  std::function<std::vector<GatewayFinding>()> gateways;  // what asking the routers for a port has shown
  const OutsideAddresses& outside;
  const RelayLinks& relay_links;
  std::function<std::vector<Warning>()> warnings;  // what the owner should know
  office_page::OfficePage& page;
  TrafficHistory& traffic;
  Settings& settings;
  std::function<bool()> key_is_open;  // the key file has no passphrase, and nobody else keeps it
  std::function<void()> restart;  // begin anew with what is on disk, after this turn

  Node& node() { return driver.node(); }
  Now now() { return driver.now(); }
};

// A command has changed something that documents show: whoever watches them is told.
void tell_of_change(Scope& scope);

// Answers `call` when the request is done: `result` makes the document, after everything it says is durable.
void answer_when_done(Scope& scope, CallPtr call, const Result<RequestId>& request, std::function<Value()> result);

// Runs the command that the call names, or fails it.
void run_command(Scope& scope, CallPtr call);

}  // namespace drawbridge::admin
