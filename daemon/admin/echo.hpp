// What is told of connections is true at that moment: peers are asked first.
#pragma once

#include "daemon/admin/scope.hpp"

namespace drawbridge::admin {

// Asks every connected peer for a fresh sealed echo; `then` when all have answered, or 500 ms later.
void ask_for_echoes(Scope& scope, std::function<void()> then);

}  // namespace drawbridge::admin
