#include "daemon/http/http_services.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "daemon/io/system_error.hpp"

namespace drawbridge::http {

Result<FileDescriptor> HttpServices::connect(FileDescriptor program, ServiceConnection::Ends ends) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
    return Error{ErrorCode::io, "The office has no room for another connection: " + system_text(errno) + ".", "Try again later."};
  }
  FileDescriptor device(pair[0]), flow(pair[1]);
  uint64_t id = next_++;
  connections_[id] = std::make_unique<ServiceConnection>(loop_, std::move(device), std::move(program), std::move(ends),
                                                         [this, id] { finished_.push_back(id); });
  return flow;
}

void HttpServices::sweep() {
  for (uint64_t id : finished_) connections_.erase(id);
  finished_.clear();
}

}  // namespace drawbridge::http
