#include "protocol/upgrade.hpp"

namespace drawbridge {

void UpgradeTo2::handle_row(RowKind kind, ByteView key, ByteView value) {
  empty_ = false;
  if (kind == RowKind::node) node_ = roster::parse_node_state(value);
  if (kind == RowKind::revocation) {
    auto revocation = roster::parse_revocation(value);
    if (revocation && !revocation->paired_at) revocations_[to_bytes(key)] = std::move(*revocation);
  }
  if (kind != RowKind::audit || revocations_.empty()) return;
  if (auto parsed = audit::parse(value)) handle_record(parsed->record);
}

void UpgradeTo2::handle_record(const audit::Record& record) {
  using audit::RecordType;
  if (!record.device) return;
  Told& told = told_[*record.device];
  switch (record.type) {
    case RecordType::paired: told = {record.time, std::nullopt}; break;
    // That a connection is over says nothing: the device may have been away for long.
    case RecordType::connected:
    case RecordType::flow_opened: told.seen_at = record.time; break;
    case RecordType::revoked:
      complete(*record.device, record.time, told);
      told = {};
      break;
    default: break;
  }
}

// Record and row of one revocation were written together, with the same time.
void UpgradeTo2::complete(const DeviceId& device, WallTime revoked_at, const Told& told) {
  for (const auto& [key, revocation] : revocations_) {
    if (revocation.device != device || revocation.revoked_at != revoked_at) continue;
    roster::Revocation known = revocation;
    known.paired_at = told.paired_at;
    if (!known.last_seen) known.last_seen = told.seen_at;
    if (known.paired_at || known.last_seen != revocation.last_seen) completed_[key] = std::move(known);
  }
}

std::vector<Row> UpgradeTo2::completed_revocations() const {
  std::vector<Row> rows;
  for (const auto& [key, revocation] : completed_) rows.push_back(roster::to_row(revocation));
  return rows;
}

std::string UpgradeTo2::words() const {
  return "state 1 to 2: dates completed of " + std::to_string(completed_.size()) + " of " + std::to_string(revocations_.size()) + " revocations";
}

std::optional<std::vector<Row>> UpgradeTo2::rows(WallTime now) const {
  if (empty_) return std::vector<Row>();
  if (!node_) return std::nullopt;
  std::vector<Row> rows = completed_revocations();
  roster::NodeState state = *node_;
  audit::Record record{.sequence = ++state.audit_sequence, .time = now, .type = audit::RecordType::upgraded, .detail = words()};
  audit::Link link = audit::encode(record, state.audit_hash);
  state.audit_hash = link.hash;
  rows.push_back(audit::to_row(record, link));
  rows.push_back(roster::to_row(state));
  return rows;
}

}  // namespace drawbridge
