// Where a browser's request comes from: whether a page of somebody else's could be behind it (cross-site request
// forgery), and whether a name of somebody else's was made to point here (DNS rebinding).
#pragma once

#include <string_view>

namespace drawbridge::web {

// Header values as sent; empty: absent.
struct RequestSite {
  std::string_view host;
  std::string_view origin;          // "http://HOST"
  std::string_view sec_fetch_site;  // Fetch Metadata: "same-origin", "same-site", "cross-site", "none"
};

// Whether the request may change something: a browser says that it comes from this very origin or from the person
// directly (address bar), or it comes from a program that says nothing, which no page can make a browser do.
bool may_change(const RequestSite& site);

// Whether the Host is an address or a name below "localhost", with or without a port. No such name can be made to
// point here by a stranger, who would then read along in the name of his own page.
bool is_local_host(std::string_view host);

// ASCII only, as names in headers are.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace drawbridge::web
