#include "daemon/observe/log.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "daemon/io/file_descriptor.hpp"

using namespace drawbridge;

namespace {

struct Pipe {
  FileDescriptor in, out;
  Pipe() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  std::string read_all() {
    in.reset();
    char buffer[4096];
    ssize_t length = read(out.get(), buffer, sizeof buffer);
    return std::string(buffer, length > 0 ? static_cast<size_t>(length) : 0);
  }
};

}  // namespace

TEST_CASE("ready is a line of its own for people, and begins with event and listen as JSON") {
  Pipe pipe;
  Log log(pipe.in.get(), LogFormat::human, LogLevel::error);
  log.ready({"udp://127.0.0.1:1"});
  log.set(LogFormat::json, LogLevel::error);
  log.ready({"udp://127.0.0.1:1", "udp://[::1]:2"});
  std::string text = pipe.read_all();
  CHECK(text.find("ready\n{\"event\":\"ready\",\"listen\":[\"udp://127.0.0.1:1\",\"udp://[::1]:2\"],") == 0);
}

TEST_CASE("what a peer chose to be called cannot forge a line or move a terminal's cursor") {
  Pipe pipe;
  Log log(pipe.in.get(), GENERATE(LogFormat::human, LogFormat::json), LogLevel::info);
  log.info(LogEvent::connected, {{LogField::name, std::string("x\nready\n\x1b[2J\"\\")}});
  std::string text = pipe.read_all();
  CHECK(text.find('\n') == text.size() - 1);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\\u000aready") != std::string::npos);
}

TEST_CASE("lines below the level are left out") {
  Pipe pipe;
  Log log(pipe.in.get(), LogFormat::human, LogLevel::warning);
  log.info(LogEvent::connected);
  log.warning(LogEvent::refused, {{LogField::reason, std::string("counter behind")}, {LogField::away_ms, int64_t{5}}});
  std::string text = pipe.read_all();
  CHECK(text.find("connected") == std::string::npos);
  CHECK(text.find("warning: refused reason=\"counter behind\" away_ms=5\n") != std::string::npos);
}
