#include "daemon/services/local_forward.hpp"

#include <algorithm>

#include "daemon/io/datagram_socket.hpp"
#include "daemon/services/forward_address.hpp"

namespace drawbridge {
namespace {

const std::string prefix = "forward/";

std::string setting_of(const DeviceId& office, const std::string& service) {
  return prefix + to_text(office) + "/" + service;
}

std::optional<SocketAddress> parse(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  auto address = parse_socket_address(*text);
  return address ? std::optional(*address) : std::nullopt;
}

bool belongs_to_another(const Settings& settings, const SocketAddress& ip) {
  return std::any_of(settings.all().begin(), settings.all().end(), [&](const auto& entry) {
    auto address = entry.first.starts_with(prefix) ? parse(entry.second) : std::nullopt;
    return address && address->ip == ip.ip;
  });
}

}  // namespace

LocalForward::LocalForward(Loop& loop, FlowTable& flows, Settings& settings, SocketOwners& owners,
                           const LocalUsers& users, Hooks hooks)
    : loop_(loop), flows_(flows), settings_(settings), owners_(owners), users_(users), hooks_(std::move(hooks)) {}

void LocalForward::offer(const std::vector<OfferedService>& services) {
  std::erase_if(entries_, [&](const auto& entry) {
    return std::none_of(services.begin(), services.end(), [&](const OfferedService& service) {
      return Key{service.office.peer, service.name} == entry.first && service.kind == entry.second.kind;
    });
  });
  for (const OfferedService& service : services) {
    if (!entries_.contains({service.office.peer, service.name})) open(service);
  }
}

void LocalForward::open(const OfferedService& service) {
  Key key{service.office.peer, service.name};
  std::string setting = setting_of(key.first, key.second);
  std::optional<SocketAddress> kept = parse(settings_.get(setting));
  SocketAddress ip =
      kept ? *kept
           : forward_ip(setting, [&](const SocketAddress& other) { return belongs_to_another(settings_, other); });
  FileDescriptor fd = listen_at_a_free_port(service, ip, kept);
  if (!fd) return;
  settings_.set(setting, to_text(own_address(fd.get())));
  entries_[key] = {service.kind, entry_for(service, std::move(fd))};
}

std::unique_ptr<LocalEntry> LocalForward::entry_for(const OfferedService& service, FileDescriptor fd) {
  Key key{service.office.peer, service.name};
  if (service.kind == "udp") {
    return std::make_unique<DatagramForward>(
        DatagramForward::Around{loop_, flows_, flows_.port(), owners_, users_}, std::move(fd),
        DatagramForward::Callbacks{[this, key] { return hooks_.open_flow(key.first, key.second); }, hooks_.refused});
  }
  return std::make_unique<LocalListener>(
      loop_, std::move(fd), owners_, users_,
      LocalListener::Callbacks{[this, key](FileDescriptor connection) { accepted(key, std::move(connection)); },
                               hooks_.refused});
}

// A port below 1024 needs a capability that we seldom have, and any port may be taken: the next one then.
FileDescriptor LocalForward::listen_at_a_free_port(const OfferedService& service, const SocketAddress& ip,
                                                   const std::optional<SocketAddress>& kept) {
  std::vector<uint16_t> ports = forward_ports(service.port);
  if (kept) ports.insert(ports.begin(), kept->port);
  for (uint16_t port : ports) {
    SocketAddress address = ip;
    address.port = port;
    if (auto fd = service.kind == "udp" ? open_datagram_socket(address) : listen_tcp(address)) return fd.take();
  }
  return {};
}

void LocalForward::accepted(const Key& key, FileDescriptor fd) {
  auto flow = hooks_.open_flow(key.first, key.second);
  if (flow) return flows_.pump(*flow, std::move(fd));
  reset_on_close(fd.get());
}

std::optional<SocketAddress> LocalForward::address(const DeviceId& office, const std::string& service) const {
  auto entry = entries_.find({office, service});
  return entry == entries_.end() ? std::nullopt : std::optional(entry->second.local->address());
}

}  // namespace drawbridge
