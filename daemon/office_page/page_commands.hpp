// Which commands of the control socket the page may ask for, and what a device may not do to itself with them. The
// commands themselves are daemon/admin's. docs/spec/office-page.md
#pragma once

#include "daemon/admin/scope.hpp"

namespace drawbridge::office_page {

// `not_allowed`: not offered on the page, or not to this caller. `state`: a device would shut itself out.
Result<void> may_ask(admin::Scope& scope, const admin::Call& call);

// Runs the command, or refuses it. What a device changes is put on record with its name, before it is done.
void run_page_command(admin::Scope& scope, admin::CallPtr call);

}  // namespace drawbridge::office_page
