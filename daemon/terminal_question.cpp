#include "daemon/terminal_question.hpp"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "daemon/storage/passphrase_limits.hpp"

namespace drawbridge {
namespace {

// What is typed stays unseen while it lives.
class NoEcho {
 public:
  NoEcho() {
    known_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (known_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~NoEcho() {
    if (known_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool known_ = false;
};

// A byte at a time: nothing but `line` ever holds it.
bool read_line(SecretBytes& line) {
  for (size_t length = 0; length < line.size();) {
    MutableBytes next = line.reveal_mutable().subspan(length, 1);
    ssize_t got = read(STDIN_FILENO, next.data(), 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    if (next[0] == '\n') return line.shrink(length), true;
    ++length;
  }
  return false;
}

}  // namespace

bool terminal_is_ours() {
  return isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

std::optional<SecretBytes> ask_secretly(const std::string& question) {
  NoEcho silent;
  std::fputs(question.c_str(), stderr);
  SecretBytes line(longest_passphrase + 1);
  bool read = read_line(line);
  std::fputs("\n", stderr);
  return read ? std::optional(std::move(line)) : std::nullopt;
}

}  // namespace drawbridge
