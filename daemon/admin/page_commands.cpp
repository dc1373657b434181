// overview, traffic, words_kept, qr, page.open, page.close: what the office's page shows, and who may see it.
#include <qrencode.h>

#include <memory>

#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/document_watch.hpp"
#include "daemon/admin/documents.hpp"
#include "daemon/admin/echo.hpp"
#include "daemon/admin/rfc3339.hpp"
#include "daemon/office_page/office_page.hpp"

namespace drawbridge::admin {
namespace {

// Who asks, as the page has to know: what a device may not do is not offered to it.
Value viewer_document(const Caller& caller) {
  return Value::map({{"device", caller.device ? Value(to_text(*caller.device)) : Value()},
                     {"name", text_or_null(caller.device_name)},
                     {"service", text_or_null(caller.service)}});
}

Value devices_document(Scope& scope) {
  Value out = Value::array();
  for (const DeviceStatus& device : scope.node().devices(scope.now())) out.push(device_document(device));
  return out;
}

Value overview_document(Scope& scope, const Value& viewer) {
  return Value::map({{"status", status_document(scope)},
                     {"devices", devices_document(scope)},
                     {"relays", relays_document(scope)},
                     {"viewer", viewer},
                     {"now", to_rfc3339(scope.now().wall)},
                     {"key_is_open", scope.key_is_open()},
                     {"backup_made_at", Value(scope.settings.get(backup_made_setting))},
                     {"words_kept_at", Value(scope.settings.get(words_kept_setting))}});
}

Value bytes_document(const std::vector<TrafficHistory::Bytes>& steps, uint64_t TrafficHistory::Bytes::*which) {
  Value out = Value::array();
  for (const auto& step : steps) out.push(step.*which);
  return out;
}

Value series_document(const std::vector<TrafficHistory::Series>& all, Duration step) {
  Value peers = Value::array();
  for (const TrafficHistory::Series& series : all) {
    peers.push(Value::map({{"id", to_text(series.peer.peer)},
                           {"role", role_name(series.peer.role)},
                           {"sent", bytes_document(series.steps, &TrafficHistory::Bytes::sent)},
                           {"received", bytes_document(series.steps, &TrafficHistory::Bytes::received)}}));
  }
  return Value::map({{"step_ms", to_ms(step)}, {"peers", std::move(peers)}});
}

// Root's browser belongs to whoever called sudo, which the command line says.
Result<uid_t> user_for_page(const Caller& caller, std::optional<uint64_t> wanted) {
  if (!caller.user) return Error{ErrorCode::not_allowed, "The page is opened from this computer.", "Say 'drawbridge open' at the office."};
  if (!wanted || *wanted == *caller.user) return *caller.user;
  if (*caller.user == 0) return static_cast<uid_t>(*wanted);
  return Error{ErrorCode::not_allowed, "The page is opened for whoever asks.", "Leave the argument 'user' out."};
}

}  // namespace

void run_overview(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  bool watch = arguments.flag("watch");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto make = [viewer = viewer_document(call->caller())](Scope& of) { return overview_document(of, viewer); };
  ask_for_echoes(scope, [&scope, call, watch, make] { watch ? watch_document(scope, call, make) : call->result(make(scope)); });
}

void run_traffic(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  scope.traffic.sample(scope.now().boot, scope.node().peers(scope.now()));
  call->result(Value::map({{"hour", series_document(scope.traffic.hour(), traffic_fine)},
                           {"day", series_document(scope.traffic.day(), traffic_coarse)}}));
}

void run_words_kept(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  std::string now = to_rfc3339(scope.now().wall);
  scope.settings.set(words_kept_setting, now);
  call->result(Value::map({{"words_kept_at", now}}));
  tell_of_change(scope);
}

// Level L: a screen is not scratched, and fewer modules are larger ones.
void run_qr(Scope&, const CallPtr& call) {
  Arguments arguments(call->request().args);
  std::string text = arguments.text("text");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeData(static_cast<int>(text.size()), reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L), QRcode_free);
  if (!code) return call->fail({ErrorCode::limit, "The text is too long for a QR code.", "Send the link itself."});
  Value rows = Value::array();
  for (int y = 0; y < code->width; ++y) {
    std::string row;
    for (int x = 0; x < code->width; ++x) row += code->data[y * code->width + x] & 1 ? '#' : '.';
    rows.push(std::move(row));
  }
  call->result(Value::map({{"rows", std::move(rows)}}));
}

void run_page_open(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  auto user = user_for_page(call->caller(), arguments.optional_number("user", 0, UINT32_MAX - 1));
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  if (!user) return call->fail(user.error());
  auto url = scope.page.open(*user);
  if (!url) return call->fail(url.error());
  WallTime until{scope.now().wall.unix_ms + to_ms(office_page::link_lives)};
  call->result(Value::map({{"url", url.take()}, {"expires_at", to_rfc3339(until)}}));
}

void run_page_close(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  call->result(Value::map({{"closed", uint64_t{scope.page.close()}}}));
}

}  // namespace drawbridge::admin
