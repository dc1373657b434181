// Space on the disk that is kept for what must not fail: a file that is given back piece by piece when the disk is full,
// so that a device can still be revoked and paired devices still get in, and that is made again when there is room.
//
// Calls as for the row store; is_short() from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include "daemon/io/file_descriptor.hpp"
#include "protocol/rows.hpp"

namespace drawbridge {

// All that a node holds back for a full disk (limits::unsaved_rows) with the pages that SQLite writes for it, twice: kept
// for what takes access away, so that no device can use up what its own revocation needs.
constexpr size_t vital_bytes = 4 * 1024 * 1024;
// Connections of devices before that: a hundred at 20 KB, of which an office has 64 at once after it was started.
constexpr size_t reserve_bytes = vital_bytes + 2 * 1024 * 1024;
// Each is used up before the next is given back: a program that fills the disk takes what is free.
constexpr size_t reserve_pieces = 12;
static_assert(vital_bytes % (reserve_bytes / reserve_pieces) == 0);

class DiskReserve {
 public:
  DiskReserve() = default;  // none, and none is missed
  // Makes the file, or what of it there is room for.
  explicit DiskReserve(const std::string& path);

  // Gives a piece back to the disk. False: nothing is left for something so urgent.
  bool release_piece(Urgency urgency);
  // Makes the file whole again. False: there is no room.
  bool refill();
  bool is_short() const { return short_ && *short_; }

 private:
  size_t held() const;

  FileDescriptor file_;
  std::unique_ptr<std::atomic<bool>> short_;
};

}  // namespace drawbridge
