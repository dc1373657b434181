#include "cli/time_text.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

namespace drawbridge::cli {
namespace {

using namespace std::chrono;

Error not_a_time(std::string_view text) {
  return {ErrorCode::invalid_argument, fmt::format("“{}” is not a date or time.", text),
          "Write it as 2025-03-01 or 2025-03-01T09:30."};
}

// Reads exactly `digits` digits.
std::optional<int> number(std::string_view& text, size_t digits) {
  if (text.size() < digits) return {};
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits || value < 0) return {};
  text.remove_prefix(digits);
  return value;
}

bool skip(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

struct Clock {
  int hour = 0, minute = 0, second = 0, millisecond = 0;
};

std::optional<year_month_day> read_date(std::string_view& text) {
  auto y = number(text, 4);
  if (!y || !skip(text, '-')) return {};
  auto m = number(text, 2);
  if (!m || !skip(text, '-')) return {};
  auto d = number(text, 2);
  if (!d) return {};
  year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok() || *y < 1970) return {};
  return date;
}

int read_fraction(std::string_view& text) {
  int value = 0, digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
    if (digits < 3) value = value * 10 + (text.front() - '0');
  }
  for (; digits < 3; ++digits) value *= 10;
  return value;
}

std::optional<Clock> read_clock(std::string_view& text) {
  Clock clock;
  auto hour = number(text, 2);
  if (!hour || !skip(text, ':')) return {};
  auto minute = number(text, 2);
  if (!minute) return {};
  clock.hour = *hour, clock.minute = *minute;
  if (skip(text, ':')) {
    auto second = number(text, 2);
    if (!second) return {};
    clock.second = *second;
    if (skip(text, '.')) clock.millisecond = read_fraction(text);
  }
  if (clock.hour > 23 || clock.minute > 59 || clock.second > 60) return {};
  return clock;
}

// Minutes east of UTC; nothing read: empty and `text` unchanged.
std::optional<int> read_offset(std::string_view& text) {
  if (skip(text, 'Z') || skip(text, 'z')) return 0;
  int sign = skip(text, '+') ? 1 : skip(text, '-') ? -1 : 0;
  if (sign == 0) return {};
  auto hours = number(text, 2);
  if (!hours || !skip(text, ':')) return {};
  auto minutes = number(text, 2);
  if (!minutes) return {};
  return sign * (*hours * 60 + *minutes);
}

int64_t utc_ms(const year_month_day& date, const Clock& clock) {
  auto time = sys_days(date) + hours(clock.hour) + minutes(clock.minute) + seconds(clock.second) +
              milliseconds(clock.millisecond);
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

int64_t local_ms(const year_month_day& date, const Clock& clock) {
  std::tm parts{};
  parts.tm_year = int(date.year()) - 1900;
  parts.tm_mon = static_cast<int>(unsigned(date.month())) - 1;
  parts.tm_mday = static_cast<int>(unsigned(date.day()));
  parts.tm_hour = clock.hour, parts.tm_min = clock.minute, parts.tm_sec = clock.second;
  parts.tm_isdst = -1;
  return int64_t{std::mktime(&parts)} * 1000 + clock.millisecond;
}

std::string count_of(int64_t number, const char* unit) {
  return fmt::format("{} {}{}", number, unit, number == 1 ? "" : "s");
}

// To the nearest whole unit: ten minutes that began a moment ago are still ten minutes.
std::string rough_duration(int64_t seconds) {
  if (seconds < 60) return count_of(seconds, "second");
  if (seconds < 3570) return count_of((seconds + 30) / 60, "minute");
  if (seconds < 48 * 3600) return count_of((seconds + 1800) / 3600, "hour");
  return count_of((seconds + 43200) / 86400, "day");
}

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
  Error refused{ErrorCode::invalid_argument, fmt::format("“{}” is not a duration.", text),
                "Write it as 90s, 10m, 2h or 7d."};
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end + 1 != text.data() + text.size() || value <= 0) return refused;
  int64_t unit = *end == 's' ? 1 : *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 0;
  constexpr int64_t ten_years = int64_t{3653} * 86400;
  if (unit == 0 || value > ten_years / unit) return refused;
  return milliseconds(value * unit * 1000);
}

Result<std::string> parse_time(std::string_view text, DateMeans bare_date) {
  std::string_view rest = text;
  auto date = read_date(rest);
  if (!date) return not_a_time(text);
  if (rest.empty()) {
    bool end = bare_date == DateMeans::end_of_day;
    return to_rfc3339(local_ms(*date, end ? Clock{23, 59, 59, 999} : Clock{}));
  }
  if (!skip(rest, 'T') && !skip(rest, 't') && !skip(rest, ' ')) return not_a_time(text);
  auto clock = read_clock(rest);
  if (!clock) return not_a_time(text);
  if (rest.empty()) return to_rfc3339(local_ms(*date, *clock));
  auto offset = read_offset(rest);
  if (!offset || !rest.empty()) return not_a_time(text);
  return to_rfc3339(utc_ms(*date, *clock) - int64_t{*offset} * 60000);
}

Result<int64_t> parse_rfc3339(std::string_view text) {
  std::string_view rest = text;
  auto date = read_date(rest);
  if (!date || !skip(rest, 'T')) return not_a_time(text);
  auto clock = read_clock(rest);
  if (!clock || rest != "Z") return not_a_time(text);
  return utc_ms(*date, *clock);
}

std::string to_rfc3339(int64_t unix_ms) {
  sys_time<milliseconds> time{milliseconds(unix_ms)};
  auto day_start = floor<days>(time);
  year_month_day date{day_start};
  hh_mm_ss<milliseconds> clock{time - day_start};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string local_time(std::string_view rfc3339) {
  auto parsed = parse_rfc3339(rfc3339);
  if (!parsed) return std::string(rfc3339);
  std::time_t seconds = *parsed / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts)};
}

std::string time_of_day(std::string_view rfc3339) {
  auto parsed = parse_rfc3339(rfc3339);
  if (!parsed) return std::string(rfc3339);
  std::time_t seconds = *parsed / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[16];
  return {text, std::strftime(text, sizeof text, "%H:%M:%S", &parts)};
}

std::string relative_time(std::string_view rfc3339, int64_t now) {
  auto parsed = parse_rfc3339(rfc3339);
  if (!parsed) return std::string(rfc3339);
  int64_t seconds = (*parsed - now) / 1000;
  if (std::llabs(seconds) > 7 * 86400) return local_time(rfc3339);
  if (seconds > 0) return "in " + rough_duration(seconds);
  return seconds > -2 ? "just now" : rough_duration(-seconds) + " ago";
}

int64_t now_unix_ms() {
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace drawbridge::cli
