#include "daemon/observe/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

namespace drawbridge {
namespace {

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warning:
      return "warning";
    case LogLevel::info:
      return "info";
  }
  return "info";
}

std::string time_text() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1'000'000);
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string list_text(const std::vector<std::string>& list) {
  std::string out = "[";
  for (const std::string& item : list) out += (out.size() > 1 ? "," : "") + quoted(item);
  return out + "]";
}

struct JsonValue {
  std::string operator()(const std::string& text) const { return quoted(text); }
  std::string operator()(int64_t number) const { return std::to_string(number); }
  std::string operator()(const std::vector<std::string>& list) const { return list_text(list); }
};

struct HumanValue {
  // Quotes where a reader could not see the end otherwise; control characters never reach a terminal.
  std::string operator()(const std::string& text) const {
    std::string safe = quoted(text);
    bool plain = !text.empty() && safe.size() == text.size() + 2 && text.find(' ') == std::string::npos;
    return plain ? text : safe;
  }
  std::string operator()(int64_t number) const { return std::to_string(number); }
  std::string operator()(const std::vector<std::string>& list) const { return fmt::format("{}", fmt::join(list, ",")); }
};

std::string json_line(LogLevel level, LogEvent event, std::initializer_list<LogEntry> entries) {
  std::string line = fmt::format(R"({{"event":"{}")", event_name(event));
  for (const LogEntry& entry : entries)
    line += fmt::format(R"(,"{}":{})", field_name(entry.field), std::visit(JsonValue{}, entry.value));
  return line + fmt::format(R"(,"level":"{}","time":"{}"}})", level_name(level), time_text());
}

std::string human_line(LogLevel level, LogEvent event, std::initializer_list<LogEntry> entries) {
  std::string words = event_name(event);
  for (char& c : words) c = c == '_' ? ' ' : c;
  std::string line =
      time_text() + (level == LogLevel::info ? "" : fmt::format(" {}:", level_name(level))) + " " + words;
  for (const LogEntry& entry : entries)
    line += fmt::format(" {}={}", field_name(entry.field), std::visit(HumanValue{}, entry.value));
  return line;
}

}  // namespace

const char* event_name(LogEvent event) {
  static constexpr const char* names[] = {
      "ready",          "stopping",           "network_changed", "woke_up",        "connected",      "suspended",
      "resumed",        "path_changed",       "disconnected",    "paired",         "revoked",        "refused",
      "service_failed", "command_said", "command_ready", "local_user_refused", "config_reloaded", "config_refused", "storage_failed",
      "relay_ready",    "relay_draining",     "relay_certificate_refused", "relay_unreachable", "port_mapped", "displaced", "trail_disputed",
      "locked", "unlock_refused", "sandbox_incomplete", "reserve_used", "reserve_restored", "rows_unreadable", "gateway_moved"};
  static_assert(std::size(names) == static_cast<size_t>(LogEvent::gateway_moved) + 1);
  return names[static_cast<size_t>(event)];
}

const char* field_name(LogField field) {
  static constexpr const char* names[] = {"listen", "address", "addresses", "peer",          "name",
                                          "role",   "path",    "reason",    "service",       "away_ms",
                                          "user",   "message", "remedy",    "restart_needed"};
  static_assert(std::size(names) == static_cast<size_t>(LogField::restart_needed) + 1);
  return names[static_cast<size_t>(field)];
}

void Log::write(LogLevel level, LogEvent event, std::initializer_list<LogEntry> entries) {
  if (level > level_) return;
  write_line(format_ == LogFormat::json ? json_line(level, event, entries) : human_line(level, event, entries));
}

void Log::ready(const std::vector<std::string>& listen) {
  if (format_ == LogFormat::json)
    return write_line(json_line(LogLevel::info, LogEvent::ready, {{LogField::listen, listen}}));
  write_line("ready");
}

void Log::write_line(std::string line) {
  line += '\n';
  // A log that cannot be written (a closed pipe, a full disk) must not stop the bridge.
  [[maybe_unused]] ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace drawbridge
