// Heads written anew from what was understood of them: HTTP/1.1, no headers of the last hop, framing of our own. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/http/head_rules.hpp"

namespace drawbridge::http {

// The value that a header goes on with; nothing: it is left out.
using HeaderChange = std::function<std::optional<std::string>(const Header&)>;
std::optional<std::string> unchanged(const Header& header);

// A body follows in chunks if head.chunked, else with its length.
std::string write_request(const Head& head, const HeaderChange& change, const std::vector<Header>& added = {});

struct ResponseForm {
  bool chunk = false;     // the body goes out in chunks
  bool close = false;     // the connection ends after it
  bool bodiless = false;  // 1xx, 204, 304, or an answer to HEAD: framing headers stay as they are, nothing follows
};
ResponseForm response_form(const Head& asked, const Head& answer);
std::string write_response(const Head& head, const ResponseForm& form, const HeaderChange& change);

// The frame of one chunk of so many bytes, before them; "\r\n" follows them.
std::string chunk_size_line(size_t size);

// Without its Domain attribute a cookie belongs to the very service that set it.
std::string without_domain(std::string_view set_cookie);

}  // namespace drawbridge::http
