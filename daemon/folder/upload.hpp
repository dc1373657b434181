// Upload: bytes on their way into one new file.
//
// They gather in a hidden file of the same folder, which takes the final name in one step when everything is there and
// on the disk: under the final name there is never a part of a file, whatever is killed when. An upload with an id can
// be continued after a cut: the hidden file is found again by its id, and its length says how far it got.
#pragma once

#include <sys/types.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "daemon/folder/root.hpp"

namespace drawbridge::folder {

enum class Conflict {
  refuse,   // a file of that name stays; the upload fails
  number,   // the new file is called "name (2).ending", or the next free number
  replace,  // the new file takes the other's place, in one step
};

struct UploadOrder {
  std::string id;                  // [0-9a-f]{16,64}; empty: this request holds the whole file
  uint64_t offset = 0;             // of the first byte that follows
  std::optional<uint64_t> length;  // of the whole file; needed with an id
  Conflict conflict = Conflict::refuse;
  std::string if_match;                // with replace: only this version (RFC 9110 section 13.1.1); empty: any
  std::optional<int64_t> modified_ms;  // the file's date, as the sender knows it
};

struct UploadProgress {
  uint64_t offset = 0;  // on the disk; go on from here
  std::string name;     // final name; empty: not all is there yet
};

// Whose turn it is to write to each upload, shared by the connections of one folder. Thread-safe.
// A second request for the same upload takes the turn: its sender has given the first connection up.
class UploadTurns {
 public:
  struct Turn {
    std::mutex mutex;     // held while writing
    uint64_t newest = 0;  // number of the request that may write
  };
  std::shared_ptr<Turn> turn(const std::string& key);

  // Uploads that were finished lately, so that a sender whose answer was lost learns of it.
  void finished(const std::string& key, UploadProgress progress);
  std::optional<UploadProgress> find_finished(const std::string& key);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Turn>> turns_;
  std::deque<std::pair<std::string, UploadProgress>> finished_;
};

class Upload {
 public:
  // `state` if order.offset is not where the upload stands (ask progress_of); `already_exists` and `limit` (no room)
  // before anything is sent in vain.
  static Result<std::unique_ptr<Upload>> begin(UploadTurns& turns, Place place, UploadOrder order);
  // How far an upload is; takes the turn from a request that still writes. Also fails if it could not be finished.
  static Result<UploadProgress> progress_of(UploadTurns& turns, const Place& place, const UploadOrder& order);
  // Throws an upload away; nothing to throw away is no error.
  static Result<void> cancel(UploadTurns& turns, const Place& place, const UploadOrder& order);

  // An upload without id that is not finished leaves nothing behind.
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  Result<void> write(ByteView bytes);
  // After the request's last byte: what was received is on the disk, and has the final name if it is everything.
  Result<UploadProgress> finish();

 private:
  Upload(UploadTurns& turns, Place place, UploadOrder order);
  Result<void> open_hidden_file();
  Result<UploadProgress> take_final_name();
  Result<std::string> rename_as_ordered();
  Result<std::string> rename_with_number();
  void keep_set_properties();
  void dress(const struct stat* replaced);

  UploadTurns& turns_;
  Place place_;
  UploadOrder order_;
  std::string hidden_name_, key_;
  std::shared_ptr<UploadTurns::Turn> turn_;
  uint64_t number_ = 0;  // of this request, in the turn
  FileDescriptor fd_;
  uint64_t offset_ = 0;  // after the last byte written
  bool done_ = false;
};

// Lower-case hexadecimal of 16 to 64 digits.
bool is_upload_id(std::string_view id);
// "report.pdf", 2 → "report (2).pdf"; the whole stays within 255 bytes.
std::string numbered_name(const std::string& name, int number);

}  // namespace drawbridge::folder
