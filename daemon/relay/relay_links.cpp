#include "daemon/relay/relay_links.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/io/socket_address.hpp"

namespace drawbridge {
namespace {

// How the node names a WebSocket: an address in 100:0:0:1::/64 (relay::is_made_up), the relay's number as its port.
constexpr std::array<uint8_t, 8> websocket_prefix{0x01, 0, 0, 0, 0, 0, 0, 0x01};

Path websocket_path(uint16_t number) {
  Path path;
  std::copy(websocket_prefix.begin(), websocket_prefix.end(), path.remote.ip.begin());
  path.remote.port = number;
  return path;
}

// Whether the kernel knows a way to it; nothing is sent.
bool has_route(const SocketAddress& address) {
  SystemAddress system = to_system(address);
  FileDescriptor probe(socket(system.get()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return probe.get() >= 0 && connect(probe.get(), system.get(), system.length) == 0;
}

// In the resolver's order (RFC 6724), but IPv4 first where there is a way: routers change addresses only there, and the
// relay is who tells which ones.
void prefer_v4(std::vector<SocketAddress>& addresses) {
  std::stable_partition(addresses.begin(), addresses.end(), [](const SocketAddress& address) { return address.is_v4() && has_route(address); });
}

}  // namespace

struct RelayLinks::Lookup {
  uv_getaddrinfo_t request{};
  RelayLinks* links = nullptr;
  std::weak_ptr<bool> alive;
  uint16_t number = 0, port = 0;
  uint64_t serial = 0;

  static void done(uv_getaddrinfo_t* request, int status, addrinfo* list) {
    std::unique_ptr<Lookup> self(static_cast<Lookup*>(request->data));
    std::vector<SocketAddress> addresses;
    for (addrinfo* entry = status == 0 ? list : nullptr; entry; entry = entry->ai_next) {
      addresses.push_back(from_system(entry->ai_addr));
      addresses.back().port = self->port;
    }
    uv_freeaddrinfo(list);
    prefer_v4(addresses);
    if (!self->alive.expired()) self->links->found(self->number, self->serial, std::move(addresses));
  }
};

void RelayLinks::handle(const event::RelayWanted& wanted) {
  if (wanted.beside) return handle_beside(wanted);
  if (wanted.url.empty()) return drop(wanted.number);
  auto url = relay::parse_relay_url(wanted.url);
  if (!url) return;
  Line& line = lines_[wanted.number];
  if (line.client && relay::to_text(line.url) != wanted.url) {
    over_.push_back(std::move(line.client));
    line.opened = 0;
  }
  line.url = url.take();
  if (line.url.transport != relay::RelayUrl::Transport::udp && take_over(wanted.number, line, line.url)) return;
  line.lookup = look_up(wanted.number, line.url);
}

void RelayLinks::handle_beside(const event::RelayWanted& wanted) {
  drop_beside(wanted.number);
  auto url = wanted.url.empty() ? Result<relay::RelayUrl>(Error{}) : relay::parse_relay_url(wanted.url);
  if (!url) return;
  Beside& beside = besides_[wanted.number];
  beside.url = url.take();
  beside.lookup = look_up(wanted.number, beside.url);
}

void RelayLinks::drop_beside(uint16_t number) {
  auto beside = besides_.extract(number);
  if (beside && beside.mapped().client) over_.push_back(std::move(beside.mapped().client));
}

// What has been made ready, or is about to be, goes on as the line's own.
bool RelayLinks::take_over(uint16_t number, Line& line, const relay::RelayUrl& url) {
  auto beside = besides_.find(number);
  bool same = beside != besides_.end() && beside->second.client && relay::to_text(beside->second.url) == relay::to_text(url);
  if (!same) {
    drop_beside(number);
    return false;
  }
  if (line.client) over_.push_back(std::move(line.client));
  line.client = std::move(beside->second.client);
  line.opened = beside->second.opened;
  line.address = beside->second.address;
  line.lookup = ++lookups_;
  besides_.erase(beside);
  node_.handle_relay_link(loop_.now(), number, websocket_path(number));
  loop_.turn_again();
  return true;
}

void RelayLinks::drop(uint16_t number) {
  drop_beside(number);
  auto line = lines_.extract(number);
  if (line && line.mapped().client) over_.push_back(std::move(line.mapped().client));
}

const ProxySetting* RelayLinks::proxy_to(const relay::RelayUrl& url) const {
  bool websocket = url.transport != relay::RelayUrl::Transport::udp;
  return websocket && proxy_ && proxy_->applies_to(url.host) ? &*proxy_ : nullptr;
}

uint64_t RelayLinks::look_up(uint16_t number, const relay::RelayUrl& url) {
  const ProxySetting* proxy = proxy_to(url);  // which looks the relay up itself
  const std::string& host = proxy ? proxy->host : url.host;
  uint64_t serial = ++lookups_;
  auto lookup = std::make_unique<Lookup>();
  lookup->request.data = lookup.get();
  lookup->links = this;
  lookup->alive = alive_;
  lookup->number = number;
  lookup->port = proxy ? proxy->port : url.port;
  lookup->serial = serial;
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_ADDRCONFIG;
  if (uv_getaddrinfo(loop_.raw(), &lookup->request, Lookup::done, host.c_str(), nullptr, &hints) == 0) lookup.release();
  return serial;
}

void RelayLinks::found(uint16_t number, uint64_t lookup, std::vector<SocketAddress> addresses) {
  auto beside = besides_.find(number);
  if (beside != besides_.end() && beside->second.lookup == lookup) return found_beside(number, beside->second, addresses);
  auto entry = lines_.find(number);
  if (entry == lines_.end() || entry->second.lookup != lookup) return;
  Line& line = entry->second;
  line.name_unknown = addresses.empty() && !proxy_to(line.url);
  if (addresses.empty()) {
    const ProxySetting* proxy = proxy_to(line.url);
    log_.warning(LogEvent::relay_unreachable,
                 {{LogField::address, proxy ? proxy->host : line.url.host},
                  {LogField::message, std::string(proxy ? "The proxy's name was not found." : "The relay's name was not found.")},
                  {LogField::remedy, std::string(proxy ? "Check this computer's network and the proxy's name."
                                                       : "Check this computer's network and the relay's name.")}});
    node_.handle_relay_link(loop_.now(), number, std::nullopt);
  } else {
    // The first, and the next only if the relay does not answer.
    size_t& unanswered = line.unanswered[line.url.transport];
    if (is_ready(line)) unanswered = 0;
    line.address = addresses[unanswered++ % addresses.size()];
    bool udp = line.url.transport == relay::RelayUrl::Transport::udp;
    if (udp || !line.client) node_.handle_relay_link(loop_.now(), number, udp ? Path{{}, line.address} : websocket_path(number));
  }
  loop_.turn_again();
}

void RelayLinks::found_beside(uint16_t number, Beside& beside, const std::vector<SocketAddress>& addresses) {
  if (addresses.empty()) {
    besides_.erase(number);
    node_.handle_relay_beside(loop_.now(), number, false);
    return loop_.turn_again();
  }
  beside.address = addresses[0];
  beside.opened = ++opens_;
  beside.client = dial(number, beside.url, beside.address, beside.opened, {});
}

bool RelayLinks::is_ready(const Line& line) const {
  std::string url = relay::to_text(line.url);
  for (const relay::RelayStatus& status : node_.relays()) {
    if (status.address.url == url || status.address.other_url == url) return status.ready;
  }
  return false;
}

const RelayLinks::Line* RelayLinks::line_to(std::string_view text) const {
  auto url = relay::parse_relay_url(text);
  auto found = std::find_if(lines_.begin(), lines_.end(), [&](const auto& entry) { return url && entry.second.url.key.id == url->key.id; });
  return found == lines_.end() ? nullptr : &found->second;
}

bool RelayLinks::name_unknown(std::string_view url) const {
  const Line* line = line_to(url);
  return line && line->name_unknown;
}

bool RelayLinks::captive_portal(std::string_view url) const {
  const Line* line = line_to(url);
  return line && line->captive_portal;
}

void RelayLinks::handle_network_change() {
  for (auto& [number, line] : lines_) line.captive_portal = false;
}

bool RelayLinks::carries(const Path& path) const {
  return std::equal(websocket_prefix.begin(), websocket_prefix.end(), path.remote.ip.begin());
}

void RelayLinks::send(const Transmit& run, ByteView bytes) {
  auto found = lines_.find(run.path.remote.port);
  if (found == lines_.end()) return;
  Line& line = found->second;
  if (line.url.transport == relay::RelayUrl::Transport::udp) return;
  // The first datagram is the node's HELLO: it travels in the upgrade request.
  if (!line.client) open(found->first, line, bytes);
  else if (line.client->awaits_hello()) line.client->upgrade(bytes);
  else if (line.client->is_open()) line.client->send(bytes, run.segment_size);
}

void RelayLinks::flush() {
  over_.clear();
  for (auto& [number, line] : lines_) {
    if (line.client && line.client->is_open()) line.client->flush();
    if (line.captive_portal && is_ready(line)) line.captive_portal = false;
  }
}

void RelayLinks::open(uint16_t number, Line& line, ByteView hello) {
  line.opened = ++opens_;
  line.client = dial(number, line.url, line.address, line.opened, hello);
}

std::unique_ptr<RelayWebSocketClient> RelayLinks::dial(uint16_t number, const relay::RelayUrl& url, const SocketAddress& address, uint64_t opened, ByteView hello) {
  auto received = [this, number](MutableBytes datagram) {
    node_.handle_datagrams(loop_.now(), {websocket_path(number), 0, datagram.size(), datagram});
  };
  auto prepared = [this, number] {
    node_.handle_relay_beside(loop_.now(), number, true);
    loop_.turn_again();
  };
  auto opened_now = [this, number] {
    if (auto line = lines_.find(number); line != lines_.end()) line->second.captive_portal = false;
  };
  std::optional<HttpProxy> proxy;
  if (const ProxySetting* setting = proxy_to(url)) proxy = HttpProxy{address, setting->user, setting->password};
  return std::make_unique<RelayWebSocketClient>(
      loop_, url, address, std::move(proxy), hello, entropy_,
      RelayWebSocketClient::Callbacks{opened_now, received, [] {}, [this, number, opened](const Error& why) { closed(number, opened, why); }, prepared});
}

void RelayLinks::closed(uint16_t number, uint64_t opened, const Error& why) {
  auto beside = besides_.find(number);
  auto entry = lines_.find(number);
  if (beside != besides_.end() && beside->second.opened == opened) {
    // No portal's word: this one ends before it has asked for anything.
    if (entry != lines_.end()) entry->second.captive_portal = false;
    drop_beside(number);
    node_.handle_relay_beside(loop_.now(), number, false);
    return loop_.turn_again();
  }
  if (entry == lines_.end() || entry->second.opened != opened) return;  // one that is not used any more
  Line& line = entry->second;
  line.opened = 0;
  line.captive_portal = line.client->met_captive_portal();
  over_.push_back(std::move(line.client));
  log_.info(LogEvent::relay_unreachable,
            {{LogField::address, line.url.host}, {LogField::message, why.message}, {LogField::remedy, why.remedy}});
  node_.handle_relay_link(loop_.now(), number, std::nullopt);
  loop_.turn_again();
}

}  // namespace drawbridge
