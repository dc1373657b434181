#include "daemon/relay/relay_service.hpp"

#include "protocol/relay/relay_url.hpp"

namespace drawbridge {
namespace {

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
      gather_([this](const DatagramRun& run) {
        if (udp_.send(run) < run.bytes.size()) ++traffic_.udp_dropped_full;
      }),
      timer_(loop, [this] { timeout(); }) {}

RelayService::~RelayService() = default;

Result<void> RelayService::start() {
  auto opened = settings_.listen.empty() ? open_everywhere(udp_) : udp_.open(settings_.listen);
  if (!opened) return opened;
  log_.info(LogEvent::relay_ready, {{LogField::addresses, urls()}});
  return {};
}

std::vector<std::string> RelayService::urls() const {
  std::vector<std::string> out;
  for (const SocketAddress& address : udp_.addresses()) {
    relay::RelayUrl url;
    std::string text = to_text(address);
    url.host = text.substr(0, text.rfind(':'));
    if (url.host.front() == '[') url.host = url.host.substr(1, url.host.size() - 2);
    if (!settings_.host.empty()) url.host = settings_.host;
    url.port = address.port;
    url.key.id = server_.id();
    out.push_back(relay::to_text(url));
  }
  return out;
}

void RelayService::reload() {}

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
  if (udp_.send({forward.link.path, forward.ecn, forward.segment_size, forward.bytes}) < forward.bytes.size())
    ++traffic_.udp_dropped_full;
}

void RelayService::settle() {
  Instant now = loop_.now().boot;
  std::array<uint8_t, relay::largest_control> buffer;
  for (;;) {
    relay::ServerTransmit out = server_.poll_transmit(now, buffer);
    if (out.length == 0) break;
    gather_.add(out.link.path, 0, ByteView(buffer).first(out.length));
  }
  gather_.flush();
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
