#include "daemon/observe/warnings.hpp"

#include <fmt/format.h>

namespace drawbridge {
namespace {

const char* words_for(RowKind kind) {
  switch (kind) {
    case RowKind::relation: return "pairing";
    case RowKind::invitation: return "invitation";
    case RowKind::service: return "service";
    case RowKind::revocation: return "revocation";
    case RowKind::relay: return "relay";
    case RowKind::address: return "fixed address";
    case RowKind::audit_head: return "kept head of an audit trail";
    case RowKind::audit_checkpoint: return "checkpoint of the audit trail";
    case RowKind::instance:
    case RowKind::incarnation: return "mark of a copy";
    case RowKind::node:
    case RowKind::audit:
    case RowKind::unreadable: break;
  }
  return "entry of a newer version";
}

}  // namespace

Warning reserve_warning() {
  return {"disk_full", "The disk is full, or nearly: devices can still be revoked, but other changes may be refused, and soon devices that connect anew may not be let in.",
          "Free some space; the reserve is made again by itself."};
}

Warning unreadable_warning(const std::map<RowKind, size_t>& rows) {
  std::string list;
  for (const auto& [kind, count] : rows) list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", words_for(kind), count);
  return {"rows_unreadable", fmt::format("Parts of the state cannot be read, and are not in use: {}. They are kept as they are.", list),
          "If a newer version of Drawbridge ran here, install it again; else bring a backup back: drawbridge restore FILE"};
}

}  // namespace drawbridge
