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

// An event or field without a name must not compile: its documentation's test goes by the names.
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wswitch"

const char* event_name(LogEvent event) {
  switch (event) {
    case LogEvent::ready: return "ready";
    case LogEvent::stopping: return "stopping";
    case LogEvent::network_changed: return "network_changed";
    case LogEvent::woke_up: return "woke_up";
    case LogEvent::connected: return "connected";
    case LogEvent::suspended: return "suspended";
    case LogEvent::resumed: return "resumed";
    case LogEvent::path_changed: return "path_changed";
    case LogEvent::disconnected: return "disconnected";
    case LogEvent::paired: return "paired";
    case LogEvent::revoked: return "revoked";
    case LogEvent::refused: return "refused";
    case LogEvent::service_failed: return "service_failed";
    case LogEvent::command_said: return "command_said";
    case LogEvent::command_ready: return "command_ready";
    case LogEvent::local_user_refused: return "local_user_refused";
    case LogEvent::config_reloaded: return "config_reloaded";
    case LogEvent::config_refused: return "config_refused";
    case LogEvent::storage_failed: return "storage_failed";
    case LogEvent::relay_ready: return "relay_ready";
    case LogEvent::relay_draining: return "relay_draining";
    case LogEvent::relay_certificate_refused: return "relay_certificate_refused";
    case LogEvent::relay_unreachable: return "relay_unreachable";
    case LogEvent::port_mapped: return "port_mapped";
    case LogEvent::displaced: return "displaced";
    case LogEvent::trail_disputed: return "trail_disputed";
    case LogEvent::locked: return "locked";
    case LogEvent::unlock_refused: return "unlock_refused";
    case LogEvent::sandbox_incomplete: return "sandbox_incomplete";
    case LogEvent::reserve_used: return "reserve_used";
    case LogEvent::reserve_restored: return "reserve_restored";
    case LogEvent::rows_unreadable: return "rows_unreadable";
    case LogEvent::state_upgraded: return "state_upgraded";
    case LogEvent::gateway_moved: return "gateway_moved";
  }
  return "";
}

const char* field_name(LogField field) {
  switch (field) {
    case LogField::listen: return "listen";
    case LogField::address: return "address";
    case LogField::addresses: return "addresses";
    case LogField::peer: return "peer";
    case LogField::name: return "name";
    case LogField::role: return "role";
    case LogField::path: return "path";
    case LogField::reason: return "reason";
    case LogField::service: return "service";
    case LogField::away_ms: return "away_ms";
    case LogField::user: return "user";
    case LogField::message: return "message";
    case LogField::remedy: return "remedy";
    case LogField::restart_needed: return "restart_needed";
  }
  return "";
}

#pragma GCC diagnostic pop

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
