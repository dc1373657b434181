// backup, restore: the whole state, sealed to a key from the words. take-over: which of two copies is the office.
#include "daemon/admin/arguments.hpp"
#include "daemon/admin/commands.hpp"
#include "daemon/admin/documents.hpp"
#include "daemon/admin/rfc3339.hpp"
#include "protocol/backup/backup.hpp"

namespace drawbridge::admin {
namespace {

// What the disk's thread hands back.
struct Outcome {
  Result<void> result;
  Bytes content;
  backup::Merged merged;
};

Result<void> seal_state(RowStore& store, const Scope& scope, const DeviceId& node, WallTime now, Bytes& content) {
  auto rows = store.load_all();
  if (!rows) return rows.error();
  content = backup::seal({node, now, rows.take()}, scope.backup_key, scope.entropy);
  return {};
}

Result<backup::Backup> open_own(const Scope& scope, const DeviceId& node, const Bytes& content) {
  auto opened = backup::open(content, scope.backup_key);
  if (!opened || opened->node == node) return opened;
  return Error{ErrorCode::authentication, "This backup belongs to another computer.",
               "Restore it where its own 24 words were entered."};
}

Result<void> restore_state(RowStore& store, const backup::Backup& restored, backup::Merged& merged) {
  auto present = store.load_all();
  if (!present) return present.error();
  merged = backup::merge(*present, restored);
  return store.write({{0, merged.rows}});
}

Value counts(const backup::Merged& merged) {
  return Value::map({{"devices", uint64_t{merged.devices}},
                     {"offices", uint64_t{merged.offices}},
                     {"services", uint64_t{merged.services}},
                     {"revocations", uint64_t{merged.revocations}}});
}

}  // namespace

void run_backup(Scope& scope, const CallPtr& call) {
  if (auto done = Arguments(call->request().args).done(); !done) return call->fail(done.error());
  auto outcome = std::make_shared<Outcome>();
  WallTime created_at = scope.now().wall;
  scope.driver.writes().ask(
      [&scope, outcome, node = scope.node().id(), created_at](RowStore& store) {
        outcome->result = seal_state(store, scope, node, created_at, outcome->content);
      },
      [&scope, call, outcome, created_at] {
        if (!outcome->result) return call->fail(outcome->result.error());
        scope.settings.set(backup_made_setting, to_rfc3339(created_at));
        call->result(Value::map({{"content", std::move(outcome->content)}, {"created_at", to_rfc3339(created_at)}}));
        tell_of_change(scope);
      });
}

void run_restore(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  Bytes content = arguments.bytes("content");
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto opened = open_own(scope, scope.node().id(), content);
  if (!opened) return call->fail(opened.error());
  // What the node would write from here on is of the state before: it stops, and starts anew with what is on disk then.
  scope.node().shut_down(scope.now());
  scope.driver.settle_all();
  scope.driver.hold();
  auto outcome = std::make_shared<Outcome>();
  scope.driver.writes().ask([outcome, restored = opened.take()](
                                RowStore& store) { outcome->result = restore_state(store, restored, outcome->merged); },
                            [&scope, call, outcome] {
                              outcome->result ? call->result(counts(outcome->merged))
                                              : call->fail(outcome->result.error());
                              scope.restart();
                            });
}

void run_take_over(Scope& scope, const CallPtr& call) {
  Arguments arguments(call->request().args);
  if (auto done = arguments.done(); !done) return call->fail(done.error());
  auto request = scope.node().take_over(scope.now());
  if (!request) return call->fail(request.error());
  scope.driver.when_done(*request, [&scope, call](const event::RequestDone& done) {
    if (done.error) return call->fail(*done.error);
    call->result(Value::map({{"id", to_text(scope.node().id())}, {"name", scope.name}}));
    // Peers take the new start for the newest copy.
    scope.node().shut_down(scope.now());
    scope.driver.settle_all();
    scope.restart();
  });
}

}  // namespace drawbridge::admin
