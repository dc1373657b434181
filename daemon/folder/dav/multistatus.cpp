#include "daemon/folder/dav/multistatus.hpp"

#include <algorithm>
#include <cstring>

#include "daemon/folder/text_escape.hpp"

namespace drawbridge::folder::dav {
namespace {

std::string propstat(const std::string& properties, const char* status) {
  return "<D:propstat><D:prop>" + properties + "</D:prop><D:status>HTTP/1.1 " + status + "</D:status></D:propstat>";
}

std::string value_of(const Resource& resource, const PropertyName& name, LockTable& locks) {
  if (is_live(name)) return live_property(resource, name, locks).value_or("");
  auto property = set_property(resource.fd, name);
  return property ? to_xml(*property) : "";
}

std::string names_only(const Resource& resource, LockTable& locks) {
  std::string out;
  for (const PropertyName& name : live_names()) {
    if (live_property(resource, name, locks)) out += empty_element(name);
  }
  for (const Property& property : set_properties(resource.fd)) out += empty_element(property.name);
  return out;
}

// RFC 4331 section 3: the disk's room is told only to who asks for it by name.
bool only_by_name(const PropertyName& name) { return name.name.starts_with("quota-"); }

std::string everything(const Resource& resource, const PropertyRequest& request, LockTable& locks) {
  std::string out;
  for (const PropertyName& name : live_names()) {
    bool included = std::find(request.names.begin(), request.names.end(), name) != request.names.end();
    if (!only_by_name(name) || included) out += live_property(resource, name, locks).value_or("");
  }
  for (const Property& property : set_properties(resource.fd)) out += to_xml(property);
  return out;
}

}  // namespace

std::string describe(const Resource& resource, const PropertyRequest& request, LockTable& locks) {
  std::string out = "<D:response><D:href>" + escape_html(resource.path.url()) + "</D:href>";
  if (request.kind == PropertyRequest::Kind::names) {
    out += propstat(names_only(resource, locks), "200 OK");
  } else if (request.kind == PropertyRequest::Kind::all) {
    out += propstat(everything(resource, request, locks), "200 OK");
  } else {
    std::string found, missing;
    for (const PropertyName& name : request.names) {
      std::string value = value_of(resource, name, locks);
      if (value.empty()) missing += empty_element(name);
      else found += value;
    }
    if (!found.empty() || missing.empty()) out += propstat(found, "200 OK");
    if (!missing.empty()) out += propstat(missing, "404 Not Found");
  }
  return out + "</D:response>\n";
}

MultistatusStream::MultistatusStream(const Root& root, LockTable& locks, PropertyRequest request, RequestPath path, FileDescriptor fd,
                                     bool children)
    : root_(root), locks_(locks), request_(std::move(request)), path_(std::move(path)), fd_(std::move(fd)), children_(children) {}

size_t MultistatusStream::read(char* into, size_t max) {
  while (taken_ == ready_.size()) {
    ready_.clear();
    taken_ = 0;
    if (!make_more()) return 0;
  }
  size_t length = std::min(max, ready_.size() - taken_);
  std::memcpy(into, ready_.data() + taken_, length);
  taken_ += length;
  return length;
}

bool MultistatusStream::make_more() {
  switch (next_) {
    case Next::itself: {
      Resource resource{path_, {}, fd_.get()};
      if (fstat(fd_.get(), &resource.status) == 0) ready_ += describe(resource, request_, locks_);
      next_ = children_ && S_ISDIR(resource.status.st_mode) ? Next::children : Next::end;
      return true;
    }
    case Next::children: {
      if (!folder_) folder_.reset(fdopendir(fd_.release()));
      const dirent* found = folder_ ? readdir(folder_.get()) : nullptr;
      if (found) describe_child(found->d_name);
      else next_ = Next::end;
      return true;
    }
    case Next::end:
      ready_ += multistatus_end;
      next_ = Next::nothing;
      return true;
    case Next::nothing: return false;
  }
  return false;
}

// Only what is not of the disk's own knowledge needs the file to be open.
bool MultistatusStream::needs_open_files() const {
  return request_.kind != PropertyRequest::Kind::some ||
         std::any_of(request_.names.begin(), request_.names.end(), [](const PropertyName& name) { return !is_live(name) || only_by_name(name); });
}

void MultistatusStream::describe_child(const char* name) {
  bool ours = std::string_view(name).starts_with(upload_prefix) || (path_.is_root() && name == reserved_segment);
  if (ours || std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) return;
  Resource resource{path_.child(name), {}, -1};
  if (!root_.status(resource.path, resource.status)) return;
  bool is_folder = S_ISDIR(resource.status.st_mode);
  if (!is_folder && !S_ISREG(resource.status.st_mode)) return;
  resource.path.folder_form = is_folder;
  // A name that no address can hold cannot be asked for either.
  if (!parse_request_path(resource.path.url()).ok()) return;
  FileDescriptor open;
  if (needs_open_files()) {
    if (auto opened = root_.open_entry(resource.path, resource.status)) open = opened.take();
  }
  resource.fd = open.get();
  ready_ += describe(resource, request_, locks_);
}

}  // namespace drawbridge::folder::dav
