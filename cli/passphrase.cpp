#include "cli/passphrase.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <istream>
#include <ostream>

#include "cli/failure.hpp"

namespace drawbridge::cli {
namespace {

constexpr size_t longest = 1024;  // as the daemon reads it

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

CommandFailed unusable(const char* what) {
  return {ErrorCode::invalid_argument, what, "Type it at the terminal, or give it as one line of standard input."};
}

// Up to the line's end, by `next`: a byte, or -1 at the end of the input.
template <typename Next>
SecretBytes read_line(Next next) {
  SecretBytes line(longest + 1);
  size_t length = 0;
  int byte = 0;
  while (length < line.size() && (byte = next()) >= 0 && byte != '\n') line.reveal_mutable()[length++] = static_cast<uint8_t>(byte);
  if (length == line.size()) throw unusable("This is too long to be a passphrase.");
  if (length == 0) throw unusable("No passphrase was given.");
  line.shrink(length);
  return line;
}

int next_of_terminal() {
  uint8_t byte = 0;
  ssize_t got = 0;
  while ((got = read(STDIN_FILENO, &byte, 1)) < 0 && errno == EINTR) {
  }
  return got == 1 ? byte : -1;
}

SecretBytes ask_at_terminal(Session& session, const std::string& question) {
  session.err << question << ": " << std::flush;
  NoEcho silent;
  SecretBytes line = read_line(next_of_terminal);
  session.err << "\n" << std::flush;
  return line;
}

}  // namespace

void keep_memory_private() {
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

SecretBytes ask_passphrase(Session& session, const std::string& question) {
  if (session.out.terminal().input) return ask_at_terminal(session, question);
  return read_line([&session] { return session.in.get(); });
}

SecretBytes ask_new_passphrase(Session& session) {
  SecretBytes first = ask_passphrase(session, "New passphrase");
  if (!session.out.terminal().input) return first;
  SecretBytes again = ask_passphrase(session, "The same again");
  if (equal_constant_time(first.reveal(), again.reveal())) return first;
  throw CommandFailed(ErrorCode::invalid_argument, "The two are not the same; nothing was changed.", "Type it again.");
}

}  // namespace drawbridge::cli
