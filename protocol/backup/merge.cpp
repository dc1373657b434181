#include <algorithm>
#include <map>

#include "protocol/backup/backup.hpp"
#include "protocol/quic/key_schedule.hpp"
#include "protocol/roster/records.hpp"
#include "protocol/upgrade.hpp"

namespace drawbridge::backup {
namespace {

using Key = std::pair<RowKind, Bytes>;
using Rows = std::map<Key, const Row*>;

Rows index(const std::vector<Row>& rows) {
  Rows out;
  for (const Row& row : rows) {
    if (row.value) out[{row.kind, row.key}] = &row;
  }
  return out;
}

// By the knock tags of keys that were revoked. Every pairing makes a new PSK and with it a new tag: a device that was
// paired again has another, and no clock decides.
using Revoked = std::vector<Secret<16>>;

void add_revoked(Revoked& revoked, const Rows& rows) {
  for (const auto& [key, row] : rows) {
    auto revocation = key.first == RowKind::revocation ? roster::parse_revocation(*row->value) : std::nullopt;
    if (revocation) revoked.push_back(revocation->knock_tag);
  }
}

bool is_revoked(const Row& row, const Revoked& revoked) {
  auto relation = roster::parse_relation(*row.value);
  return relation && std::ranges::find(revoked, quic::derive_pair_keys(relation->psk).knock_tag) != revoked.end();
}

// A backup of version 1 of the state knows of its revocations what its trail tells.
std::vector<Row> completed_revocations(const Rows& restored) {
  UpgradeTo2 upgrade;
  for (const auto& [key, row] : restored) upgrade.handle_row(row->kind, row->key, *row->value);
  return upgrade.completed_revocations();
}

std::optional<roster::NodeState> node_state(const Rows& rows) {
  auto row = rows.find({RowKind::node, {}});
  return row == rows.end() ? std::nullopt : roster::parse_node_state(*row->second->value);
}

bool has_audit(const Rows& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const auto& entry) { return entry.first.first == RowKind::audit; });
}

Row merged_state(const Rows& present, const Rows& restored, bool chain_from_backup) {
  roster::NodeState here = node_state(present).value_or(roster::NodeState{});
  roster::NodeState there = node_state(restored).value_or(roster::NodeState{});
  roster::NodeState out = chain_from_backup ? there : here;
  // A peer holds the highest start number that it has seen of us.
  out.boot_id = std::max(here.boot_id, there.boot_id) + limits::starts_skipped;
  out.counter_reserved = std::max(here.counter_reserved, there.counter_reserved);
  return roster::to_row(out);
}

void count(const Row& row, Merged& merged) {
  if (row.kind == RowKind::service) ++merged.services;
  if (row.kind == RowKind::revocation) ++merged.revocations;
  auto relation = row.kind == RowKind::relation ? roster::parse_relation(*row.value) : std::nullopt;
  if (relation) ++(relation->key.role == PeerRole::device ? merged.devices : merged.offices);
}

// Which rows of a backup may come back. Invitations never do: their links may have been read by others since.
bool comes_back(const Row& row, const Rows& present, const Revoked& revoked, bool chain_from_backup) {
  switch (row.kind) {
    case RowKind::relation:
      return !present.contains({row.kind, row.key}) && !is_revoked(row, revoked) && roster::parse_relation(*row.value).has_value();
    case RowKind::service:
    case RowKind::relay:
    case RowKind::address:
    case RowKind::revocation:
    case RowKind::incarnation:
    case RowKind::audit_head:
    case RowKind::unreadable:
      return !present.contains({row.kind, row.key});
    case RowKind::audit:
    case RowKind::audit_checkpoint:
      return chain_from_backup;
    case RowKind::node:
    case RowKind::instance:
    case RowKind::invitation:
      return false;
  }
  return false;
}

}  // namespace

Merged merge(const std::vector<Row>& present_rows, const Backup& backup) {
  Rows present = index(present_rows), restored = index(backup.rows);
  std::vector<Row> completed = completed_revocations(restored);
  for (const Row& row : completed) restored[{row.kind, row.key}] = &row;
  Revoked revoked;
  for (const Rows* rows : {&present, &restored}) add_revoked(revoked, *rows);
  // A chain that has begun here goes on; otherwise the backup's does.
  bool chain_from_backup = !has_audit(present);

  Merged merged;
  // First, so that a later pairing of the same device can take its place.
  std::erase_if(present, [&](const auto& entry) {
    const auto& [key, row] = entry;
    bool ends_now = key.first == RowKind::relation && is_revoked(*row, revoked);
    if (ends_now) merged.rows.push_back(roster::deleted(key.first, key.second));
    return ends_now;
  });
  for (const auto& [key, row] : restored) {
    if (comes_back(*row, present, revoked, chain_from_backup)) merged.rows.push_back(*row);
  }
  for (const auto& [key, row] : present) count(*row, merged);
  for (const Row& row : merged.rows) {
    if (row.value) count(row, merged);
  }
  merged.rows.push_back(merged_state(present, restored, chain_from_backup));
  return merged;
}

}  // namespace drawbridge::backup
