#include "daemon/http/buffered_socket.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "daemon/io/stream_socket.hpp"

namespace drawbridge::http {

BufferedSocket::BufferedSocket(Loop& loop, FileDescriptor fd, Callbacks callbacks)
    : fd_(std::move(fd)),
      watch_(loop, fd_.get(), [this](unsigned events) { ready(events); }),
      callbacks_(std::move(callbacks)) {
  await_events();
}

void BufferedSocket::ready(unsigned events) {
  if (events & FdWatch::writable) {
    bool was_full = full();
    flush();
    // Each call may be the last of this object.
    if (broken_) return callbacks_.failed();
    if (was_full && !full()) return callbacks_.drained();
  }
  if (events & FdWatch::readable) callbacks_.readable();
}

BufferedSocket::ReadResult BufferedSocket::read(std::string& into, size_t max) {
  size_t before = into.size();
  into.resize(before + max);
  ssize_t length = recv(fd_.get(), into.data() + before, max, 0);
  into.resize(before + static_cast<size_t>(std::max<ssize_t>(length, 0)));
  if (length > 0) return ReadResult::some;
  bool later = length < 0 && (errno == EAGAIN || errno == EINTR);
  return later ? ReadResult::none : ReadResult::ended;
}

void BufferedSocket::write(ByteView bytes) {
  pending_.append(as_text(bytes));
  flush();
}

void BufferedSocket::flush() {
  while (!pending_.empty() && !broken_) {
    ssize_t sent = send(fd_.get(), pending_.data(), pending_.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      pending_.erase(0, static_cast<size_t>(sent));
    } else {
      broken_ = errno != EAGAIN && errno != EINTR;
      break;
    }
  }
  if (pending_.empty() && finishing_) shutdown(fd_.get(), SHUT_WR);
  await_events();
}

void BufferedSocket::finish_write() {
  finishing_ = true;
  flush();
}

void BufferedSocket::want_read(bool wanted) {
  read_wanted_ = wanted;
  await_events();
}

// A broken descriptor is writable at once: its owner hears of it from the loop, never from inside write().
void BufferedSocket::await_events() {
  watch_.want((read_wanted_ ? FdWatch::readable : 0) | (full() ? FdWatch::writable : 0));
}

void BufferedSocket::abandon() {
  reset_on_close(fd_.get());
}

FileDescriptor BufferedSocket::release() {
  watch_.close();
  return std::move(fd_);
}

}  // namespace drawbridge::http
