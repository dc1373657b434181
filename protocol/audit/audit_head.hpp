// Signed heads of the audit chain. An office tells them to its devices, each of which keeps the newest: so an owner who
// rewrites his trail cannot make them agree with it. docs/spec/audit.md.
#pragma once

#include <optional>

#include "keys/identity.hpp"
#include "protocol/audit/audit_record.hpp"

namespace drawbridge::audit {

struct Head {
  uint64_t sequence = 0;   // of the newest durable record; 0: none yet
  ChainHash hash{};
  WallTime time;           // when it was signed, by the office's clock
  Signature signature{};
  bool operator==(const Head&) const = default;
};

Head sign_head(const Identity& office, uint64_t sequence, const ChainHash& hash, WallTime time);
bool is_signed_by(const Head& head, const DeviceId& office);

// What a device has kept of one office.
struct KeptHead {
  Head newest;
  // A head that cannot stand in the same chain as the newest one of its time: the trail was rewritten, or an older state
  // was put back. Kept until the device leaves the office.
  std::optional<Head> disputed;

  enum class Verdict { kept, disputed, unchanged };
  // Signed is checked by the caller.
  Verdict meet(const Head& head);
};

Row to_row(const KeptHead& kept, const DeviceId& office);
struct RememberedHead {
  DeviceId office;
  KeptHead kept;
};
std::optional<RememberedHead> parse_kept_head(ByteView value);

}  // namespace drawbridge::audit
