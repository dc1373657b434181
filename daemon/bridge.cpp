#include "daemon/bridge.hpp"

#include <signal.h>

#include <fstream>

#include "daemon/idle_memory.hpp"
#include "daemon/io/clock.hpp"
#include "daemon/io/local_endpoints.hpp"
#include "daemon/observe/event_log.hpp"
#include "daemon/observe/service_notify.hpp"
#include "daemon/observe/watchdog.hpp"
#include "daemon/office_page/page_commands.hpp"
#include "daemon/process.hpp"
#include "daemon/relay/relay_key.hpp"
#include "daemon/services/own_state.hpp"
#include "daemon/storage/key_file_reader.hpp"
#include "protocol/aead/packet_protection.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/roster/records.hpp"

namespace drawbridge {

namespace {

// Its first line, cut behind what is too long for a name already.
std::string written_name(const StateDirectory& state) {
  std::ifstream file(state.name_file(), std::ios::binary);
  std::string text(limits::name_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text.substr(0, text.find_first_of("\r\n"));
}

// Peers would take no pairing of an office with such a name, and no command an answer that holds it.
void tell_of_bad_name(const StateDirectory& state, Log& log) {
  std::string written = written_name(state);
  if (written.empty() || roster::is_display_name(written)) return;
  log.warning(LogEvent::config_refused,
              {{LogField::message, state.name_file() + " holds no name that can be used; until it does, this computer is " + read_name(state) + "."},
               {LogField::remedy, "Write one there, of at most 64 bytes of UTF-8 on one line, and restart."}});
}

std::vector<std::string> as_urls(const std::vector<SocketAddress>& addresses) {
  std::vector<std::string> out;
  for (const SocketAddress& address : addresses) out.push_back("udp://" + to_text(address));
  return out;
}

// How often it is tried whether there is room again.
constexpr Duration reserve_retry = 10s;
constexpr Duration idle_look = 30s;

NodeConfig node_config(const Identity& identity, const std::string& name, const Config& config,
                       const StateDirectory& state) {
  NodeConfig out;
  out.identity = identity;
  out.name = name;
  out.hardware_aes = hardware_aes_available();
  out.cubic = config.cubic;
  out.phone_page = config.phone_page;
  out.machine = state.fingerprint();
  return out;
}

}  // namespace

std::string read_name(const StateDirectory& state) {
  for (std::string name : {written_name(state), host_name()}) {
    if (roster::is_display_name(name)) return name;
  }
  return "drawbridge";
}

Result<std::unique_ptr<Bridge>> Bridge::open(const StateDirectory& state, const BridgeOptions& options, Config config,
                                             Log& log, const NodeSecrets& secrets) {
  auto store = RowStore::open(state.database_file(), read_clocks().wall, DiskReserve(state.reserve_file()));
  if (!store) return store.error();
  tell_of_bad_name(state, log);
  if (store->upgraded()) log.info(LogEvent::state_upgraded, {{LogField::message, *store->upgraded()}});
  std::unique_ptr<Bridge> bridge(new Bridge(state, options, std::move(config), log, store.take(), secrets));
  if (auto started = bridge->start(); !started) return started.error();
  return bridge;
}

Bridge::Bridge(const StateDirectory& state, const BridgeOptions& options, Config config, Log& log, RowStore store,
               const NodeSecrets& secrets)
    : state_(state),
      options_(options),
      config_(std::move(config)),
      log_(log),
      name_(read_name(state)),
      secrets_(secrets),
      store_(std::move(store)),
      node_(node_config(secrets_.identity, name_, config_, state_), entropy_),
      driver_(loop_, node_, store_, driver_readers()),
      reserve_timer_(loop_, [this] { refill_reserve(); }),
      relay_links_(loop_, log_, node_, entropy_),
      outside_(loop_, log_, node_, secrets_.identity),
      flows_(loop_, driver_),
      connector_(loop_, flows_, connector_answers()),
      folders_(options_.outside, state_.path()),
      http_(loop_),
      commands_(loop_, log_, state_.file("commands"), options_.outside),
      traffic_timer_(loop_, [this] { sample_traffic(); }) {
  driver_.set_outlet(&relay_links_);
  choose_proxy();
}

// What the owner has written goes before the environment's.
void Bridge::choose_proxy() {
  if (config_.proxy || config_.no_proxy) return relay_links_.use_proxy(config_.proxy);
  auto proxy = proxy_from_environment([](const char* name) { return std::getenv(name); });
  if (proxy) return relay_links_.use_proxy(proxy.take());
  log_.warning(LogEvent::config_refused, {{LogField::message, "The environment's https_proxy is not used: " + proxy.error().message},
                                          {LogField::remedy, proxy.error().remedy}});
}

Bridge::~Bridge() {
  driver_.set_outlet(nullptr);
  // What commands still wait for must not outlive what they act on.
  admin_.reset();
  page_.reset();
}

NodeDriver::Readers Bridge::driver_readers() {
  return {
      [this](const Event& event) { handle(event); },
      [this] {
        if (gateway_) gateway_->sweep();
        flows_.sweep();
        http_.sweep();
        if (admin_) admin_->sweep();
        if (page_) page_->sweep();
      },
      [this](const Error& error) {
        ++counters_.failed_writes;
        log_.error(LogEvent::storage_failed, {{LogField::message, error.message}, {LogField::remedy, error.remedy}});
      },
      [this] { look_at_reserve(); },
      [this](Duration away) { woke_up(away); }};
}

ServiceConnector::Answers Bridge::connector_answers() {
  return {[this](FlowId flow) { node_.accept_flow(loop_.now(), flow); },
          [this](FlowId flow, const std::string& service, FlowReset reason, const std::string& message) {
            ++counters_.failed_flows;
            log_.warning(LogEvent::service_failed, {{LogField::service, service},
                                                    {LogField::reason, std::string(reset_name(reason))},
                                                    {LogField::message, message}});
            node_.refuse_flow(loop_.now(), flow, reason, message);
          },
          [this](const Target& target) { return check_own_state(target, state_.path()); }};
}

gateway::Gateway::Hooks Bridge::gateway_hooks() {
  return {[this](const DeviceId& office, const std::string& service) {
            return node_.open_flow(loop_.now(), office, service);
          },
          [this](const DeviceId& office) {
            return name_of({PeerRole::office, office});
          },
          [this](const LocalRefusal& refusal) { local_refused(refusal); },
          [this](uint16_t port) {
            log_.warning(
                LogEvent::gateway_moved,
                {{LogField::address, port ? "127.0.0.1:" + std::to_string(port) : "none"},
                 {LogField::message, "Port " + std::to_string(config_.gateway_port) + " is another program's."},
                 {LogField::remedy,
                  std::string("'drawbridge services' shows the addresses; gateway_port chooses another port.")}});
          }};
}

office_page::OfficePage::Hooks Bridge::page_hooks() {
  return {[this](admin::CallPtr call) { office_page::run_page_command(*scope_, std::move(call)); },
          [this](const LocalRefusal& refusal) { local_refused(refusal); }};
}

// What systemd hands in is kept by systemd.
bool Bridge::key_is_open() const {
  KeySource source = find_key(state_.key_file(), "");
  auto locked = has_passphrase(source);
  return !source.credential && locked && !*locked;
}

void Bridge::sample_traffic() {
  traffic_.sample(loop_.now().boot, node_.peers(loop_.now()));
  traffic_timer_.start(traffic_fine);
}

void Bridge::offer_services() {
  auto services = node_.offered_services();
  forward_->offer(services);
  gateway_->offer(services);
  commands_.follow(node_.own_services());
}

admin::Scope Bridge::admin_scope() {
  return {loop_,
          driver_,
          flows_,
          connector_,
          *forward_,
          *gateway_,
          owners_,
          users_,
          watchers_,
          name_,
          options_.phone_release,
          loop_.now().wall,
          [this] { return reachable(); },
          [this](const LocalRefusal& refusal) { local_refused(refusal); },
          secrets_.backup_key,
          entropy_,
          [this] { return outside_.gateways(); },
          outside_,
          relay_links_,
          [this] { return warnings(); },
          *page_,
          traffic_,
          *settings_,
          [this] { return key_is_open(); },
          [this] {
            end_ = End::restart;
            loop_.stop();
          }};
}

Result<void> Bridge::start() {
  auto users = user_ids(config_.local_users);
  if (!users) return users.error();
  users_ = users.take();
  connector_.serve(Target::Kind::folder, [this](const event::FlowRequested& request, const Target& target) {
    return folders_.connect(target.path, request.service, target.read_only);
  });
  connector_.serve(Target::Kind::page, [this](const event::FlowRequested& request, const Target&) {
    return page_->connect({std::nullopt, request.device.peer, request.device_name, request.service});
  });
  connector_.find(Target::Kind::command,
                  {[this](const std::string& service, ServiceConnector::Found found) { commands_.when_ready(service, std::move(found)); },
                   [this](const std::string& service) { return commands_.cause(service); }});
  connector_.wrap(Target::Kind::http, [this](const event::FlowRequested& request, const Target& target, FileDescriptor program) {
    return http_.connect(std::move(program), {{to_text(request.device.peer), request.device_name, name_}, authority(target)});
  });
  if (auto started = start_node(); !started) return started;
  auto settings = store_.settings();
  if (!settings) return settings.error();
  settings_ = std::make_unique<Settings>(settings.take(), driver_.writes());
  forward_ = std::make_unique<LocalForward>(
      loop_, flows_, *settings_, owners_, users_,
      LocalForward::Hooks{[this](const DeviceId& office, const std::string& service) {
                            return node_.open_flow(loop_.now(), office, service);
                          },
                          [this](const LocalRefusal& refusal) { local_refused(refusal); }});
  gateway_ = std::make_unique<gateway::Gateway>(loop_, flows_, driver_, *settings_, owners_, users_,
                                                config_.gateway_port, gateway_hooks());
  offer_services();
  monitor_ = std::make_unique<InterfaceMonitor>(loop_, [this] { tell_network(); });
  node_.handle_network_change(loop_.now(), reachable());
  use_lan();
  if (config_.port_mapping) outside_.map_port(driver_.listening());
  page_ = std::make_unique<office_page::OfficePage>(loop_, entropy_, owners_, page_hooks());
  scope_ = std::make_unique<admin::Scope>(admin_scope());
  sample_traffic();
  admin_ = std::make_unique<admin::AdminServer>(
      loop_, options_.control, [this](admin::CallPtr call) { admin::run_command(*scope_, std::move(call)); }, options_.control_group);
  if (auto started = start_metrics(); !started) return started;
  return options_.relay ? start_relay() : Result<void>();
}

Result<void> Bridge::start_metrics() {
  if (!config_.metrics) return {};
  auto server = MetricsServer::open(loop_, *config_.metrics, state_.path(), [this] {
    Counters counters = counters_;
    driver_.add_traffic(counters);
    return metrics_text(node_, loop_.now(), counters, {scope_->started_at, flows_.size(), reserve_short_});
  });
  if (!server) return server.error();
  metrics_ = server.take();
  return {};
}

// A key of its own: the relay is nobody's office.
Result<void> Bridge::start_relay() {
  auto identity = read_or_make_relay_key(state_.file("relay.key"), entropy_);
  if (!identity) return identity.error();
  auto service = RelayService::open(loop_, log_, entropy_, *identity, config_.relay);
  if (!service) {
    const Error& why = service.error();
    return Error{why.code, "The relay beside this office cannot start: " + why.message,
                 "Start without --relay, or choose other addresses in the [relay] table of config.toml."};
  }
  relay_ = service.take();
  return {};
}

Result<void> Bridge::start_node() {
  auto rows = store_.load();
  if (!rows) return rows.error();
  if (auto started = node_.start(loop_.now(), *rows); !started) return started;
  std::vector<SocketAddress> addresses = options_.listen.empty() ? config_.listen : options_.listen;
  return driver_.listen(addresses);
}

Bridge::End Bridge::run() {
  for (int number : {SIGTERM, SIGINT})
    signals_.push_back(std::make_unique<SignalWatch>(loop_, number, [this] { loop_.stop(); }));
  signals_.push_back(std::make_unique<SignalWatch>(loop_, SIGHUP, [this] { reload(); }));
  signals_.push_back(std::make_unique<SignalWatch>(loop_, SIGCONT, [this] { woke_up(Duration::zero()); }));
  log_.ready(as_urls(driver_.listening()));
  notify_service("READY=1");
  Watchdog watchdog(loop_);
  IdleMemory idle_memory(loop_, {[this] { return IdleMemory::Flows{flows_.size(), flows_.begun()}; }, [this] { node_.release_spare_memory(); }}, idle_look);
  release_unused_pages();
  loop_.run();
  if (end_ == End::stopped) stop();
  commands_.end_all();
  return end_;
}

void Bridge::stop() {
  log_.info(LogEvent::stopping);
  notify_service("STOPPING=1");
  if (relay_) relay_->drain([] {});
  node_.shut_down(loop_.now());
  driver_.settle_all();
  outside_.stop();
}

void Bridge::reload() {
  auto config = options_.read_config();
  auto users = config ? user_ids(config->local_users) : Result<LocalUsers>(config.error());
  if (!users)
    return log_.error(LogEvent::config_refused,
                      {{LogField::message, users.error().message}, {LogField::remedy, users.error().remedy}});
  users_ = users.take();
  if (relay_) relay_->reload();
  log_.set(config->log, config->log_level);
  bool restart_needed = config->cubic != config_.cubic || config->listen != config_.listen ||
                        config->gateway_port != config_.gateway_port || config->port_mapping != config_.port_mapping ||
                        config->lan_discovery != config_.lan_discovery ||
                        config->metrics != config_.metrics || config->phone_page != config_.phone_page || config->proxy != config_.proxy || config->no_proxy != config_.no_proxy;
  config_ = config.take();
  log_.info(LogEvent::config_reloaded, {{LogField::restart_needed, std::string(restart_needed ? "yes" : "no")}});
}

void Bridge::handle(const Event& event) {
  counters_.count(event);
  if (const auto* requested = std::get_if<event::FlowRequested>(&event)) return connector_.handle(*requested);
  if (const auto* accepted = std::get_if<event::FlowAccepted>(&event)) return flows_.handle(*accepted);
  if (const auto* readable = std::get_if<event::FlowReadable>(&event)) return flows_.handle(*readable);
  if (const auto* writable = std::get_if<event::FlowWritable>(&event)) return flows_.handle(*writable);
  if (const auto* ended = std::get_if<event::FlowEnded>(&event)) return flows_.handle(*ended);
  if (const auto* wanted = std::get_if<event::RelayWanted>(&event)) return relay_links_.handle(*wanted);
  if (const auto* wanted = std::get_if<event::AddressesWanted>(&event)) return outside_.handle(*wanted);
  if (std::holds_alternative<event::ServicesChanged>(event)) offer_services();
  if (config_.port_mapping) outside_.map_port(driver_.listening());
  if (config_.lan_discovery) driver_.lan().listen(node_.is_office());
  log_event(log_, event, [this](const RelationKey& key) { return name_of(key); });
  watchers_.tell(event);
}

std::string Bridge::name_of(const RelationKey& key) {
  for (PeerStatus& peer : node_.peers(loop_.now())) {
    if (peer.key == key) return std::move(peer.name);
  }
  for (DeviceStatus& device : node_.devices(loop_.now())) {
    if (key.role == PeerRole::device && device.id == key.peer) return std::move(device.name);
  }
  return {};
}

std::vector<SocketAddress> Bridge::reachable() const {
  return local_endpoints(driver_.listening(), monitor_->addresses());
}

void Bridge::tell_network() {
  std::vector<std::string> texts;
  for (const SocketAddress& address : reachable()) texts.push_back(to_text(address));
  log_.info(LogEvent::network_changed, {{LogField::addresses, texts}});
  look_again();
}

// Whoever is no office need not be heard of in its network.
void Bridge::use_lan() {
  if (!config_.lan_discovery) return;
  driver_.lan().use(lan_ways(driver_.listening(), lan_addresses()));
  driver_.lan().listen(node_.is_office());
}

void Bridge::look_again() {
  use_lan();
  relay_links_.handle_network_change();
  node_.handle_network_change(loop_.now(), reachable());
  outside_.handle_network_change();
}

void Bridge::woke_up(Duration away) {
  log_.info(LogEvent::woke_up, {{LogField::away_ms, to_ms(away)}});
  look_again();
}

void Bridge::look_at_reserve() {
  bool is_short = store_.reserve().is_short();
  if (std::exchange(reserve_short_, is_short) == is_short) return;
  if (!is_short) return log_.info(LogEvent::reserve_restored);
  reserve_timer_.start(reserve_retry);
  Warning warning = reserve_warning();
  log_.warning(LogEvent::reserve_used, {{LogField::message, warning.message}, {LogField::remedy, warning.remedy}});
}

void Bridge::refill_reserve() {
  driver_.writes().ask([](RowStore& rows) { rows.reserve().refill(); },
                       [this] {
                         look_at_reserve();
                         if (reserve_short_) reserve_timer_.start(reserve_retry);
                       });
}

std::vector<Warning> Bridge::warnings() const {
  std::vector<Warning> out;
  if (reserve_short_) out.push_back(reserve_warning());
  if (auto rows = node_.unreadable_rows(); !rows.empty()) out.push_back(unreadable_warning(rows));
  return out;
}

void Bridge::local_refused(const LocalRefusal& refusal) {
  ++counters_.local_refused;
  std::string user = refusal.user ? "user " + std::to_string(*refusal.user) : "an unknown user";
  node_.handle_local_refusal(loop_.now(), user, to_text(refusal.server));
  log_.warning(LogEvent::local_user_refused,
               {{LogField::address, to_text(refusal.server)},
                {LogField::user, refusal.user ? std::to_string(*refusal.user) : "unknown"}});
}

}  // namespace drawbridge
