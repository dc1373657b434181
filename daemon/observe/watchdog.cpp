#include "daemon/observe/watchdog.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "daemon/observe/service_notify.hpp"

namespace drawbridge {
namespace {

std::optional<int64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (!text) return std::nullopt;
  int64_t number = 0;
  const char* end = text + std::strlen(text);
  auto [stopped, error] = std::from_chars(text, end, number);
  return error == std::errc() && stopped == end && number > 0 ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<Duration> watchdog_interval() {
  auto limit_us = number_in("WATCHDOG_USEC");
  bool foreign = std::getenv("WATCHDOG_PID") && number_in("WATCHDOG_PID") != getpid();
  if (!limit_us || foreign) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::microseconds(*limit_us / 2));
}

Watchdog::Watchdog(Loop& loop) : interval_(watchdog_interval()), timer_(loop, [this] { tell(); }) {
  if (interval_) tell();
}

void Watchdog::tell() {
  notify_service("WATCHDOG=1");
  timer_.start(*interval_);
}

}  // namespace drawbridge
