// PhonePage: the phone's page as a relay serves it: exact files only, read once, with the headers that bind the page to
// itself; and the few files by which the page frames an office's services, each on a host of its own.
// docs/spec/phone.md, *Where the page comes from* and *Services*.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "daemon/relay/upgrade_head.hpp"
#include "keys/result.hpp"

namespace drawbridge {

class PhonePage {
 public:
  // `directory` as scripts/build-phone makes it; `base` such as "bridge.example": the page's host is shell.BASE, a
  // service's s-DIGITS.BASE. A base below localhost is served without TLS, for tests.
  static Result<std::shared_ptr<const PhonePage>> read(const std::string& directory, std::string base);

  const std::string& base() const { return base_; }
  // Whether a request names a host of ours; `host` as in the Host header.
  bool is_host(std::string_view host) const;

  struct Answer {
    std::string head;
    ByteView body;  // a part of this object
  };
  // To a GET or HEAD of one of our hosts; 404 for what there is not.
  Answer answer(const upgrade::Request& request) const;

 private:
  struct File {
    std::string type, tag;
    Bytes plain, brotli;       // brotli may be empty
    bool immutable = false;  // its address holds the hash of all files: another one would be elsewhere
    bool worker = false;     // a service worker's script
  };
  bool is_service_host(std::string_view host) const;
  const File* file(std::string_view path) const;
  const File* find(std::string_view target) const;
  const File* find_for_service(std::string_view target) const;
  std::string head(int status, const File* file, bool brotli, size_t length, const upgrade::Request& request) const;
  std::string policy(const File* file, bool of_service) const;

  std::string base_;
  std::map<std::string, File, std::less<>> files_;  // by path, "/v/HASH/app.js"
};

}  // namespace drawbridge
