// Reply: one HTTP answer of the folder server, with the headers that every answer carries.
#pragma once

#include <microhttpd.h>

#include <functional>
#include <memory>
#include <string>

#include "daemon/folder/media_type.hpp"
#include "daemon/io/file_descriptor.hpp"
#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge::folder {

// What a browser may do with the content.
enum class Use {
  page,      // ours: scripts and styles of this origin
  content,   // somebody's file: nothing in it runs
  document,  // a PDF, which browsers' viewers refuse to show in a sandbox
};

class Reply {
 public:
  static Reply text(unsigned status, const std::string& type, const std::string& body, Use use = Use::page);
  static Reply json(unsigned status, const std::string& body) { return text(status, "application/json", body); }
  // `bytes` must live for ever.
  static Reply constant(const std::string& type, ByteView bytes);
  // Sends from the file without copying; owns the descriptor.
  static Reply file(unsigned status, const std::string& type, FileDescriptor fd, uint64_t first, uint64_t length,
                    Use use);
  // `read` gives the next bytes, at most so many, or 0 at the end; it is called on the connection's thread.
  static Reply stream(unsigned status, const std::string& type, std::function<size_t(char*, size_t)> read);
  static Reply empty(unsigned status);
  static Reply redirect(const std::string& location);

  Reply& header(const char* name, const std::string& value);
  MHD_Result send(MHD_Connection* connection) const;
  unsigned status() const { return status_; }

 private:
  struct Destroy {
    void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
  };
  Reply(unsigned status, MHD_Response* response, Use use);

  unsigned status_;
  std::unique_ptr<MHD_Response, Destroy> response_;
};

// The HTTP status that says the same.
unsigned status_of(const Error& error);
// As a page for people or as {"error":{"code","message","remedy"}}.
Reply error_reply(const Error& error, bool for_people, unsigned status);

}  // namespace drawbridge::folder
