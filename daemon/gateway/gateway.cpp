#include "daemon/gateway/gateway.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/io/stream_socket.hpp"

namespace drawbridge::gateway {
namespace {

const std::string port_setting = "gateway/port";
constexpr int ports_tried = 64;
constexpr size_t most_connections = 512;

SocketAddress loopback_v4(uint16_t port) {
  return SocketAddress::v4(127, 0, 0, 1, port);
}

SocketAddress loopback_v6(uint16_t port) {
  SocketAddress out;
  out.ip[15] = 1;
  out.port = port;
  return out;
}

// The one it had last time, the one asked for, then those after it.
std::vector<uint16_t> ports_to_try(const std::optional<std::string>& kept, uint16_t wanted) {
  std::vector<uint16_t> ports;
  uint16_t last = 0;
  if (kept) std::from_chars(kept->data(), kept->data() + kept->size(), last);
  bool still_fits = last >= wanted && last < wanted + ports_tried;
  if (still_fits) ports.push_back(last);
  for (int i = 0; i < ports_tried && wanted + i <= 65'535; ++i) ports.push_back(static_cast<uint16_t>(wanted + i));
  return ports;
}

}  // namespace

Gateway::Gateway(Loop& loop, FlowTable& flows, FlowPort& port_of_flows, Settings& settings, SocketOwners& owners,
                 const LocalUsers& users, uint16_t port, Hooks hooks)
    : settings_(settings),
      owners_(owners),
      users_(users),
      wanted_port_(port),
      hooks_(std::move(hooks)),
      labels_(settings),
      around_{loop,
              flows,
              port_of_flows,
              routes_,
              [this] { return listening_port_; },
              hooks_.open_flow,
              [this](Connection* connection) { forget(connection); }} {}

Gateway::~Gateway() = default;

void Gateway::offer(const std::vector<OfferedService>& services) {
  std::vector<RoutedOffice> offices;
  for (const OfferedService& service : services) {
    const DeviceId& id = service.office.peer;
    auto known =
        std::find_if(offices.begin(), offices.end(), [&](const RoutedOffice& office) { return office.id == id; });
    if (known == offices.end()) {
      std::string name = hooks_.office_name(id);
      known = offices.insert(known, RoutedOffice{id, labels_.label(id, name), name, {}});
    }
    known->services.push_back(service);
  }
  routes_.set(std::move(offices));
  if (routes_.offices().empty()) {
    listeners_.clear();
    listening_port_ = 0;
  } else if (listeners_.empty() && wanted_port_ != 0) {
    listen();
  }
}

void Gateway::listen() {
  for (uint16_t port : ports_to_try(settings_.get(port_setting), wanted_port_)) {
    if (!listen_at(port)) continue;
    settings_.set(port_setting, std::to_string(port));
    if (port != wanted_port_) hooks_.moved(port);
    return;
  }
  hooks_.moved(0);
}

// Browsers try ::1 or 127.0.0.1 first as they like: both must be ours, unless this machine has no IPv6.
bool Gateway::listen_at(uint16_t port) {
  auto v4 = listen_tcp(loopback_v4(port));
  if (!v4) return false;
  auto v6 = listen_tcp(loopback_v6(port));
  bool has_v6 = v6.ok() || listen_tcp(loopback_v6(0)).ok();
  if (!v6 && has_v6) return false;
  listening_port_ = port;
  for (auto* fd : {&v4, &v6}) {
    if (!fd->ok()) continue;
    listeners_.push_back(std::make_unique<LocalListener>(
        around_.loop, fd->take(), owners_, users_,
        LocalListener::Callbacks{[this](FileDescriptor client) { accepted(std::move(client)); }, hooks_.refused}));
  }
  return true;
}

void Gateway::accepted(FileDescriptor fd) {
  if (connections_.size() >= most_connections) return reset_on_close(fd.get());
  connections_.push_back(std::make_unique<Connection>(around_, std::move(fd)));
}

void Gateway::forget(Connection* connection) {
  auto found =
      std::find_if(connections_.begin(), connections_.end(), [&](const auto& one) { return one.get() == connection; });
  if (found == connections_.end()) return;
  gone_.push_back(std::move(*found));
  connections_.erase(found);
}

std::string Gateway::url(const DeviceId& office, const std::string& service) const {
  return listening_port_ ? routes_.url(office, service, listening_port_) : "";
}

}  // namespace drawbridge::gateway
