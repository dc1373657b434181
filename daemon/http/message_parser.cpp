#include "daemon/http/message_parser.hpp"

#include <algorithm>
#include <utility>

#include "daemon/web/request_site.hpp"

namespace drawbridge::http {

size_t count_headers(const Head& head, std::string_view name, std::string_view* value) {
  size_t count = 0;
  for (const Header& header : head.headers) {
    if (!web::equal_ignoring_case(header.name, name)) continue;
    ++count;
    if (value) *value = header.value;
  }
  return count;
}

std::string_view header_value(const Head& head, std::string_view name) {
  std::string_view value;
  count_headers(head, name, &value);
  return value;
}

namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

// RFC 9112 5.1: space before a colon, which only a response may have here, is not passed on.
void trim_names(Head& head) {
  for (Header& header : head.headers) {
    while (!header.name.empty() && (header.name.back() == ' ' || header.name.back() == '\t')) header.name.pop_back();
  }
}

// The parser lets some through, which the next reader might take for the end of a line.
bool has_control(const Head& head) {
  auto in_header = [](const Header& header) { return has_control(header.name) || has_control(header.value); };
  return has_control(head.reason) || has_control(head.target) || std::any_of(head.headers.begin(), head.headers.end(), in_header);
}

}  // namespace

struct MessageParser::Callbacks {
  static MessageParser& self(http_parser* parser) { return *static_cast<MessageParser*>(parser->data); }

  // Counts against the bound; false: too long.
  static bool grows(MessageParser& parser, size_t length) {
    return (parser.head_bytes_ += length) <= longest_response_head;
  }

  static int url(http_parser* parser, const char* text, size_t length) {
    self(parser).head_.target.append(text, length);
    return grows(self(parser), length) ? 0 : 1;
  }
  static int status(http_parser* parser, const char* text, size_t length) {
    self(parser).head_.reason.append(text, length);
    return grows(self(parser), length) ? 0 : 1;
  }
  static int field(http_parser* parser, const char* text, size_t length) {
    MessageParser& own = self(parser);
    if (own.head_done_) return 0;  // a trailer: not passed on
    if (own.in_value_ || own.head_.headers.empty()) own.head_.headers.emplace_back();
    own.in_value_ = false;
    own.head_.headers.back().name.append(text, length);
    return grows(own, length) ? 0 : 1;
  }
  static int value(http_parser* parser, const char* text, size_t length) {
    MessageParser& own = self(parser);
    if (own.head_done_) return 0;
    own.in_value_ = true;
    own.head_.headers.back().value.append(text, length);
    return grows(own, length) ? 0 : 1;
  }
  static int headers_complete(http_parser* parser) {
    MessageParser& own = self(parser);
    Head& head = own.head_;
    constexpr int refused = -1;
    trim_names(head);
    if (has_control(head)) return refused;
    head.status = parser->status_code;
    head.minor = parser->http_minor;
    if (own.kind_ == Kind::request) head.method = http_method_str(static_cast<http_method>(parser->method));
    head.chunked = parser->flags & F_CHUNKED;
    if (parser->flags & F_CONTENTLENGTH) head.length = parser->content_length;
    head.upgrade = parser->upgrade;
    head.keep_alive = http_should_keep_alive(parser);
    own.head_done_ = own.head_news_ = true;
    http_parser_pause(parser, 1);
    return own.bodiless_ ? 1 : 0;
  }
  static int body(http_parser* parser, const char* bytes, size_t length) {
    (*self(parser).sink_)({reinterpret_cast<const uint8_t*>(bytes), length});
    return 0;
  }
  static int message_complete(http_parser* parser) {
    self(parser).complete_ = true;
    http_parser_pause(parser, 1);
    return 0;
  }

  static const http_parser_settings& settings() {
    static const http_parser_settings all = [] {
      http_parser_settings out;
      http_parser_settings_init(&out);
      out.on_url = url;
      out.on_status = status;
      out.on_header_field = field;
      out.on_header_value = value;
      out.on_headers_complete = headers_complete;
      out.on_body = body;
      out.on_message_complete = message_complete;
      return out;
    }();
    return all;
  }
};

MessageParser::MessageParser(Kind kind) : kind_(kind) {
  restart();
}

void MessageParser::restart(bool bodiless) {
  http_parser_init(&parser_, kind_ == Kind::request ? HTTP_REQUEST : HTTP_RESPONSE);
  parser_.data = this;
  head_ = {};
  bodiless_ = bodiless;
  in_value_ = head_done_ = complete_ = head_news_ = false;
  head_bytes_ = 0;
}

MessageParser::Progress MessageParser::feed(ByteView bytes, size_t& used, const BodySink& body) {
  used = 0;
  if (bytes.empty()) return Progress::more;
  sink_ = &body;
  http_parser_pause(&parser_, 0);
  used =
      http_parser_execute(&parser_, &Callbacks::settings(), reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return progress_after(used, bytes.size());
}

MessageParser::Progress MessageParser::feed_end() {
  static const BodySink none = [](ByteView) {};
  sink_ = &none;
  http_parser_pause(&parser_, 0);
  http_parser_execute(&parser_, &Callbacks::settings(), nullptr, 0);
  return complete_ ? Progress::complete : Progress::failed;
}

MessageParser::Progress MessageParser::progress_after(size_t used, size_t given) {
  if (complete_) return Progress::complete;
  if (std::exchange(head_news_, false)) return Progress::head;
  auto number = HTTP_PARSER_ERRNO(&parser_);
  return number == HPE_OK && used == given ? Progress::more : Progress::failed;
}

}  // namespace drawbridge::http
