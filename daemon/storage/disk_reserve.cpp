#include "daemon/storage/disk_reserve.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace drawbridge {
namespace {

size_t kept_from(Urgency urgency) {
  if (urgency == Urgency::vital) return 0;
  return urgency == Urgency::admission ? vital_bytes : reserve_bytes;
}

}  // namespace

DiskReserve::DiskReserve(const std::string& path)
    : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)), short_(std::make_unique<std::atomic<bool>>(false)) {
  refill();
}

size_t DiskReserve::held() const {
  struct stat status {};
  return file_ && fstat(file_.get(), &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
}

bool DiskReserve::release_piece(Urgency urgency) {
  size_t size = held(), kept = kept_from(urgency);
  if (size <= kept) return false;
  constexpr size_t piece = reserve_bytes / reserve_pieces;
  *short_ = true;
  return ftruncate(file_.get(), static_cast<off_t>(size > kept + piece ? size - piece : kept)) == 0;
}

bool DiskReserve::refill() {
  if (!short_) return true;
  size_t size = held();
  // Takes the blocks, not only the length: a file that was copied may have none.
  bool whole = file_ && posix_fallocate(file_.get(), 0, reserve_bytes) == 0;
  // What it took before it failed would be missing elsewhere for nothing.
  if (!whole && held() > size) (void)!ftruncate(file_.get(), static_cast<off_t>(size));
  *short_ = !whole;
  return whole;
}

}  // namespace drawbridge
