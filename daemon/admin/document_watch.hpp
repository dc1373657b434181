// A document that follows what happens.
#pragma once

#include "daemon/admin/scope.hpp"

namespace drawbridge::admin {

// Sends the document now and after each change, as fast as the client reads but at most four times a second; and every
// two seconds anyway, because round trips and losses change without an event. Until the client goes.
void watch_document(Scope& scope, const CallPtr& call, std::function<Value(Scope&)> make);

}  // namespace drawbridge::admin
