#include "daemon/admin/scope.hpp"

#include <map>
#include <string_view>

#include "daemon/admin/commands.hpp"

namespace drawbridge::admin {
namespace {

using Command = void (*)(Scope&, const CallPtr&);

const std::map<std::string_view, Command>& commands() {
  static const std::map<std::string_view, Command> table = {
      {"status", run_status},
      {"services", run_services},
      {"services.check", run_services_check},
      {"expose", run_expose},
      {"unexpose", run_unexpose},
      {"overview", run_overview},
      {"traffic", run_traffic},
      {"words_kept", run_words_kept},
      {"qr", run_qr},
      {"page.open", run_page_open},
      {"page.close", run_page_close},
      {"devices", run_devices},
      {"devices.forget", run_devices_forget},
      {"devices.reset_counter", run_devices_reset_counter},
      {"allow", run_allow},
      {"deny", run_deny},
      {"rename", run_rename},
      {"revoke", run_revoke},
      {"pair", run_pair},
      {"pair.cancel", run_pair_cancel},
      {"join", run_join},
      {"leave", run_leave},
      {"ping", run_ping},
      {"connect", run_connect},
      {"wait", run_wait},
      {"audit.show", run_audit_show},
      {"audit.export", run_audit_export},
      {"audit.verify", run_audit_verify},
      {"audit.prune", run_audit_prune},
      {"audit.heads", run_audit_heads},
      {"relay.add", run_relay_add},
      {"relay.remove", run_relay_remove},
      {"relay.list", run_relay_list},
      {"address.add", run_address_add},
      {"address.remove", run_address_remove},
      {"netcheck", run_netcheck},
      {"why", run_why},
      {"debug.dump", run_debug_dump},
      {"backup", run_backup},
      {"restore", run_restore},
      {"take_over", run_take_over},
      {"unlock", run_unlock},
  };
  return table;
}

}  // namespace

void EventWatchers::add(const CallPtr& call, Watcher watcher) {
  entries_.push_back({call, std::move(watcher)});
}

void EventWatchers::tell(const Event& event) {
  // A watcher may end its own call, and others may be added meanwhile: those hear of the next event.
  size_t count = entries_.size();
  for (auto entry = entries_.begin(); count > 0; --count) {
    CallPtr call = entry->call.lock();
    if (call && call->open()) {
      entry->watcher(event);
      ++entry;
    } else {
      entry = entries_.erase(entry);
    }
  }
}

void tell_of_change(Scope& scope) { scope.watchers.tell(event::RequestDone{}); }

void answer_when_done(Scope& scope, CallPtr call, const Result<RequestId>& request, std::function<Value()> result) {
  if (!request) return call->fail(request.error());
  scope.driver.when_done(*request,
                         [&scope, call = std::move(call), result = std::move(result)](const event::RequestDone& done) {
                           if (done.error) return call->fail(*done.error);
                           call->result(result());
                           tell_of_change(scope);
                         });
}

void run_command(Scope& scope, CallPtr call) {
  auto command = commands().find(call->request().command);
  if (command != commands().end()) return command->second(scope, call);
  call->fail({ErrorCode::invalid_argument, "There is no command '" + call->request().command + "'.",
              "The daemon and the command line may be of different versions: restart drawbridged."});
}

}  // namespace drawbridge::admin
