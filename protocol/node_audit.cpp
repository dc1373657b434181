// The node's own audit trail, as its owner sees it: its end, what devices keep of it, and what was pruned.
#include "keys/hash.hpp"
#include "protocol/node_core.hpp"

namespace drawbridge {

Result<RequestId> Node::prune_audit(Now now, ByteView last) {
  drawbridge::Core& shared = core_->shared;
  auto parsed = audit::parse(last);
  if (!parsed) return Error{ErrorCode::malformed, "The audit trail is damaged.", "`drawbridge audit verify` says where."};
  uint64_t sequence = parsed->record.sequence;
  std::optional<audit::Checkpoint> before = shared.checkpoint;
  if (before && before->sequence >= sequence) return Error{ErrorCode::state, "These records were pruned already.", "`drawbridge audit verify` shows the checkpoint."};
  shared.checkpoint = audit::sign_checkpoint(shared.identity(), sequence, blake2b_256({last}), parsed->record.time, now.wall);
  shared.journal.put(audit::to_row(*shared.checkpoint));
  shared.journal.put(audit::prune_row(sequence));
  shared.audit(now, audit::RecordType::pruned, nullptr, "", "", "records up to " + std::to_string(sequence));
  return shared.durable_request([core = core_.get(), before, key = audit::sequence_key_bytes(sequence), last = to_bytes(last)](Now) {
    core->shared.checkpoint = before;
    core->shared.journal.put(before ? audit::to_row(*before) : roster::deleted(RowKind::audit_checkpoint, {}));
    // Takes the place of the deletion that still waits for the disk.
    core->shared.journal.put({RowKind::audit, key, last});
  });
}

std::optional<audit::Checkpoint> Node::audit_checkpoint() const { return core_->shared.checkpoint; }

audit::Head Node::sign_audit_head(Now now) const {
  const auto& end = core_->shared.durable_end;
  return audit::sign_head(core_->shared.identity(), end.sequence, end.hash, now.wall);
}

std::map<DeviceId, audit::KeptHead> Node::audit_heads() const { return core_->shared.audit_heads; }

std::pair<uint64_t, std::array<uint8_t, 32>> Node::audit_head() const {
  return {core_->shared.state.audit_sequence, core_->shared.state.audit_hash};
}

}  // namespace drawbridge
