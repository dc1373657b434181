#include "daemon/services/target_dialer.hpp"

#include <netdb.h>

#include <algorithm>
#include <cerrno>

#include "daemon/io/datagram_socket.hpp"
#include "daemon/io/system_error.hpp"

namespace drawbridge {
namespace {

// A program on this machine or in this office answers within milliseconds; a host that is off never does.
constexpr Duration connect_timeout = 10s;

std::string describe(const Target& target) {
  return !target.host.empty() ? target.host + " port " + std::to_string(target.port) : target.path;
}

DialFailure explain(const Target& target, int number) {
  std::string what = "The service's program at " + describe(target);
  switch (number) {
    case ECONNREFUSED:
    case ENOENT:
    case EAGAIN:  // a Unix socket whose queue of waiting connections is full
      return {FlowReset::target_refused, what + " does not accept connections."};
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return {FlowReset::target_unreachable, what + " does not answer."};
    default:
      return {FlowReset::target_failed, what + " cannot be reached: " + system_text(number) + "."};
  }
}

std::vector<SocketAddress> addresses_of(const addrinfo* list) {
  std::vector<SocketAddress> out;
  for (; list; list = list->ai_next) out.push_back(from_system(list->ai_addr));
  std::reverse(out.begin(), out.end());
  return out;
}

addrinfo hints_for(int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  return hints;
}

}  // namespace

// A lookup may outlive its dialer: then nobody is told.
struct TargetDialer::Lookup {
  uv_getaddrinfo_t request{};
  TargetDialer* dialer = nullptr;
};

TargetDialer::TargetDialer(Loop& loop, Target target, Callbacks callbacks)
    : loop_(loop),
      target_(std::move(target)),
      callbacks_(std::move(callbacks)),
      timeout_(loop, [this] { fail(ETIMEDOUT); }) {}

TargetDialer::~TargetDialer() {
  if (!lookup_) return;
  lookup_->dialer = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->request));
}

void TargetDialer::start() {
  timeout_.start(connect_timeout);
  if (target_.kind == Target::Kind::unix_socket) return take(connect_unix(target_.path));
  // An address needs no lookup, and an attempt to read one never blocks.
  addrinfo hints = hints_for(AI_NUMERICHOST);
  addrinfo* list = nullptr;
  if (getaddrinfo(target_.host.c_str(), std::to_string(target_.port).c_str(), &hints, &list) != 0) return look_up();
  addresses_ = addresses_of(list);
  freeaddrinfo(list);
  try_next();
}

void TargetDialer::look_up() {
  lookup_ = new Lookup;
  lookup_->dialer = this;
  lookup_->request.data = lookup_;
  addrinfo hints = hints_for(AI_ADDRCONFIG);
  auto done = [](uv_getaddrinfo_t* request, int status, addrinfo* list) {
    std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(request->data));
    auto found = addresses_of(list);
    uv_freeaddrinfo(list);
    if (lookup->dialer) lookup->dialer->looked_up(status, std::move(found));
  };
  uv_getaddrinfo(loop_.raw(), &lookup_->request, done, target_.host.c_str(), std::to_string(target_.port).c_str(),
                 &hints);
}

void TargetDialer::looked_up(int status, std::vector<SocketAddress> found) {
  lookup_ = nullptr;
  if (status != 0) {
    return finish([this] {
      callbacks_.failed(
          {FlowReset::target_unreachable, "The name " + target_.host + " of the service's program is not known."});
    });
  }
  addresses_ = std::move(found);
  try_next();
}

void TargetDialer::try_next() {
  if (addresses_.empty()) return fail(newest_failure_ ? newest_failure_ : EHOSTUNREACH);
  SocketAddress next = addresses_.back();
  addresses_.pop_back();
  take(target_.kind == Target::Kind::udp ? connect_datagrams(next) : connect_tcp(next));
}

void TargetDialer::take(ConnectAttempt attempt) {
  if (attempt.state == ConnectState::failed) {
    newest_failure_ = attempt.number;
    return try_next();
  }
  fd_ = std::move(attempt.fd);
  if (attempt.state == ConnectState::connected) return finish([this] { callbacks_.connected(std::move(fd_)); });
  watch_ = FdWatch(loop_, fd_.get(), [this](unsigned) { writable(); });
  watch_.want(FdWatch::writable);
}

void TargetDialer::writable() {
  int number = 0;
  ConnectState state = connect_result(fd_.get(), number);
  watch_.close();
  if (state == ConnectState::connected) return finish([this] { callbacks_.connected(std::move(fd_)); });
  newest_failure_ = number;
  fd_.reset();
  try_next();
}

void TargetDialer::fail(int number) {
  finish([this, number] { callbacks_.failed(explain(target_, number)); });
}

void TargetDialer::finish(std::function<void()> tell) {
  timeout_.stop();
  watch_.close();
  if (lookup_) lookup_->dialer = nullptr;
  lookup_ = nullptr;
  tell();
}

}  // namespace drawbridge
