// Exchange: one request to a folder, from its first header to its answer.
#pragma once

#include <microhttpd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/folder/changes.hpp"
#include "daemon/folder/dav/if_header.hpp"
#include "daemon/folder/dav/locks.hpp"
#include "daemon/folder/dav/request_body.hpp"
#include "daemon/folder/reply.hpp"
#include "daemon/folder/root.hpp"
#include "daemon/folder/upload.hpp"

namespace drawbridge::folder {

// What all requests to one folder share. Thread-safe: its members are constant or say so.
struct Served {
  std::string folder;   // absolute path at the office
  std::string service;  // its name, as the page's title
  bool confined = false;  // each thread to the folder, by the kernel
  bool read_only = false;
  std::string state;    // the office's own, which must not lie in it; empty: none is known
  UploadTurns turns;
  dav::LockTable locks;
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

  void check_state();
  void begin_upload();
  Result<UploadOrder> upload_order() const;
  Result<Place> upload_place() const;

  Reply answer();
  Reply get();
  Reply get_file(FileDescriptor fd, const struct stat& status);
  Reply get_folder();
  Reply upload_progress();
  Reply finish_upload();
  bool plain_put() const;  // as any program says it, not the page
  Reply plain_put_reply(bool existed);
  Reply cancel_upload();
  Reply make();
  Reply move();
  Reply remove();
  Reply refuse(const Error& error) const { return refuse(error, status_of(error)); }
  Reply refuse(const Error& error, unsigned status) const { return error_reply(error, for_people(), status); }

  // exchange_dav.cpp
  Reply propfind();
  Reply proppatch();
  Reply copy();
  Reply lock();
  Reply unlock();
  Result<RequestPath> destination() const;
  Existing overwrite() const;
  Reply refuse_placing(const Error& error, const RequestPath& to);
  bool condition_holds(const std::string& resource, const dav::IfHeader::Condition& condition) const;
  std::optional<Reply> check_if_header();
  std::optional<Reply> check_own_locks();
  std::optional<Reply> check_locks(const std::vector<dav::Change>& changes);
  Result<void> make_empty_file();
  bool reads_body() const { return method_ == "PROPFIND" || method_ == "PROPPATCH" || method_ == "LOCK"; }

  Served& served_;
  MHD_Connection* connection_;
  std::string method_, raw_path_;
  RequestPath path_;
  std::optional<Root> root_;
  std::unique_ptr<Upload> upload_;
  std::optional<Error> failure_;  // found out before the body ended
  std::optional<Reply> refusal_;  // the same, with an answer of its own
  Bytes body_;                    // of requests that say something in it
  dav::Tokens submitted_;         // lock tokens
  uint64_t ignored_ = 0;          // bytes of the body that were read in vain
};

}  // namespace drawbridge::folder
