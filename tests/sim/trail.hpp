// The audit trail on a simulated disk.
#pragma once

#include "protocol/audit/checkpoint.hpp"
#include "protocol/roster/records.hpp"
#include "tests/sim/world.hpp"

namespace drawbridge::sim {

using Disk = std::map<std::pair<RowKind, Bytes>, Bytes>;

inline std::optional<audit::Checkpoint> checkpoint_on(const Disk& disk) {
  auto row = disk.find({RowKind::audit_checkpoint, {}});
  return row == disk.end() ? std::nullopt : audit::parse_checkpoint(row->second);
}

inline std::vector<audit::Record> records_on(const Disk& disk) {
  std::vector<audit::Record> records;
  for (const auto& [key, value] : disk) {
    auto parsed = key.first == RowKind::audit ? audit::parse(value) : std::nullopt;
    if (parsed) records.push_back(parsed->record);
  }
  return records;
}

// Where the trail is not one chain without gaps from its first record, or its checkpoint signed by `node`, on; empty: it is.
inline std::string fault_of_trail(const Disk& disk, const DeviceId& node) {
  auto checkpoint = checkpoint_on(disk);
  if (checkpoint && !audit::is_signed_by(*checkpoint, node)) return "the checkpoint is not signed";
  audit::ChainVerifier verifier = checkpoint ? audit::ChainVerifier(checkpoint->sequence, checkpoint->hash) : audit::ChainVerifier();
  for (const auto& [key, value] : disk) {
    if (key.first != RowKind::audit) continue;
    auto parsed = audit::parse(value);
    if (!parsed) return "a record is damaged";
    if (!verifier.add(parsed->record.sequence, value)) return verifier.error();
  }
  auto state = disk.find({RowKind::node, {}});
  auto end = state == disk.end() ? std::nullopt : roster::parse_node_state(state->second);
  bool ends_there = !end || (end->audit_sequence == verifier.sequence() && end->audit_hash == verifier.head());
  return ends_there ? "" : "the node's state names another end";
}

// What `audit prune --before` does with what is on the disk.
inline Result<RequestId> prune(SimNode& node, WallTime before) {
  audit::OlderRecords older(before, checkpoint_on(node.disk));
  for (const auto& [key, value] : node.disk) {
    auto parsed = key.first == RowKind::audit ? audit::parse(value) : std::nullopt;
    if (parsed && !older.add(parsed->record.sequence, value)) break;
  }
  if (!older.error().empty()) return Error{ErrorCode::malformed, older.error(), ""};
  return node.node->prune_audit(node.now(), older.last());
}

}  // namespace drawbridge::sim
