// Reads the audit trail from the disk, a page at a time, in order.
#pragma once

#include <functional>
#include <memory>

#include "daemon/admin/scope.hpp"
#include "protocol/audit/checkpoint.hpp"

namespace drawbridge::admin {

// The number of a record as stored: its row's key.
uint64_t sequence_of(const Row& row);

class AuditReader : public std::enable_shared_from_this<AuditReader> {
 public:
  // Handles one page (empty: no more for now) and says whether to go on.
  using Page = std::function<bool(const Result<std::vector<Row>>&)>;
  AuditReader(Scope& scope, CallPtr call, Page page) : scope_(scope), call_(std::move(call)), page_(std::move(page)) {}

  // Reads the next page while the call is open, and those after it as long as `page` wants more.
  void next();

 private:
  void read(const Result<std::vector<Row>>& rows);

  Scope& scope_;
  CallPtr call_;
  Page page_;
  uint64_t next_ = 0;
};

// What the disk holds in the place of pruned records.
struct StoredCheckpoint {
  std::optional<audit::Checkpoint> checkpoint;  // signed by this node; nothing: none, or `fault`
  bool fault = false;                           // there is one, damaged or of somebody else
  bool operator==(const StoredCheckpoint&) const = default;
};
void read_checkpoint(Scope& scope, const CallPtr& call, std::function<void(const StoredCheckpoint&)> then);
Value checkpoint_document(const audit::Checkpoint& checkpoint);

}  // namespace drawbridge::admin
