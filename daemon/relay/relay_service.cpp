#include "daemon/relay/relay_service.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "daemon/io/interface_addresses.hpp"
#include "daemon/io/local_endpoints.hpp"
#include "protocol/relay/relay_url.hpp"

namespace drawbridge {
namespace {

constexpr Duration certificate_interval = 10s;

int64_t change_time(const std::string& file) {
  struct stat about {};
  return stat(file.c_str(), &about) == 0 ? about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec : 0;
}

relay::RelayServerConfig server_config(const Identity& identity, const RelaySettings& settings) {
  relay::RelayServerConfig config{identity, {}, settings.operator_name, settings.country, settings.other_url, settings.limits};
  for (const std::string& token : settings.tokens) config.access.push_back(relay::access_of(token));
  return config;
}

Result<void> open_everywhere(UdpEndpoints& udp) {
  std::vector<SocketAddress> both(2);
  both[0] = SocketAddress::v4(0, 0, 0, 0, relay::default_udp_port);
  both[1].port = relay::default_udp_port;
  auto opened = udp.open(both);
  // A machine without IPv6.
  return opened || udp.addresses().empty() || opened.error().code == ErrorCode::already_exists ? opened : Result<void>();
}

}  // namespace

Result<std::unique_ptr<RelayService>> RelayService::open(Loop& loop, Log& log, Entropy& entropy, const Identity& identity,
                                                         RelaySettings settings) {
  std::unique_ptr<RelayService> service(new RelayService(loop, log, entropy, identity, std::move(settings)));
  if (auto started = service->start(); !started) return started.error();
  return service;
}

RelayService::RelayService(Loop& loop, Log& log, Entropy& entropy, const Identity& identity, RelaySettings settings)
    : loop_(loop),
      log_(log),
      settings_(std::move(settings)),
      server_(server_config(identity, settings_), entropy),
      udp_(loop, {[this](const ArrivedRun& run) { received(run); }, [] {}}),
      beside_(loop, {[this](const ArrivedRun& run) { received(run); }, [] {}}),
      gather_([this](const DatagramRun& run) {
        if (send_udp(run) < run.bytes.size()) ++traffic_.udp_dropped_full;
      }),
      websocket_(loop, {settings_.path, settings_.trusted_proxies, settings_.limits.associations, settings_.limits.associations_per_address,
                  settings_.opening_patience},
                 websocket_hooks()),
      metrics_(loop, {{}, {}, 64, 64}, {[](ByteView) { return false; }, [](const relay::Link&, MutableBytes) {}, [] {}, [](uint64_t) {}, [this](const std::string& target) -> std::optional<std::string> {
                 if (target != "/metrics") return std::nullopt;
                 return metrics_text(server_, traffic());
               }}),
      certificate_timer_(loop, [this] { watch_certificate(); }),
      timer_(loop, [this] { timeout(); }) {}

RelayService::~RelayService() = default;

Result<void> RelayService::start() {
  auto opened = settings_.listen.empty() ? open_everywhere(udp_) : udp_.open(settings_.listen);
  if (!opened) return opened;
  if (auto started = start_observation(); !started) return started;
  if (auto started = start_tcp(); !started) return started;
  log_.info(LogEvent::relay_ready, {{LogField::addresses, urls()}});
  return {};
}

// Ports that nobody named may be somebody else's: then clients learn less about their routers, and nothing fails.
Result<void> RelayService::start_observation() {
  std::vector<SocketAddress> observers, unasked;
  auto open = [this](const SocketAddress& address, std::vector<SocketAddress>& out) {
    auto opened = beside_.open({address});
    if (opened) out.push_back(beside_.addresses().back());
    return opened;
  };
  for (const SocketAddress& address : settings_.observe.value_or(std::vector<SocketAddress>())) {
    if (auto opened = open(address, observers); !opened) return opened;
  }
  for (SocketAddress address : udp_.addresses()) {
    uint16_t port = address.port;
    for (int step = 1; step <= 2 && !settings_.observe && port + step <= UINT16_MAX; ++step) {
      address.port = static_cast<uint16_t>(port + step);
      (void)open(address, observers);
    }
    address.port = 0;
    (void)open(address, unasked);
  }
  server_.observe(observers, unasked);
  beside_addresses_ = beside_.addresses();
  return {};
}

size_t RelayService::send_udp(const DatagramRun& run) {
  return relay::bound_to(beside_addresses_, run.path.local) ? beside_.send(run) : udp_.send(run);
}

relay::RelayUrl RelayService::url_at(const SocketAddress& address) const {
  relay::RelayUrl url;
  std::string text = to_text(address);
  url.host = settings_.host.empty() ? text.substr(0, text.rfind(':')) : settings_.host;
  if (url.host.front() == '[') url.host = url.host.substr(1, url.host.size() - 2);
  url.port = address.port;
  url.key.id = server_.id();
  return url;
}

// Of sockets for every address: what this computer's interfaces have, as clients cannot use 0.0.0.0.
std::vector<std::string> RelayService::urls() const {
  std::vector<std::string> out;
  auto add = [&](const relay::RelayUrl& url) {
    std::string text = relay::to_text(url);
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
  };
  std::vector<SocketAddress> interfaces = interface_addresses();
  for (const SocketAddress& address : local_endpoints(udp_.addresses(), interfaces)) add(url_at(address));
  for (const SocketAddress& address : local_endpoints(websocket_.listening(), interfaces)) {
    relay::RelayUrl url = url_at(address);
    url.transport = settings_.certificate.empty() ? relay::RelayUrl::Transport::ws : relay::RelayUrl::Transport::wss;
    url.path = settings_.path;
    add(url);
  }
  return out;
}

Result<void> RelayService::start_tcp() {
  if (!settings_.certificate.empty()) {
    if (auto read = read_certificate(); !read) return read;
    certificate_timer_.start(certificate_interval);
  }
  for (const SocketAddress& address : settings_.websocket) {
    if (auto listening = websocket_.listen(address); !listening) return listening;
  }
  if (auto read = read_phone_page(); !read) return read;
  for (const SocketAddress& address : settings_.metrics) {
    if (auto listening = metrics_.listen(address); !listening) return listening;
  }
  return {};
}

Result<void> RelayService::read_certificate() {
  certificate_times_ = {change_time(settings_.certificate), change_time(settings_.key)};
  auto tls = tls_server_settings(settings_.certificate, settings_.key);
  if (!tls) return tls.error();
  websocket_.use(tls.take());
  return {};
}

// Beside the relay's WebSocket, so that one port and one certificate serve both.
Result<void> RelayService::read_phone_page() {
  if (settings_.phone.empty()) return {};
  if (settings_.websocket.empty())
    return Error{ErrorCode::invalid_argument, "A relay that serves the phone's page needs a WebSocket address.", "Name one with `websocket` in [relay]."};
  auto page = PhonePage::read(settings_.phone_directory, settings_.phone);
  if (!page) return page.error();
  if (!relay::is_phone_page(phone_origin()))
    return Error{ErrorCode::invalid_argument, settings_.phone + " is not the name of a host.", "Write `phone` as bridge.example or bridge.example:8443."};
  phone_page_ = page.take();
  server_.serve_phone_page(phone_origin());
  return {};
}

// With the port only where a browser needs it: behind a reverse proxy ours is nobody's business.
std::string RelayService::phone_origin() const {
  const std::string& base = settings_.phone;
  std::string name = base.substr(0, base.find(':'));
  bool local = name == "localhost" || name.ends_with(".localhost");
  bool open = local && settings_.certificate.empty();
  bool add_port = local && base == name && !websocket_.listening().empty();
  return (open ? "http://shell." : "https://shell.") + base + (add_port ? ":" + std::to_string(websocket_.listening()[0].port) : "");
}

void RelayService::reload() {
  if (auto read = read_phone_page(); !read)
    log_.error(LogEvent::relay_certificate_refused, {{LogField::message, read.error().message}, {LogField::remedy, read.error().remedy}});
  if (settings_.certificate.empty()) return;
  if (auto read = read_certificate(); !read)
    log_.error(LogEvent::relay_certificate_refused, {{LogField::message, read.error().message}, {LogField::remedy, read.error().remedy}});
}

void RelayService::watch_certificate() {
  if (std::pair(change_time(settings_.certificate), change_time(settings_.key)) != certificate_times_) reload();
  certificate_timer_.start(certificate_interval);
}

WebSocketServer::Hooks RelayService::websocket_hooks() {
  return {[this](ByteView hello) { return server_.welcomes(hello); },
          [this](const relay::Link& link, MutableBytes datagram) {
            for (const relay::Forward& forward : server_.handle_datagrams(loop_.now().boot, link, 0, datagram.size(), datagram)) send(forward);
          },
          [this] { settle(); },
          [this](uint64_t stream) {
            server_.handle_link_closed(loop_.now().boot, stream);
            settle();
          },
          [this](const std::string& target) { return target == "/" ? label() : std::nullopt; },
          [this](const upgrade::Request& request) { return phone_page_ && phone_page_->is_host(request.host) ? phone_page_ : nullptr; }};
}

// A private relay does not say that it is one.
std::optional<std::string> RelayService::label() const {
  if (!settings_.tokens.empty() || settings_.operator_name.empty()) return std::nullopt;
  return "Drawbridge relay. Operator: " + settings_.operator_name + (settings_.country.empty() ? "" : ", " + settings_.country) + ".\n";
}

RelayTraffic RelayService::traffic() const {
  RelayTraffic traffic = traffic_;
  traffic.websocket_connections = websocket_.open();
  return traffic;
}

void RelayService::drain(std::function<void()> done) {
  drained_ = std::move(done);
  drain_until_ = loop_.now().boot + settings_.drain;
  server_.drain();
  log_.info(LogEvent::relay_draining);
  settle();
}

void RelayService::received(const ArrivedRun& run) {
  auto forwards = server_.handle_datagrams(loop_.now().boot, {run.path}, run.ecn, run.segment_size, run.writable);
  for (const relay::Forward& forward : forwards) send(forward);
  settle();
}

// What a full socket does not take is dropped, as a network would.
void RelayService::send(const relay::Forward& forward) {
  const relay::Link& link = forward.link;
  if (link.stream) {
    traffic_.websocket_dropped_slow += websocket_.send(link.stream, forward.bytes, forward.segment_size);
    return;
  }
  if (forward.bytes.size() <= forward.segment_size) {
    gather_.add(link.path, forward.ecn, forward.bytes);
    return;
  }
  // In the order in which they came.
  gather_.flush();
  if (udp_.send({forward.link.path, forward.ecn, forward.segment_size, forward.bytes}) < forward.bytes.size())
    ++traffic_.udp_dropped_full;
}

void RelayService::settle() {
  Instant now = loop_.now().boot;
  std::array<uint8_t, relay::largest_control> buffer;
  for (;;) {
    relay::ServerTransmit out = server_.poll_transmit(now, buffer);
    if (out.length == 0) break;
    ByteView datagram = ByteView(buffer).first(out.length);
    out.link.stream ? void(websocket_.send(out.link.stream, datagram, datagram.size())) : gather_.add(out.link.path, 0, datagram);
  }
  gather_.flush();
  websocket_.flush();
  timer_.arm_no_later_than(std::min(server_.next_timeout(), drain_until_));
}

void RelayService::timeout() {
  Instant now = loop_.now().boot;
  if (now >= server_.next_timeout()) server_.handle_timeout(now);
  if (drained_ && (now >= drain_until_ || server_.associations() == 0)) {
    drain_until_ = far_future;
    return std::exchange(drained_, nullptr)();
  }
  settle();
}

}  // namespace drawbridge
