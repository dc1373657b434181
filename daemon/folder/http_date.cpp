#include "daemon/folder/http_date.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace drawbridge::folder {
namespace {

using namespace std::chrono;

constexpr std::array<const char*, 7> day_names = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr size_t date_length = 29;

// -1: not a number of exactly these digits.
int digits(std::string_view text, size_t at, size_t count) {
  int value = -1;
  auto [end, error] = std::from_chars(text.data() + at, text.data() + at + count, value);
  return error == std::errc() && end == text.data() + at + count && value >= 0 ? value : -1;
}

unsigned month_number(std::string_view name) {
  for (unsigned i = 0; i < month_names.size(); ++i) {
    if (name == month_names[i]) return i + 1;
  }
  return 0;
}

}  // namespace

std::string to_http_date(int64_t seconds) {
  sys_seconds time{std::chrono::seconds(seconds)};
  sys_days date = floor<days>(time);
  year_month_day calendar(date);
  hh_mm_ss clock(time - date);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", day_names[weekday(date).c_encoding()],
                unsigned(calendar.day()), month_names[unsigned(calendar.month()) - 1], int(calendar.year()),
                int(clock.hours().count()), int(clock.minutes().count()), int(clock.seconds().count()));
  return text;
}

std::optional<int64_t> parse_http_date(std::string_view text) {
  if (text.size() != date_length || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') return std::nullopt;
  int d = digits(text, 5, 2), y = digits(text, 12, 4), h = digits(text, 17, 2), m = digits(text, 20, 2),
      s = digits(text, 23, 2);
  unsigned month_of_year = month_number(text.substr(8, 3));
  if (d < 0 || y < 0 || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60 || month_of_year == 0)
    return std::nullopt;
  year_month_day calendar{year(y), month(month_of_year), day(static_cast<unsigned>(d))};
  if (!calendar.ok()) return std::nullopt;
  return (sys_days(calendar).time_since_epoch() + hours(h) + minutes(m) + seconds(s)) / seconds(1);
}

}  // namespace drawbridge::folder
