// Exchange: one request to a folder, from its first header to its answer.
#pragma once

#include <microhttpd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/folder/reply.hpp"
#include "daemon/folder/root.hpp"
#include "daemon/folder/upload.hpp"

namespace drawbridge::folder {

// What all requests to one folder share. Thread-safe: its members are constant or say so.
struct Served {
  std::string folder;   // absolute path at the office
  std::string service;  // its name, as the page's title
  bool confined = false;  // each thread to the folder, by the kernel
  UploadTurns turns;
};

class Exchange {
 public:
  // `raw_path`: as in the request line, undecoded, without the query.
  Exchange(Served& served, MHD_Connection* connection, std::string method, std::string raw_path);

  // With the header read. A reply now is sent instead of reading the body, and the connection ends after it.
  std::optional<Reply> begin();
  // Each piece of the body, in order.
  void body(ByteView bytes);
  Reply finish();
  // So much of the body was read in vain that the connection is better cut.
  bool too_much_ignored() const;

 private:
  std::string_view request_header(const char* name) const;
  std::optional<std::string> query(const char* name) const;
  std::optional<Error> check_site() const;
  bool for_people() const;

  void begin_upload();
  Result<UploadOrder> upload_order() const;
  Result<Place> upload_place() const;

  Reply answer();
  Reply get();
  Reply get_file(FileDescriptor fd, const struct stat& status);
  Reply get_folder();
  Reply upload_progress();
  Reply finish_upload();
  Reply cancel_upload();
  Reply make();
  Reply move();
  Reply remove();
  Reply refuse(const Error& error) const { return error_reply(error, for_people()); }

  Served& served_;
  MHD_Connection* connection_;
  std::string method_, raw_path_;
  RequestPath path_;
  std::optional<Root> root_;
  std::unique_ptr<Upload> upload_;
  std::optional<Error> failure_;  // found out before the body ended
  uint64_t ignored_ = 0;          // bytes of the body that were read in vain
};

}  // namespace drawbridge::folder
