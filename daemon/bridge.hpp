// Bridge: owns all parts of one running node, from the state on disk to the control socket, and the order in which
// they start and stop.
#pragma once

#include <memory>
#include <optional>

#include "daemon/admin/admin_server.hpp"
#include "daemon/admin/scope.hpp"
#include "daemon/config.hpp"
#include "daemon/folder/folder_services.hpp"
#include "daemon/gateway/gateway.hpp"
#include "daemon/http/http_services.hpp"
#include "daemon/io/interface_monitor.hpp"
#include "daemon/io/system_entropy.hpp"
#include "daemon/nat/outside_addresses.hpp"
#include "daemon/observe/metrics.hpp"
#include "daemon/observe/traffic_history.hpp"
#include "daemon/office_page/office_page.hpp"
#include "daemon/relay/relay_links.hpp"
#include "daemon/relay/relay_service.hpp"
#include "daemon/services/command_services.hpp"
#include "daemon/storage/node_secrets.hpp"
#include "daemon/storage/state_directory.hpp"

namespace drawbridge {

// The node's name as the state folder says it; this computer's without one.
std::string read_name(const StateDirectory& state);

// What the command line decided, and how to read the configuration again (SIGHUP).
struct BridgeOptions {
  std::vector<SocketAddress> listen;  // before those of the configuration
  int control = -1;                   // listener of the control socket
  std::optional<gid_t> control_group;  // whose members it serves, too
  std::function<Result<Config>()> read_config;
  bool relay = false;  // serve as a relay, too
  Outside* outside = nullptr;  // with the sandbox on; must outlive the bridge
  std::string phone_release;   // of the phone's page on this computer, read before the sandbox was closed; empty: none
};

class Bridge {
 public:
  // Everything up to serving. All that is given by reference must outlive the bridge.
  static Result<std::unique_ptr<Bridge>> open(const StateDirectory& state, const BridgeOptions& options, Config config,
                                              Log& log, const NodeSecrets& secrets);
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  enum class End { stopped, restart };
  // Serves until SIGTERM or SIGINT, or until the state was replaced and the bridge must be opened anew.
  End run();

  // As bound, with real ports.
  std::vector<SocketAddress> listening() const { return driver_.listening(); }

 private:
  Bridge(const StateDirectory& state, const BridgeOptions& options, Config config, Log& log, RowStore store,
         const NodeSecrets& secrets);

  Result<void> start();
  Result<void> start_node();
  Result<void> start_relay();
  Result<void> start_metrics();
  void stop();
  void reload();

  void handle(const Event& event);
  std::string name_of(const RelationKey& key);
  void tell_network();
  void use_lan();
  void look_again();
  void woke_up(Duration away);
  void choose_proxy();
  void look_at_reserve();
  void refill_reserve();
  std::vector<Warning> warnings() const;
  void local_refused(const LocalRefusal& refusal);
  std::vector<SocketAddress> reachable() const;
  NodeDriver::Readers driver_readers();
  ServiceConnector::Answers connector_answers();
  gateway::Gateway::Hooks gateway_hooks();
  office_page::OfficePage::Hooks page_hooks();
  void offer_services();
  void sample_traffic();
  bool key_is_open() const;
  admin::Scope admin_scope();

  const StateDirectory& state_;
  const BridgeOptions& options_;
  Config config_;
  Log& log_;
  std::string name_;
  const NodeSecrets& secrets_;
  LocalUsers users_;
  SystemEntropy entropy_;
  RowStore store_;
  Loop loop_;
  Node node_;
  NodeDriver driver_;
  LocalTimer reserve_timer_;
  bool reserve_short_ = false;  // and said so
  RelayLinks relay_links_;
  OutsideAddresses outside_;
  FlowTable flows_;
  std::unique_ptr<Settings> settings_;
  SocketOwners owners_;
  ServiceConnector connector_;
  folder::FolderServices folders_;
  http::HttpServices http_;
  CommandServices commands_;
  std::unique_ptr<LocalForward> forward_;
  std::unique_ptr<gateway::Gateway> gateway_;
  TrafficHistory traffic_;
  LocalTimer traffic_timer_;
  std::unique_ptr<InterfaceMonitor> monitor_;
  admin::EventWatchers watchers_;
  std::unique_ptr<admin::Scope> scope_;
  std::unique_ptr<office_page::OfficePage> page_;
  std::unique_ptr<admin::AdminServer> admin_;
  std::vector<std::unique_ptr<SignalWatch>> signals_;
  std::unique_ptr<RelayService> relay_;
  Counters counters_;
  std::unique_ptr<MetricsServer> metrics_;
  End end_ = End::stopped;
};

}  // namespace drawbridge
