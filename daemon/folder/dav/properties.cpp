#include "daemon/folder/dav/properties.hpp"

#include <sys/statvfs.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "daemon/folder/conditions.hpp"
#include "daemon/folder/http_date.hpp"
#include "daemon/folder/media_type.hpp"
#include "daemon/folder/root.hpp"
#include "daemon/folder/text_escape.hpp"
#include "keys/hash.hpp"

namespace drawbridge::folder::dav {
namespace {

// user.*: what every user may set on files that he may write (xattr(7)).
constexpr std::string_view attribute_prefix = "user.drawbridge.dav.";
constexpr size_t longest_value = 64 * 1024;

std::string attribute_of(const PropertyName& name) {
  Bytes text;
  append(text, as_bytes(name.space));
  text.push_back(0);
  append(text, as_bytes(name.name));
  Hash32 hash = blake2b_256({text});
  return std::string(attribute_prefix) + to_hex(ByteView(hash).first(16));
}

std::string element(std::string_view name, const std::string& content) {
  std::string tag(name);
  return content.empty() ? "<D:" + tag + "/>" : "<D:" + tag + ">" + content + "</D:" + tag + ">";
}

std::string iso_date(int64_t seconds) {
  time_t time = seconds;
  tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// Bytes that may still be written, and that are used, of the disk.
std::pair<uint64_t, uint64_t> quota(int fd) {
  struct statvfs disk {};
  if (fd < 0 || fstatvfs(fd, &disk) != 0) return {0, 0};
  return {static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize, static_cast<uint64_t>(disk.f_blocks - disk.f_bfree) * disk.f_frsize};
}

constexpr std::string_view supported_locks =
    "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
    "<D:lockentry><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>";

// Four texts, each behind its length: any of them may hold anything.
std::string packed(const Property& property) {
  std::string out;
  for (const std::string* text : {&property.name.space, &property.name.name, &property.language, &property.content}) {
    out += std::to_string(text->size()) + ":" + *text;
  }
  return out;
}

std::optional<Property> unpacked(std::string_view text) {
  std::array<std::string, 4> parts;
  for (std::string& part : parts) {
    size_t colon = text.find(':'), length = 0;
    if (colon == std::string_view::npos || colon > 6) return std::nullopt;
    for (char c : text.substr(0, colon)) {
      if (c < '0' || c > '9') return std::nullopt;
      length = length * 10 + static_cast<size_t>(c - '0');
    }
    text.remove_prefix(colon + 1);
    if (length > text.size()) return std::nullopt;
    part = text.substr(0, length);
    text.remove_prefix(length);
  }
  return Property{{parts[0], parts[1]}, parts[2], parts[3]};
}

std::optional<std::string> attribute(int fd, const std::string& name) {
  std::string value(longest_value, '\0');
  ssize_t length = fgetxattr(fd, name.c_str(), value.data(), value.size());
  if (length < 0) return std::nullopt;
  value.resize(static_cast<size_t>(length));
  return value;
}

std::vector<std::string> our_attributes(int fd) {
  std::string names(longest_value, '\0');
  ssize_t length = fd < 0 ? -1 : flistxattr(fd, names.data(), names.size());
  std::vector<std::string> out;
  for (size_t at = 0; length > 0 && at < static_cast<size_t>(length);) {
    std::string name = names.c_str() + at;
    at += name.size() + 1;
    if (name.starts_with(attribute_prefix)) out.push_back(std::move(name));
  }
  return out;
}

}  // namespace

const std::vector<PropertyName>& live_names() {
  static const std::vector<PropertyName> names = [] {
    std::vector<PropertyName> out;
    for (const char* name : {"creationdate", "displayname", "getcontentlength", "getcontenttype", "getetag", "getlastmodified", "lockdiscovery",
                             "quota-available-bytes", "quota-used-bytes", "resourcetype", "supportedlock"})
      out.push_back({std::string(dav_namespace), name});
    return out;
  }();
  return names;
}

bool is_live(const PropertyName& name) { return std::find(live_names().begin(), live_names().end(), name) != live_names().end(); }

std::optional<std::string> live_property(const Resource& resource, const PropertyName& name, LockTable& locks) {
  if (name.space != dav_namespace) return std::nullopt;
  const std::string& local = name.name;
  const struct stat& status = resource.status;
  bool is_folder = S_ISDIR(status.st_mode);
  if (local == "resourcetype") return element(local, is_folder ? "<D:collection/>" : "");
  if (local == "displayname") return element(local, resource.path.is_root() ? "" : escape_html(resource.path.name()));
  if (local == "creationdate") return element(local, iso_date(status.st_mtim.tv_sec));
  if (local == "getlastmodified") return element(local, to_http_date(status.st_mtim.tv_sec));
  if (local == "supportedlock") return element(local, std::string(supported_locks));
  if (local == "lockdiscovery") return element(local, active_locks(locks.covering(resource.path.relative())));
  if (is_folder) {
    if (local == "quota-available-bytes" && resource.fd >= 0) return element(local, std::to_string(quota(resource.fd).first));
    if (local == "quota-used-bytes" && resource.fd >= 0) return element(local, std::to_string(quota(resource.fd).second));
    return std::nullopt;
  }
  if (local == "getcontentlength") return element(local, std::to_string(status.st_size));
  if (local == "getcontenttype") return element(local, escape_html(media_type(resource.path.name()).type));
  if (local == "getetag") return element(local, escape_html(version_of(status).tag));
  return std::nullopt;
}

std::string active_locks(const std::vector<Lock>& locks) {
  std::string out;
  for (const Lock& lock : locks) {
    std::string url = "/";
    size_t at = 0;
    while (lock.path != "." && at <= lock.path.size()) {
      size_t end = std::min(lock.path.find('/', at), lock.path.size());
      url += percent_encode(lock.path.substr(at, end - at)) + (end < lock.path.size() ? "/" : "");
      at = end + 1;
    }
    out += "<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope>" + std::string(lock.exclusive ? "<D:exclusive/>" : "<D:shared/>") +
           "</D:lockscope><D:depth>" + (lock.deep ? "infinity" : "0") + "</D:depth>" + (lock.owner.empty() ? "" : "<D:owner>" + lock.owner + "</D:owner>") +
           "<D:timeout>Second-" + std::to_string(lock.timeout.count()) + "</D:timeout><D:locktoken><D:href>" + lock.token +
           "</D:href></D:locktoken><D:lockroot><D:href>" + url + "</D:href></D:lockroot></D:activelock>";
  }
  return out;
}

std::string empty_element(const PropertyName& name) {
  if (name.space == dav_namespace) return "<D:" + name.name + "/>";
  return name.space.empty() ? "<" + name.name + " xmlns=\"\"/>" : "<x:" + name.name + " xmlns:x=\"" + escape_html(name.space) + "\"/>";
}

std::string to_xml(const Property& property) {
  std::string start = empty_element(property.name);
  start.resize(start.size() - 2);
  if (!property.language.empty()) start += " xml:lang=\"" + escape_html(property.language) + "\"";
  std::string tag = start.substr(1, start.find_first_of(" >") - 1);
  return start + ">" + property.content + "</" + tag + ">";
}

std::vector<Property> set_properties(int fd) {
  std::vector<Property> out;
  for (const std::string& name : our_attributes(fd)) {
    auto value = attribute(fd, name);
    if (auto property = value ? unpacked(*value) : std::nullopt) out.push_back(std::move(*property));
  }
  return out;
}

std::optional<Property> set_property(int fd, const PropertyName& name) {
  if (fd < 0) return std::nullopt;
  auto value = attribute(fd, attribute_of(name));
  return value ? unpacked(*value) : std::nullopt;
}

Result<void> change_property(int fd, const PropertyChange& change) {
  const Property& property = change.property;
  std::string name = attribute_of(property.name);
  if (change.remove) {
    if (fremovexattr(fd, name.c_str()) == 0 || errno == ENODATA) return {};
  } else {
    std::string value = packed(property);
    if (fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0) return {};
  }
  if (errno == ENOSPC || errno == E2BIG || errno == ERANGE || errno == EDQUOT) return file_error(ENOSPC, property.name.name);
  return Error{ErrorCode::not_allowed, "The office's disk does not keep this property.", ""};
}

void copy_set_properties(int from, int to) {
  for (const std::string& name : our_attributes(from)) {
    if (auto value = attribute(from, name)) fsetxattr(to, name.c_str(), value->data(), value->size(), 0);
  }
}

}  // namespace drawbridge::folder::dav
