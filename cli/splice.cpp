#include "cli/splice.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace drawbridge::cli {
namespace {

constexpr size_t chunk = 256 * 1024;

bool write_whole(int target, const uint8_t* bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(target, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    length -= static_cast<size_t>(written);
  }
  return true;
}

// Until the source ends (true) or either side fails (false).
bool copy(int source, int target) {
  Bytes buffer(chunk);
  while (true) {
    ssize_t length = read(source, buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return length == 0;
    if (!write_whole(target, buffer.data(), static_cast<size_t>(length))) return false;
  }
}

// Waits for the end of the other direction, or of the whole socket; then nobody will read what standard input gives.
void wait_for_either(int socket, int input_ended) {
  pollfd waiting[] = {{socket, 0, 0}, {input_ended, POLLIN, 0}};
  while (poll(waiting, 2, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace

// A blocking thread for each direction: standard input and output may be files, pipes or terminals shared with other
// processes, so they must not be switched to non-blocking.
bool splice_stdio(int socket, const Bytes& first) {
  int input_ended = eventfd(0, EFD_CLOEXEC);
  std::thread([socket, input_ended] {
    copy(STDIN_FILENO, socket);
    shutdown(socket, SHUT_WR);
    eventfd_write(input_ended, 1);
  }).detach();  // may stay in read() for ever; the process ends with the other direction
  bool in_order = write_whole(STDOUT_FILENO, first.data(), first.size()) && copy(socket, STDOUT_FILENO);
  close(STDOUT_FILENO);
  if (in_order) wait_for_either(socket, input_ended);
  return in_order;
}

}  // namespace drawbridge::cli
