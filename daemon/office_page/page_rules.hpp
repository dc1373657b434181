// What a request to the office's page asks for, and which requests are refused before anything is done: names that a
// stranger can point here, other sites' pages, anything but small JSON. Pure. docs/spec/office-page.md
#pragma once

#include <variant>

#include "daemon/http/head_rules.hpp"
#include "daemon/web/assets.hpp"

namespace drawbridge::office_page {

struct PageRequest {
  enum class Kind {
    asset,          // a file of the page
    begin_session,  // POST /session: a link for a session
    end_session,    // POST /leave
    stay,           // POST /stay: the person is still there
    call,           // POST /call: a command
  };
  Kind kind{};
  const web::Asset* asset = nullptr;
  bool bodiless = false;  // HEAD
};

// `host`: the only Host that is ours; empty (a device's connection): an address or a name below localhost.
std::variant<PageRequest, http::Refusal> read_page_request(const http::Head& head, const std::string& host);

constexpr std::string_view cookie_name = "drawbridge-page";
// The session's secret that the browser sends; empty: none.
std::string_view session_cookie(const http::Head& head);
// Set-Cookie for a session; an empty secret takes it away.
std::string set_cookie(const std::string& secret);

// Header lines of every answer.
extern const char* const page_headers;

}  // namespace drawbridge::office_page
