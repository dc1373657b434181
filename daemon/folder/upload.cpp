#include "daemon/folder/upload.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "daemon/folder/changes.hpp"
#include "daemon/folder/dav/properties.hpp"
#include "daemon/folder/conditions.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge::folder {
namespace {

constexpr int numbers_tried = 1000;
constexpr int64_t ms = 1000;

std::string random_id() {
  uint8_t bytes[16] = {};
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return {};
  return to_hex(bytes);
}

bool status_at(const Place& place, const std::string& name, struct stat& status) {
  return fstatat(place.folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

std::string hidden_name(const std::string& id) {
  return std::string(upload_prefix) + id;
}

// The same upload in the same folder, whatever path led there.
std::string key_of(const Place& place, const std::string& id) {
  struct stat status {};
  fstat(place.folder.get(), &status);
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + ":" + id;
}

Error precondition_failed() {
  return {ErrorCode::state, "The file was changed by somebody else meanwhile.",
          "Look at it again before you replace it."};
}

// Whether the order can end well, as far as one can know before its bytes are there.
Result<void> check_conflict(const Place& place, const UploadOrder& order) {
  struct stat status;
  bool exists = status_at(place, place.name, status);
  if (exists && order.conflict == Conflict::refuse) return file_error(EEXIST, place.name);
  if (order.conflict != Conflict::replace) return {};
  if (exists && S_ISDIR(status.st_mode)) return file_error(EISDIR, place.name);
  Version version = exists ? version_of(status) : Version{};
  Conditions conditions;
  conditions.if_match = order.if_match;
  if (evaluate(conditions, version, false) == Outcome::precondition_failed) return precondition_failed();
  return {};
}

Result<void> check_room(const Place& place, uint64_t missing) {
  struct statvfs disk;
  if (fstatvfs(place.folder.get(), &disk) != 0) return {};
  uint64_t room = static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (missing <= room) return {};
  return Error{ErrorCode::limit,
               "The office's disk has room for " + std::to_string(room) + " bytes, and " + std::to_string(missing) +
                   " are to come.",
               "Make room at the office, then try again."};
}

Result<void> check_order(const Place& place, const UploadOrder& order, uint64_t present) {
  if (auto named = check_new_name(place.name); !named) return named;
  if (auto checked = check_conflict(place, order); !checked) return checked;
  return check_room(place, order.length && *order.length > present ? *order.length - present : 0);
}

// 0 if there is none.
uint64_t size_of_hidden(const Place& place, const std::string& id) {
  struct stat status;
  return status_at(place, hidden_name(id), status) && S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size)
                                                                              : 0;
}

}  // namespace

bool is_upload_id(std::string_view id) {
  auto hexadecimal = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return id.size() >= 16 && id.size() <= 64 && std::all_of(id.begin(), id.end(), hexadecimal);
}

std::string numbered_name(const std::string& name, int number) {
  size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0 || name.size() - dot > 16) dot = name.size();
  std::string tail = " (" + std::to_string(number) + ")" + name.substr(dot);
  std::string stem = name.substr(0, dot);
  if (stem.size() + tail.size() > 255) {
    stem.resize(255 - tail.size());
    while (!is_utf8(as_bytes(stem))) stem.pop_back();  // half a character
  }
  return stem + tail;
}

Upload::Upload(UploadTurns& turns, Place place, UploadOrder order)
    : turns_(turns), place_(std::move(place)), order_(std::move(order)) {
  std::string id = order_.id.empty() ? random_id() : order_.id;
  hidden_name_ = hidden_name(id);
  key_ = key_of(place_, id);
  turn_ = turns_.turn(key_);
  std::lock_guard lock(turn_->mutex);
  number_ = ++turn_->newest;
}

Upload::~Upload() {
  if (fd_ && !done_ && order_.id.empty()) unlinkat(place_.folder.get(), hidden_name_.c_str(), 0);
}

Result<std::unique_ptr<Upload>> Upload::begin(UploadTurns& turns, Place place, UploadOrder order) {
  uint64_t present = order.id.empty() ? 0 : size_of_hidden(place, order.id);
  if (auto checked = check_order(place, order, present); !checked) return checked.error();
  std::unique_ptr<Upload> upload(new Upload(turns, std::move(place), std::move(order)));
  if (auto opened = upload->open_hidden_file(); !opened) return opened.error();
  return upload;
}

Result<void> Upload::open_hidden_file() {
  std::lock_guard lock(turn_->mutex);
  int create = order_.offset == 0 ? O_CREAT : 0;
  fd_.reset(
      openat(place_.folder.get(), hidden_name_.c_str(), O_WRONLY | create | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  struct stat status;
  if (!fd_ && errno != ENOENT) return file_error(errno, place_.name);
  bool in_order = fd_ && fstat(fd_.get(), &status) == 0 && S_ISREG(status.st_mode) &&
                  static_cast<uint64_t>(status.st_size) == order_.offset;
  if (!in_order)
    return Error{ErrorCode::state, "The upload does not stand at this offset.",
                 "Ask how far it is and go on from there."};
  offset_ = order_.offset;
  return {};
}

Result<UploadProgress> Upload::progress_of(UploadTurns& turns, const Place& place, const UploadOrder& order) {
  std::string key = key_of(place, order.id);
  if (auto finished = turns.find_finished(key)) return *finished;
  auto turn = turns.turn(key);
  std::lock_guard lock(turn->mutex);
  ++turn->newest;
  uint64_t present = size_of_hidden(place, order.id);
  if (auto checked = check_order(place, order, present); !checked) return checked.error();
  // What is said to be there stays there.
  FileDescriptor fd(
      openat(place.folder.get(), hidden_name(order.id).c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (fd && fdatasync(fd.get()) != 0) return file_error(errno, place.name);
  return UploadProgress{fd ? present : 0, ""};
}

Result<void> Upload::cancel(UploadTurns& turns, const Place& place, const UploadOrder& order) {
  auto turn = turns.turn(key_of(place, order.id));
  std::lock_guard lock(turn->mutex);
  ++turn->newest;
  if (unlinkat(place.folder.get(), hidden_name(order.id).c_str(), 0) == 0 || errno == ENOENT) return {};
  return file_error(errno, place.name);
}

Result<void> Upload::write(ByteView bytes) {
  std::lock_guard lock(turn_->mutex);
  if (turn_->newest != number_) return Error{ErrorCode::closed, "Another connection goes on with this upload.", ""};
  if (order_.length && bytes.size() > *order_.length - offset_) {
    return Error{ErrorCode::invalid_argument, "There are more bytes than were announced.", "Send the file again."};
  }
  while (!bytes.empty()) {
    ssize_t written = pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error(errno, place_.name);
    offset_ += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<UploadProgress> Upload::finish() {
  std::lock_guard lock(turn_->mutex);
  if (turn_->newest != number_) return Error{ErrorCode::closed, "Another connection goes on with this upload.", ""};
  if (fsync(fd_.get()) != 0) return file_error(errno, place_.name);
  if (order_.length && offset_ < *order_.length) {
    if (order_.id.empty())
      return Error{ErrorCode::invalid_argument, "There are fewer bytes than were announced.", "Send the file again."};
    return UploadProgress{offset_, ""};
  }
  return take_final_name();
}

Result<UploadProgress> Upload::take_final_name() {
  struct stat replaced;
  keep_set_properties();
  bool replaces =
      order_.conflict == Conflict::replace && status_at(place_, place_.name, replaced) && S_ISREG(replaced.st_mode);
  dress(replaces ? &replaced : nullptr);
  auto name = rename_as_ordered();
  if (!name) return name.error();
  done_ = true;
  // The new name itself must survive a power cut before anybody is told of it.
  if (fsync(place_.folder.get()) != 0) return file_error(errno, place_.name);
  UploadProgress progress{offset_, name.take()};
  if (!order_.id.empty()) turns_.finished(key_, progress);
  return progress;
}

// What clients have said about the file stays true of its next version.
void Upload::keep_set_properties() {
  if (order_.conflict != Conflict::replace) return;
  FileDescriptor old(openat(place_.folder.get(), place_.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (old) dav::copy_set_properties(old.get(), fd_.get());
}

// Rights and date, before anybody can see the file.
void Upload::dress(const struct stat* replaced) {
  if (replaced) {
    if (fchown(fd_.get(), static_cast<uid_t>(-1), replaced->st_gid) != 0)
      errno = 0;  // only a member of the group may; else it stays ours
    fchmod(fd_.get(), replaced->st_mode & 0777);
  } else {
    fchmod(fd_.get(), new_file_mode(place_.folder.get()));
  }
  if (!order_.modified_ms) return;
  int64_t at = *order_.modified_ms;
  timespec times[2] = {{0, UTIME_OMIT}, {at / ms, at % ms * 1'000'000}};
  futimens(fd_.get(), times);
}

Result<std::string> Upload::rename_as_ordered() {
  int folder = place_.folder.get();
  if (order_.conflict == Conflict::number) return rename_with_number();
  if (auto checked = check_conflict(place_, order_); !checked) return checked.error();
  int number = 0;
  if (order_.conflict == Conflict::refuse) {
    number = rename_without_replacing(folder, hidden_name_, folder, place_.name);
  } else if (renameat(folder, hidden_name_.c_str(), folder, place_.name.c_str()) != 0) {
    number = errno;
  }
  if (number) return file_error(number, place_.name);
  return place_.name;
}

Result<std::string> Upload::rename_with_number() {
  int folder = place_.folder.get();
  for (int i = 1; i <= numbers_tried; ++i) {
    std::string name = i == 1 ? place_.name : numbered_name(place_.name, i);
    int number = rename_without_replacing(folder, hidden_name_, folder, name);
    if (number == 0) return name;
    if (number != EEXIST) return file_error(number, name);
  }
  return file_error(EEXIST, place_.name);
}

}  // namespace drawbridge::folder
