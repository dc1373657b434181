#include "daemon/observe/watchdog.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>

#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

// What systemd sets for a service with WatchdogSec=, gone at the end.
struct Environment {
  Environment(const char* limit_us, const std::string& process) {
    setenv("WATCHDOG_USEC", limit_us, 1);
    setenv("WATCHDOG_PID", process.c_str(), 1);
  }
  ~Environment() {
    for (const char* name : {"WATCHDOG_USEC", "WATCHDOG_PID", "NOTIFY_SOCKET"}) unsetenv(name);
  }
};

struct NotifySocket {
  TemporaryFolder folder;
  FileDescriptor fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};

  NotifySocket() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, folder.file("notify").c_str());
    REQUIRE(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
  }
  int heard() {
    int count = 0;
    char text[64];
    for (ssize_t length = 0; (length = recv(fd.get(), text, sizeof text, 0)) > 0; ++count)
      CHECK(std::string_view(text, static_cast<size_t>(length)) == "WATCHDOG=1");
    return count;
  }
};

}  // namespace

TEST_CASE("the watchdog hears twice in its time that the loop turns") {
  Environment environment("20000", std::to_string(getpid()));
  CHECK(watchdog_interval() == std::chrono::milliseconds(10));
  NotifySocket systemd;
  Loop loop;
  Watchdog watchdog(loop);
  int heard = 0;
  CHECK(run_until(loop, [&] { return (heard += systemd.heard()) >= 3; }));
}

TEST_CASE("another process's watchdog, none, or a senseless one is left alone") {
  CHECK_FALSE(watchdog_interval());
  {
    Environment environment("20000", "1");
    CHECK_FALSE(watchdog_interval());
  }
  for (const char* limit : {"0", "-5", "soon", ""}) {
    Environment environment(limit, std::to_string(getpid()));
    CHECK_FALSE(watchdog_interval());
  }
}
