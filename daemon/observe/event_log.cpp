#include "daemon/observe/event_log.hpp"

#include "daemon/observe/warnings.hpp"

namespace drawbridge {
namespace {

using NameOf = std::function<std::string(const RelationKey&)>;

const char* role_name(PeerRole role) {
  return role == PeerRole::office ? "office" : "device";
}

std::string path_text(const Path& path, const std::string& relay) {
  return relay.empty() ? to_text(path.remote) : "relayed by " + relay.substr(0, relay.find('#'));
}

struct EventLogger {
  Log& log;
  const NameOf& name_of;

  void peer(LogEvent event, const RelationKey& key, LogEntry more) const {
    log.info(event, {{LogField::name, name_of(key)},
                     {LogField::role, std::string(role_name(key.role))},
                     std::move(more),
                     {LogField::peer, short_text(key.peer)}});
  }

  void operator()(const event::Connected& event) const {
    peer(LogEvent::connected, event.peer, {LogField::path, path_text(event.path, event.relay)});
  }
  void operator()(const event::Suspended& event) const {
    peer(LogEvent::suspended, event.peer, {LogField::reason, std::string("no_answer")});
  }
  void operator()(const event::Resumed& event) const {
    peer(LogEvent::resumed, event.peer, {LogField::away_ms, to_ms(event.away)});
  }
  void operator()(const event::PathChanged& event) const {
    peer(LogEvent::path_changed, event.peer, {LogField::path, path_text(event.path, event.relay)});
  }
  void operator()(const event::Disconnected& event) const {
    peer(LogEvent::disconnected, event.peer, {LogField::reason, event.reason});
  }
  void operator()(const event::Paired& event) const {
    log.info(LogEvent::paired, {{LogField::name, event.name},
                                {LogField::role, std::string(role_name(event.peer.role))},
                                {LogField::peer, short_text(event.peer.peer)}});
  }
  void operator()(const event::RevokedByOffice& event) const {
    log.warning(LogEvent::revoked,
                {{LogField::name, name_of(event.peer)}, {LogField::peer, short_text(event.peer.peer)}});
  }
  void operator()(const event::Refused& event) const {
    log.warning(LogEvent::refused,
                {{LogField::name, event.peer ? name_of(*event.peer) : ""}, {LogField::reason, event.reason}});
  }
  void operator()(const event::CodeTried& event) const {
    log.warning(LogEvent::refused, {{LogField::reason, "wrong words for a short code, tries left: " + std::to_string(event.tries_left)}});
  }
  void operator()(const event::Displaced&) const {
    log.error(LogEvent::displaced, {{LogField::message, "Another copy of this office is running, a restored backup perhaps: this one lets nobody new in."},
                                    {LogField::remedy, "Stop the other, or say 'drawbridge take-over' here."}});
  }
  void operator()(const event::TrailDisputed& event) const {
    log.error(LogEvent::trail_disputed,
              {{LogField::name, name_of(event.office)},
               {LogField::message, "The office's audit trail does not hold what it held before: it was rewritten, or an older state was put back."},
               {LogField::remedy, "Ask the office; 'drawbridge audit heads' shows both."}});
  }
  void operator()(const event::RowsUnreadable& event) const {
    Warning warning = unreadable_warning(event.rows);
    log.error(LogEvent::rows_unreadable, {{LogField::message, warning.message}, {LogField::remedy, warning.remedy}});
  }
  // Flows and requests are counted elsewhere: a line each would drown the others.
  template <typename Other>
  void operator()(const Other&) const {}
};

}  // namespace

void log_event(Log& log, const Event& event, const NameOf& name_of) {
  std::visit(EventLogger{log, name_of}, event);
}

}  // namespace drawbridge
