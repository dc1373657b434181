#include "daemon/office_page/office_page.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "daemon/io/stream_socket.hpp"
#include "daemon/io/system_error.hpp"

namespace drawbridge::office_page {
namespace {

constexpr size_t connections_here = 64;          // a browser opens six for each tab
constexpr size_t connections_of_a_device = 16;   // two tabs
constexpr Duration look_interval = 30s;
constexpr int ports_tried = 16;
// A name of its own: cookies know no ports, so one for "localhost" would also go to other programs' pages there.
constexpr const char* host_name = "office.localhost";

SocketAddress loopback_v6(uint16_t port) {
  SocketAddress out;
  out.ip[15] = 1;
  out.port = port;
  return out;
}

std::string authority_of(uint16_t port) { return std::string(host_name) + ":" + std::to_string(port); }

}  // namespace

OfficePage::OfficePage(Loop& loop, Entropy& entropy, SocketOwners& owners, Hooks hooks)
    : loop_(loop),
      owners_(owners),
      hooks_(std::move(hooks)),
      sessions_(entropy),
      around_{loop, sessions_, hooks_.run, [this] { sessions_changed(); }},
      look_(loop, [this] { sessions_changed(); }) {}

OfficePage::~OfficePage() = default;

Result<std::string> OfficePage::open(uid_t user) {
  if (stop_listening_ || listeners_.empty()) {
    if (auto listening = listen(); !listening) return listening.error();
  }
  std::string link = sessions_.add_link(loop_.now().boot, user);
  sessions_changed();
  return "http://" + authority_of(port_) + "/#open=" + link;
}

size_t OfficePage::close() {
  size_t ended = sessions_.end_all();
  sessions_changed();
  return ended;
}

Result<void> OfficePage::listen() {
  stop_listening_ = false;
  listeners_.clear();
  for (int i = 0; i < ports_tried; ++i) {
    if (listen_at(0)) return {};
  }
  return Error{ErrorCode::io, "No port of this computer is free for the page.", "Look for what uses them all: ss -lt"};
}

// Browsers try ::1 or 127.0.0.1 first as they like: both must be ours, unless this machine has no IPv6.
bool OfficePage::listen_at(uint16_t port) {
  auto v4 = listen_tcp(SocketAddress::v4(127, 0, 0, 1, port));
  if (!v4) return false;
  port_ = own_address(v4->get()).port;
  auto v6 = listen_tcp(loopback_v6(port_));
  bool has_v6 = v6.ok() || listen_tcp(loopback_v6(0)).ok();
  if (!v6 && has_v6) return false;
  for (auto* fd : {&v4, &v6}) {
    if (!fd->ok()) continue;
    LocalListener::Callbacks callbacks{[this](FileDescriptor client) { accepted(std::move(client)); }, hooks_.refused};
    listeners_.push_back(std::make_unique<LocalListener>(loop_, fd->take(), owners_, users_, std::move(callbacks)));
  }
  return true;
}

// After each change, and from time to time: who may connect, whose time is over.
void OfficePage::sessions_changed() {
  stop_listening_ = sessions_.expire(loop_.now().boot);
  users_ = sessions_.users();
  for (Client& client : clients_) client.connection->check_session();
  stop_listening_ ? look_.stop() : look_.start(look_interval);
  any_over_ = true;
}

size_t OfficePage::count(const std::optional<DeviceId>& device) const {
  return static_cast<size_t>(std::count_if(clients_.begin(), clients_.end(), [&](const Client& client) { return client.device == device; }));
}

void OfficePage::accepted(FileDescriptor fd) {
  if (count(std::nullopt) >= connections_here) return reset_on_close(fd.get());
  add(std::move(fd), authority_of(port_), {});
}

Result<FileDescriptor> OfficePage::connect(const admin::Caller& device) {
  if (count(device.device) >= connections_of_a_device)
    return Error{ErrorCode::limit, "This device has too many connections to the page open.", "Close some tabs."};
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
    return system_error("No connection to the page", errno);
  FileDescriptor page(pair[0]), flow(pair[1]);
  add(std::move(page), "", device);
  return flow;
}

void OfficePage::add(FileDescriptor fd, const std::string& host, admin::Caller caller) {
  Client& client = clients_.emplace_back();
  client.device = caller.device;
  client.connection = std::make_unique<PageConnection>(around_, std::move(fd), host, std::move(caller), [this, &client] {
    client.over = true;
    any_over_ = true;
  });
}

void OfficePage::sweep() {
  if (!std::exchange(any_over_, false)) return;
  clients_.remove_if([](const Client& client) { return client.over; });
  if (stop_listening_) listeners_.clear();
}

}  // namespace drawbridge::office_page
