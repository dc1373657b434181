#include "daemon/key_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "protocol/quic/key_log.hpp"

namespace drawbridge {
namespace {

int file = -1;

// One call a line: two daemons may write to one file. A line that cannot be written is not worth the daemon.
void write_line(std::string_view line) {
  [[maybe_unused]] ssize_t written = write(file, line.data(), line.size());
}

bool is_ours_alone(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 077) == 0;
}

}  // namespace

void open_key_log() {
  const char* path = std::getenv("DRAWBRIDGE_KEY_LOG_FILE");
  if (!path) return;
  int opened = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  if (opened < 0 || !is_ours_alone(opened)) {
    std::fprintf(stderr, "drawbridged: No keys are written: %s is no file of this user's alone.\n", path);
    if (opened >= 0) close(opened);
    return;
  }
  file = opened;
  quic::set_key_log(write_line);
  std::fprintf(stderr, "drawbridged: A build for development: the keys of all connections are written to %s.\n", path);
}

}  // namespace drawbridge
