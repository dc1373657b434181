// Rows as version 1 of the state had them, where version 2 has changed them.
#pragma once

#include "protocol/roster/record_fields.hpp"
#include "protocol/roster/records.hpp"

namespace drawbridge::roster {

// Six fields, or, where nothing was known of when the device was last here, five.
inline Row version_1_row(const Revocation& r) {
  Row row = to_row(r);
  row.value->clear();
  msgpack::Writer writer = begin_record(*row.value, r.last_seen ? 6 : 5);
  writer.bin(r.device.bytes).str(r.name).str(r.reason).integer(r.revoked_at.unix_ms).bin(r.knock_tag.reveal());
  if (r.last_seen) writer.integer(r.last_seen->unix_ms);
  return row;
}

}  // namespace drawbridge::roster
