// The commands of the control socket, one file per group. Each takes the call and sees that it is answered.
#pragma once

#include "daemon/admin/scope.hpp"

namespace drawbridge::admin {

void run_status(Scope& scope, const CallPtr& call);
void run_overview(Scope& scope, const CallPtr& call);
void run_traffic(Scope& scope, const CallPtr& call);
void run_words_kept(Scope& scope, const CallPtr& call);
void run_qr(Scope& scope, const CallPtr& call);
void run_page_open(Scope& scope, const CallPtr& call);
void run_page_close(Scope& scope, const CallPtr& call);
void run_services(Scope& scope, const CallPtr& call);
void run_services_check(Scope& scope, const CallPtr& call);
void run_expose(Scope& scope, const CallPtr& call);
void run_unexpose(Scope& scope, const CallPtr& call);
void run_devices(Scope& scope, const CallPtr& call);
void run_devices_forget(Scope& scope, const CallPtr& call);
void run_devices_reset_counter(Scope& scope, const CallPtr& call);
void run_allow(Scope& scope, const CallPtr& call);
void run_deny(Scope& scope, const CallPtr& call);
void run_rename(Scope& scope, const CallPtr& call);
void run_revoke(Scope& scope, const CallPtr& call);
void run_pair(Scope& scope, const CallPtr& call);
void run_pair_cancel(Scope& scope, const CallPtr& call);
void run_join(Scope& scope, const CallPtr& call);
void run_leave(Scope& scope, const CallPtr& call);
void run_ping(Scope& scope, const CallPtr& call);
void run_connect(Scope& scope, const CallPtr& call);
void run_wait(Scope& scope, const CallPtr& call);
void run_audit_show(Scope& scope, const CallPtr& call);
void run_audit_export(Scope& scope, const CallPtr& call);
void run_audit_verify(Scope& scope, const CallPtr& call);
void run_audit_prune(Scope& scope, const CallPtr& call);
void run_audit_heads(Scope& scope, const CallPtr& call);
void run_relay_add(Scope& scope, const CallPtr& call);
void run_relay_remove(Scope& scope, const CallPtr& call);
void run_relay_list(Scope& scope, const CallPtr& call);
void run_address_add(Scope& scope, const CallPtr& call);
void run_address_remove(Scope& scope, const CallPtr& call);
void run_netcheck(Scope& scope, const CallPtr& call);
void run_why(Scope& scope, const CallPtr& call);
void run_debug_dump(Scope& scope, const CallPtr& call);
void run_backup(Scope& scope, const CallPtr& call);
void run_take_over(Scope& scope, const CallPtr& call);
void run_restore(Scope& scope, const CallPtr& call);
void run_unlock(Scope& scope, const CallPtr& call);

}  // namespace drawbridge::admin
