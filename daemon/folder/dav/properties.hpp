// Properties of files and folders (RFC 4918 sections 4 and 15, RFC 4331): those that the disk knows, and those that clients
// set, which are kept as extended attributes of the file itself and so go where it goes.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "daemon/folder/dav/locks.hpp"
#include "daemon/folder/dav/request_body.hpp"
#include "daemon/folder/request_path.hpp"

namespace drawbridge::folder::dav {

// One thing that a PROPFIND tells about.
struct Resource {
  RequestPath path;
  struct stat status {};
  int fd = -1;  // borrowed; -1: not open, then it has no properties that clients set
};

// The names of all that the disk knows.
const std::vector<PropertyName>& live_names();
// The element with its value, or nothing if the resource has none of that name.
std::optional<std::string> live_property(const Resource& resource, const PropertyName& name, LockTable& locks);
bool is_live(const PropertyName& name);

std::vector<Property> set_properties(int fd);
std::optional<Property> set_property(int fd, const PropertyName& name);
std::string to_xml(const Property& property);
// `limit`: the disk has no room for it; `not_allowed`: the disk keeps none, or not from us.
Result<void> change_property(int fd, const PropertyChange& change);
// For a copy, and for a new version of a file.
void copy_set_properties(int from, int to);

// "<x:NAME xmlns:x=…/>"
std::string empty_element(const PropertyName& name);
// <D:activelock> of each.
std::string active_locks(const std::vector<Lock>& locks);

}  // namespace drawbridge::folder::dav
