// The daemon's log: one line an event, for people or as JSON. Event and field names are closed lists, so that what
// reads the log can rely on them; no secret has a name here.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

namespace drawbridge {

enum class LogFormat : uint8_t { human, json };
enum class LogLevel : uint8_t { error, warning, info };

enum class LogEvent : uint8_t {
  ready,  // serving; printed once
  stopping,
  network_changed,  // this machine's addresses or default route
  woke_up,          // the process or the machine had stood still
  connected,
  suspended,  // nothing authentic from the peer for a while; the connection is kept
  resumed,
  path_changed,
  disconnected,
  paired,
  revoked,         // this node was told so by an office
  refused,         // a right tag with something wrong behind it
  service_failed,  // the service's program could not be reached
  command_said,    // a line of a `command:` service's program
  command_ready,   // ... which serves now
  local_user_refused,
  config_reloaded,
  config_refused,
  storage_failed,
  relay_ready,      // `addresses`: the URLs that name this relay
  relay_draining,
  relay_certificate_refused,  // the old one stays in use
  relay_unreachable,  // the node's own way to one that it uses
  port_mapped,  // by this computer's routers; `addresses` are all from now on, perhaps none
  displaced,    // another copy of this office runs
  trail_disputed,  // an office's audit trail does not hold what it held before
  locked,          // the key; waiting for `drawbridge unlock`
  unlock_refused,  // a wrong passphrase
  sandbox_incomplete,  // this kernel lacks a part of it
  reserve_used,     // the disk is full; space kept for revocations is given back
  reserve_restored,
  rows_unreadable,  // parts of the state that this version cannot read
  state_upgraded,   // of an earlier version, to this one's form
  gateway_moved,  // another program has the port asked for; `address` is where the gateway is instead
};
const char* event_name(LogEvent event);  // snake_case; "" for what is none

enum class LogField : uint8_t {
  listen,
  address,
  addresses,
  peer,
  name,
  role,
  path,
  reason,
  service,
  away_ms,
  user,
  message,
  remedy,
  restart_needed,
};
const char* field_name(LogField field);  // "" for what is none

struct LogEntry {
  LogField field;
  std::variant<std::string, int64_t, std::vector<std::string>> value;
};

class Log {
 public:
  // `fd` is borrowed. Lines are written whole, without buffering.
  Log(int fd, LogFormat format, LogLevel level) : fd_(fd), format_(format), level_(level) {}

  void set(LogFormat format, LogLevel level) { format_ = format, level_ = level; }

  void write(LogLevel level, LogEvent event, std::initializer_list<LogEntry> entries);
  void info(LogEvent event, std::initializer_list<LogEntry> entries = {}) { write(LogLevel::info, event, entries); }
  void warning(LogEvent event, std::initializer_list<LogEntry> entries = {}) {
    write(LogLevel::warning, event, entries);
  }
  void error(LogEvent event, std::initializer_list<LogEntry> entries = {}) { write(LogLevel::error, event, entries); }

  // The line that scripts wait for, whatever the level: "ready", or {"event":"ready","listen":[...],...}.
  void ready(const std::vector<std::string>& listen);

 private:
  void write_line(std::string line);

  int fd_;
  LogFormat format_;
  LogLevel level_;
};

}  // namespace drawbridge
