// What happened, and how things stand, as MessagePack for the page: docs/spec/phone.md lists the forms.
#pragma once

#include "protocol/node.hpp"

namespace drawbridge::web {

// ["connected", office, relay] and so on. Empty for what a page has no use for.
Bytes write_event(const Event& event);
// ["store", ticket, [[kind, key, value or nil]…]]
Bytes write_store(const PersistBatch& batch);
// [code, message, remedy]
Bytes write_error(const Error& error);
// [own id, [office…], [service…], [relay…]]
Bytes write_status(const Node& node, Now now);

}  // namespace drawbridge::web
