// MessageParser: one HTTP/1 message, request or response, read piece by piece (http-parser inside).
#pragma once

#include <http_parser.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "keys/bytes.hpp"

namespace drawbridge::http {

struct Header {
  std::string name, value;
};

struct Head {
  std::string method, target;   // request
  unsigned status = 0;          // response
  std::string reason;           // response
  unsigned minor = 1;           // HTTP/1.minor
  std::vector<Header> headers;  // in order, as sent
  bool chunked = false;
  std::optional<uint64_t> length;  // Content-Length
  bool upgrade = false;            // Connection: upgrade with an Upgrade header (response: and status 101)
  bool keep_alive = true;          // the connection may carry another message after this one
};

// How many headers have this name, whatever its case; `value` is that of the last one.
size_t count_headers(const Head& head, std::string_view name, std::string_view* value = nullptr);
std::string_view header_value(const Head& head, std::string_view name);

class MessageParser {
 public:
  enum class Kind { request, response };
  enum class Progress {
    more,      // everything was taken
    head,      // head() is complete now; feed the rest
    complete,  // the message has ended; what follows it was not taken
    failed,    // not HTTP, a head over longest_response_head, or control characters in it
  };
  using BodySink = std::function<void(ByteView)>;
  static constexpr size_t longest_response_head = 64 * 1024;

  explicit MessageParser(Kind kind);
  MessageParser(const MessageParser&) = delete;
  MessageParser& operator=(const MessageParser&) = delete;

  // The next message. `bodiless`: a response to HEAD.
  void restart(bool bodiless = false);
  // Reads on; `used` bytes were taken. Pieces of the body go to `body`, without chunk framing.
  Progress feed(ByteView bytes, size_t& used, const BodySink& body);
  // The stream has ended: complete if that is how the message ends.
  Progress feed_end();
  const Head& head() const { return head_; }

 private:
  struct Callbacks;
  Progress progress_after(size_t used, size_t given);

  Kind kind_;
  http_parser parser_{};
  Head head_;
  bool bodiless_ = false, in_value_ = false, head_done_ = false, complete_ = false;
  bool head_news_ = false;
  size_t head_bytes_ = 0;
  const BodySink* sink_ = nullptr;
};

}  // namespace drawbridge::http
