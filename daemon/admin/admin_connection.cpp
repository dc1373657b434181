#include "daemon/admin/admin_connection.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace drawbridge::admin {
namespace {

// Requests of one client that are under way at once: the command line has one.
constexpr size_t calls_at_once = 32;
// A client that does not read the answers to what it asked is not read from, either.
constexpr size_t most_unsent = 1024 * 1024;

std::optional<uid_t> user_of(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? std::optional(peer.uid) : std::nullopt;
}

}  // namespace

AdminConnection::AdminConnection(Loop& loop, FileDescriptor fd, Callbacks callbacks)
    : fd_(std::move(fd)),
      callbacks_(std::move(callbacks)),
      user_(user_of(fd_.get())),
      watch_(loop, fd_.get(), [this](unsigned events) { ready(events); }) {
  watch_.want(FdWatch::readable);
}

AdminConnection::~AdminConnection() {
  for (const CallPtr& call : calls_) call->abandon();
}

void AdminConnection::ready(unsigned events) {
  if (events & FdWatch::writable && fd_) write_out();
  if (events & FdWatch::readable && fd_) read_in();
}

void AdminConnection::read_in() {
  uint8_t buffer[16 * 1024];
  ssize_t length = recv(fd_.get(), buffer, sizeof buffer, 0);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (length <= 0) return close();
  decoder_.feed({buffer, static_cast<size_t>(length)});
  take_frames();
}

void AdminConnection::take_frames() {
  while (fd_) {
    auto frame = decoder_.next();
    if (!frame) return close();
    if (!*frame) return;
    auto request = decode_request(**frame);
    if (!request || take_stream_ || calls_.size() == calls_at_once) return close();
    auto call = std::make_shared<Call>(static_cast<CallClient&>(*this), request.take(), Caller{user_, std::nullopt, "", ""});
    calls_.push_back(call);
    callbacks_.request(std::move(call));
  }
}

void AdminConnection::send(const Response& response) {
  if (!fd_) return;
  if (auto framed = append_frame(unsent_, encode(response)); !framed) {
    (void)append_frame(unsent_, encode(failed(response.id, framed.error())));
  }
  write_out();
}

void AdminConnection::write_out() {
  while (sent_ < unsent_.size()) {
    ssize_t length = ::send(fd_.get(), unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
      bool reads = unsent_.size() - sent_ < most_unsent;
      return watch_.want(reads ? FdWatch::readable | FdWatch::writable : FdWatch::writable);
    }
    if (length < 0) return close();
    sent_ += static_cast<size_t>(length);
  }
  unsent_.clear();
  sent_ = 0;
  watch_.want(FdWatch::readable);
  all_sent();
}

void AdminConnection::all_sent() {
  auto waiting = std::exchange(when_sent_, {});
  for (auto& callback : waiting) callback();
  if (!take_stream_ || !unsent_.empty() || !fd_) return;
  watch_.close();
  std::exchange(take_stream_, {})(std::move(fd_));
  callbacks_.over();
}

void AdminConnection::take_stream(std::function<void(FileDescriptor)> taken) {
  if (!fd_) return taken(FileDescriptor());
  take_stream_ = std::move(taken);
  if (unsent_.empty()) all_sent();
}

void AdminConnection::when_sent(std::function<void()> callback) {
  if (!unsent_.empty()) return when_sent_.push_back(std::move(callback));
  callback();
}

void AdminConnection::finished(Call& call) {
  calls_.remove_if([&](const CallPtr& held) { return held.get() == &call; });
}

void AdminConnection::close() {
  if (!fd_) return;
  watch_.close();
  fd_.reset();
  for (const CallPtr& call : std::exchange(calls_, {})) call->abandon();
  if (take_stream_) std::exchange(take_stream_, {})(FileDescriptor());
  callbacks_.over();
}

}  // namespace drawbridge::admin
