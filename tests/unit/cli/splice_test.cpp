#include "cli/splice.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace drawbridge;

namespace {

// A process that runs splice_stdio, seen from outside: its standard input and output, and the daemon's end.
class Spliced {
 public:
  explicit Spliced(const Bytes& first = {}) {
    int in[2], out[2], sockets[2];
    REQUIRE(pipe(in) == 0);
    REQUIRE(pipe(out) == 0);
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    child_ = fork();
    if (child_ == 0) {
      dup2(in[0], STDIN_FILENO), dup2(out[1], STDOUT_FILENO);
      for (int descriptor : {in[0], in[1], out[0], out[1], sockets[0]}) close(descriptor);
      _exit(cli::splice_stdio(sockets[1], first) ? 0 : 1);
    }
    close(in[0]), close(out[1]), close(sockets[1]);
    input = in[1], output = out[0], daemon = sockets[0];
  }
  ~Spliced() {
    for (int descriptor : {input, output, daemon}) close(descriptor);
  }
  int exit_code() const {
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void end(int& descriptor) {
    close(descriptor);
    descriptor = -1;
  }

  int input = -1, output = -1, daemon = -1;

 private:
  pid_t child_ = -1;
};

std::string read_to_end(int descriptor) {
  std::string text;
  char buffer[65536];
  for (ssize_t length; (length = read(descriptor, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(length));
  return text;
}

void write_text(int descriptor, std::string_view text) {
  REQUIRE(write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_CASE("the end of standard input is a half-close, and the answer still comes") {
  Spliced spliced;
  write_text(spliced.input, "question");
  spliced.end(spliced.input);
  CHECK(read_to_end(spliced.daemon) == "question");
  write_text(spliced.daemon, "answer");
  spliced.end(spliced.daemon);
  CHECK(read_to_end(spliced.output) == "answer");
  CHECK(spliced.exit_code() == 0);
}

TEST_CASE("the daemon's half-close ends standard output, and the question still goes") {
  Spliced spliced;
  write_text(spliced.daemon, "banner");
  shutdown(spliced.daemon, SHUT_WR);
  CHECK(read_to_end(spliced.output) == "banner");
  write_text(spliced.input, "late");
  spliced.end(spliced.input);
  CHECK(read_to_end(spliced.daemon) == "late");
  CHECK(spliced.exit_code() == 0);
}

TEST_CASE("bytes that came with the last frame are written first") {
  Spliced spliced(to_bytes(as_bytes("SSH-2.0-")));
  write_text(spliced.daemon, "OpenSSH");
  spliced.end(spliced.daemon);
  CHECK(read_to_end(spliced.output) == "SSH-2.0-OpenSSH");
  CHECK(spliced.exit_code() == 0);
}

TEST_CASE("a closed connection ends the process while standard input is still open") {
  Spliced spliced;
  spliced.end(spliced.daemon);
  CHECK(spliced.exit_code() == 0);
}

TEST_CASE("a reset connection is told by the exit code") {
  Spliced spliced;
  write_text(spliced.input, "unread");
  char byte;
  REQUIRE(recv(spliced.daemon, &byte, 1, MSG_PEEK) == 1);
  spliced.end(spliced.daemon);  // closed with unread data: the other end sees a reset
  CHECK(spliced.exit_code() == 1);
}

TEST_CASE("a megabyte each way at once neither blocks nor loses a byte") {
  Spliced spliced;
  std::string much(1 << 20, 'x');
  pid_t echo = fork();
  if (echo == 0) {
    spliced.end(spliced.input);
    char buffer[65536];
    ssize_t length;
    while ((length = read(spliced.daemon, buffer, sizeof buffer)) > 0)
      (void)!write(spliced.daemon, buffer, static_cast<size_t>(length));
    _exit(0);
  }
  pid_t writer = fork();
  if (writer == 0) {
    spliced.end(spliced.daemon);
    (void)!write(spliced.input, much.data(), much.size());
    _exit(0);
  }
  spliced.end(spliced.input);
  spliced.end(spliced.daemon);
  CHECK(read_to_end(spliced.output) == much);
  CHECK(spliced.exit_code() == 0);
  waitpid(echo, nullptr, 0);
  waitpid(writer, nullptr, 0);
}
