// What a newer version of Drawbridge makes of the rows that an earlier one has written. docs/spec/pairing.md, "Versions of
// the state". Steps are never changed, only added.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/audit/audit_record.hpp"
#include "protocol/roster/records.hpp"

namespace drawbridge {

// To version 2, in which a revocation says since when its device had access and what it could reach. Of those that were
// written before, the audit trail tells since when, and when the device was last here.
class UpgradeTo2 {
 public:
  // Every row of the state once, ascending by kind and key.
  void handle_row(RowKind kind, ByteView key, ByteView value);

  // The revocations that know more than they did.
  std::vector<Row> completed_revocations() const;
  // All that must be written, in one batch with the new version's number: those, and a record of it at the trail's end.
  // Nothing: the node's own row cannot be read, so that it will not start; such a state stays as it is.
  std::optional<std::vector<Row>> rows(WallTime now) const;
  // What rows() changes, as the trail and the log say it.
  std::string words() const;

 private:
  // A device as the trail tells of it, record by record.
  struct Told {
    std::optional<WallTime> paired_at, seen_at;
  };
  void handle_record(const audit::Record& record);
  void complete(const DeviceId& device, WallTime revoked_at, const Told& told);

  bool empty_ = true;
  std::optional<roster::NodeState> node_;
  std::map<Bytes, roster::Revocation> revocations_, completed_;  // by key
  std::map<DeviceId, Told> told_;
};

}  // namespace drawbridge
