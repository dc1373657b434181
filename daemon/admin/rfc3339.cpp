#include "daemon/admin/rfc3339.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace drawbridge::admin {
namespace {

struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int offset_minutes = 0;
  int milliseconds = 0;
};

bool read_fraction(const char*& at, int& milliseconds) {
  if (*at != '.') return true;
  const char* first = ++at;
  for (int weight = 100; *at >= '0' && *at <= '9'; ++at, weight /= 10) milliseconds += (*at - '0') * weight;
  return at > first;
}

bool read_offset(const char*& at, int& minutes) {
  if (*at == 'Z' || *at == 'z') return ++at, true;
  if (*at != '+' && *at != '-') return false;
  int sign = *at == '+' ? 1 : -1, hours = 0, rest = 0, length = 0;
  if (std::sscanf(at + 1, "%2d:%2d%n", &hours, &rest, &length) != 2 || length != 5 || hours > 23 || rest > 59)
    return false;
  minutes = sign * (hours * 60 + rest);
  at += 1 + length;
  return true;
}

bool read(const std::string& text, Fields& out) {
  int length = 0;
  int count = std::sscanf(text.c_str(), "%4d-%2d-%2d%*1[Tt]%2d:%2d:%2d%n", &out.year, &out.month, &out.day, &out.hour,
                          &out.minute, &out.second, &length);
  if (count != 6 || length != 19) return false;
  const char* at = text.c_str() + length;
  bool in_range =
      out.hour >= 0 && out.hour < 24 && out.minute >= 0 && out.minute < 60 && out.second >= 0 && out.second <= 60;
  return in_range && read_fraction(at, out.milliseconds) && read_offset(at, out.offset_minutes) &&
         at == text.c_str() + text.size();
}

}  // namespace

std::string to_rfc3339(WallTime time) {
  using namespace std::chrono;
  sys_time<milliseconds> point{milliseconds(time.unix_ms)};
  auto day = floor<days>(point);
  year_month_day date(day);
  hh_mm_ss<milliseconds> clock(point - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<WallTime> parse_rfc3339(const std::string& text) {
  using namespace std::chrono;
  Fields fields;
  bool whole = read(text, fields);
  year_month_day date(year(fields.year), month(static_cast<unsigned>(fields.month)),
                      day(static_cast<unsigned>(fields.day)));
  if (!whole || !date.ok()) {
    return Error{ErrorCode::invalid_argument, "'" + text.substr(0, 40) + "' is not a time.",
                 "Write it as 2025-03-01T09:30:00.000Z."};
  }
  auto clock = hours(fields.hour) + minutes(fields.minute - fields.offset_minutes) + seconds(fields.second) +
               milliseconds(fields.milliseconds);
  return WallTime{duration_cast<milliseconds>(sys_days(date).time_since_epoch() + clock).count()};
}

}  // namespace drawbridge::admin
