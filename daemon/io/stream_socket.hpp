// Stream sockets (TCP and Unix): listening, connecting and accepting without blocking.
#pragma once

#include <sys/socket.h>

#include <string>

#include "daemon/io/file_descriptor.hpp"
#include "daemon/io/socket_address.hpp"
#include "keys/result.hpp"

namespace drawbridge {

// Bound and listening.
Result<FileDescriptor> listen_tcp(const SocketAddress& address);

// The next waiting connection, with TCP_NODELAY if it is TCP; empty: none now.
FileDescriptor accept_stream(int listener);

enum class ConnectState { connected, under_way, failed };
struct ConnectAttempt {
  FileDescriptor fd;
  ConnectState state = ConnectState::failed;
  int number = 0;  // errno when failed
};
ConnectAttempt connect_tcp(const SocketAddress& address);
ConnectAttempt connect_unix(const std::string& path);
// Whether an attempt that was under way has succeeded; call when its descriptor is writable.
ConnectState connect_result(int fd, int& number);

void set_no_delay(int fd);
// close() will then send a reset instead of an orderly end (TCP only; a Unix socket closes as it is).
void reset_on_close(int fd);

// The address of a Unix socket; false if the path is too long for one.
bool to_system(const std::string& path, SystemAddress& out);

}  // namespace drawbridge
