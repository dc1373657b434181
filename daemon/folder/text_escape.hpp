// Text from file names, made harmless for the place where it stands. Input may be any bytes.
#pragma once

#include <string>
#include <string_view>

namespace drawbridge::folder {

// For HTML text and quoted attributes: & < > " ' become entities; bytes that are not UTF-8 become U+FFFD.
std::string escape_html(std::string_view text);
// A JSON string with its quotes. `<`, `>`, `&` and the JavaScript line separators are escaped too, so that it may
// stand inside HTML; bytes that are not UTF-8 become U+FFFD.
std::string quote_json(std::string_view text);
// One path segment of a URL: all but RFC 3986 unreserved characters as %XX, byte by byte.
std::string percent_encode(std::string_view segment);
// Well-formed UTF-8: each wrong byte is replaced by U+FFFD.
std::string repair_utf8(std::string_view text);

}  // namespace drawbridge::folder
