// Bodies of WebDAV requests (RFC 4918 section 14), read with expat. Bounded; a document type is refused, and with it every
// entity that is not one of XML's own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge::folder::dav {

constexpr size_t longest_request_body = 64 * 1024;
constexpr std::string_view dav_namespace = "DAV:";

struct PropertyName {
  std::string space, name;
  auto operator<=>(const PropertyName&) const = default;
};

struct Property {
  PropertyName name;
  std::string language;  // xml:lang; empty: none
  std::string content;   // as XML that needs no namespace declared outside of it
};

// PROPFIND: an empty body asks for all.
struct PropertyRequest {
  enum class Kind { all, names, some } kind = Kind::all;
  std::vector<PropertyName> names;  // of `some`, and of `all` with <include>
};
Result<PropertyRequest> parse_propfind(ByteView body);

// PROPPATCH: in order.
struct PropertyChange {
  bool remove = false;
  Property property;
};
Result<std::vector<PropertyChange>> parse_proppatch(ByteView body);

struct LockRequest {
  bool exclusive = true;
  std::string owner;  // content of <owner>, as Property::content
};
Result<LockRequest> parse_lockinfo(ByteView body);

}  // namespace drawbridge::folder::dav
