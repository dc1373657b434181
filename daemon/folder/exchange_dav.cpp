// WebDAV (RFC 4918, classes 1 and 2): properties, copies, locks.
#include <algorithm>
#include <charconv>

#include "daemon/folder/conditions.hpp"
#include "daemon/folder/dav/if_header.hpp"
#include "daemon/folder/dav/multistatus.hpp"
#include "daemon/folder/exchange.hpp"
#include "daemon/folder/text_escape.hpp"

namespace drawbridge::folder {
namespace {

constexpr const char* xml_type = "application/xml; charset=utf-8";
constexpr std::chrono::seconds longest_lock(3600), usual_lock(600);
constexpr unsigned multi_status = MHD_HTTP_MULTI_STATUS, locked = MHD_HTTP_LOCKED, failed_dependency = MHD_HTTP_FAILED_DEPENDENCY;

// "Second-600", "Infinite", or a list of such.
std::chrono::seconds lock_timeout(std::string_view header) {
  size_t at = header.find("Second-");
  uint64_t seconds = 0;
  if (at == std::string_view::npos) return header.find("Infinite") == std::string_view::npos ? usual_lock : longest_lock;
  std::string_view digits = header.substr(at + 7);
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return std::chrono::seconds(std::clamp<uint64_t>(seconds, 1, static_cast<uint64_t>(longest_lock.count())));
}

Error bad_depth() { return {ErrorCode::invalid_argument, "The Depth header does not fit this request.", ""}; }

std::string lock_body(const dav::Lock& lock) {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:prop xmlns:D=\"DAV:\"><D:lockdiscovery>" + dav::active_locks({lock}) +
         "</D:lockdiscovery></D:prop>\n";
}

std::string without_angles(std::string_view token) {
  if (token.starts_with('<') && token.ends_with('>')) token = token.substr(1, token.size() - 2);
  return std::string(token);
}

}  // namespace

// --- properties ------------------------------------------------------------------------------------------------------

Reply Exchange::propfind() {
  std::string_view depth = request_header("Depth");
  if (depth.empty() || depth == "infinity") {
    return Reply::text(MHD_HTTP_FORBIDDEN, xml_type,
                       "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error xmlns:D=\"DAV:\"><D:propfind-finite-depth/></D:error>\n");
  }
  if (depth != "0" && depth != "1") return refuse(bad_depth());
  auto request = dav::parse_propfind(body_);
  if (!request) return refuse(request.error());
  struct stat status;
  auto fd = root_->open_entry(path_, status);
  if (!fd) return refuse(fd.error());
  RequestPath path = path_;
  path.folder_form = S_ISDIR(status.st_mode);
  // The root goes with the stream: it is read after this exchange's answer has begun.
  auto root = Root::open(served_.folder, served_.state);
  if (!root) return refuse(root.error());
  auto kept = std::make_shared<Root>(root.take());
  auto stream = std::make_shared<dav::MultistatusStream>(*kept, served_.locks, request.take(), std::move(path), fd.take(), depth == "1");
  return Reply::stream(multi_status, xml_type, [kept, stream](char* into, size_t max) { return stream->read(into, max); });
}

Reply Exchange::proppatch() {
  auto changes = dav::parse_proppatch(body_);
  if (!changes) return refuse(changes.error());
  struct stat status;
  auto fd = root_->open_entry(path_, status);
  if (!fd) return refuse(fd.error());
  // All or nothing (section 9.2): what the disk says itself cannot be set.
  bool forbidden = std::any_of(changes->begin(), changes->end(), [](const dav::PropertyChange& change) { return dav::is_live(change.property.name); });
  auto before = dav::set_properties(fd->get());
  std::optional<Error> failure;
  for (const dav::PropertyChange& change : *changes) {
    if (forbidden || failure) break;
    if (auto changed = dav::change_property(fd->get(), change); !changed) failure = changed.error();
  }
  if (failure) {
    // Best effort: what the disk refuses now was not there before either.
    for (const dav::PropertyChange& change : *changes) static_cast<void>(dav::change_property(fd->get(), {true, change.property}));
    for (const dav::Property& property : before) static_cast<void>(dav::change_property(fd->get(), {false, property}));
  }
  std::string out(dav::multistatus_start);
  out += "<D:response><D:href>" + escape_html(path_.url()) + "</D:href>";
  for (const dav::PropertyChange& change : *changes) {
    unsigned code = !forbidden && !failure ? MHD_HTTP_OK
                    : forbidden            ? (dav::is_live(change.property.name) ? MHD_HTTP_FORBIDDEN : failed_dependency)
                                           : status_of(*failure);
    out += "<D:propstat><D:prop>" + dav::empty_element(change.property.name) + "</D:prop><D:status>HTTP/1.1 " + std::to_string(code) + " " +
           MHD_get_reason_phrase_for(code) + "</D:status></D:propstat>";
  }
  return Reply::text(multi_status, xml_type, out + "</D:response>\n" + std::string(dav::multistatus_end));
}

// --- copies ----------------------------------------------------------------------------------------------------------

Result<RequestPath> Exchange::destination() const {
  std::string_view text = request_header("Destination");
  // An absolute form is of this very site, as check_site has seen to; what counts is its path.
  size_t authority = text.find("://");
  if (authority != std::string_view::npos) text.remove_prefix(std::min(text.find('/', authority + 3), text.size()));
  auto to = parse_request_path(text);
  if (to && to->is_reserved()) return Error{ErrorCode::invalid_argument, "Drawbridge keeps this name for itself.", "Choose another name."};
  return to;
}

Existing Exchange::overwrite() const { return request_header("Overwrite") == "F" ? Existing::keep : Existing::replace; }

// What a failed change of names means in WebDAV: a missing folder at the destination is a conflict, an existing name a
// condition that did not hold.
Reply Exchange::refuse_placing(const Error& error, const RequestPath& to) {
  struct stat status;
  bool no_folder = error.code == ErrorCode::not_found && root_->status(path_, status) && !root_->status(to.parent(), status);
  if (no_folder) return refuse(error, MHD_HTTP_CONFLICT);
  if (error.code == ErrorCode::already_exists) return refuse(error, MHD_HTTP_PRECONDITION_FAILED);
  return refuse(error, error.code == ErrorCode::state ? MHD_HTTP_FORBIDDEN : status_of(error));
}

Reply Exchange::copy() {
  auto to = destination();
  if (!to) return refuse(to.error());
  if (auto refused = check_locks({{to->relative(), true, true}})) return std::move(*refused);
  std::string_view depth = request_header("Depth");
  if (!depth.empty() && depth != "0" && depth != "infinity") return refuse(bad_depth());
  auto placed = copy_entry(*root_, path_, *to, depth != "0", overwrite());
  if (!placed) return refuse_placing(placed.error(), *to);
  return Reply::empty(placed->replaced ? MHD_HTTP_NO_CONTENT : MHD_HTTP_CREATED);
}

// --- locks -----------------------------------------------------------------------------------------------------------

bool Exchange::condition_holds(const std::string& resource, const dav::IfHeader::Condition& condition) const {
  RequestPath path = path_;
  if (!resource.empty()) {
    std::string_view text = resource;
    size_t authority = text.find("://");
    if (authority != std::string_view::npos) text.remove_prefix(std::min(text.find('/', authority + 3), text.size()));
    auto parsed = parse_request_path(text);
    if (!parsed) return false;
    path = parsed.take();
  }
  if (!condition.is_tag) return served_.locks.covers(path.relative(), condition.value);
  struct stat status;
  return root_->status(path, status) && version_of(status).tag == condition.value;
}

// The If header of every method, before anything is done.
std::optional<Reply> Exchange::check_if_header() {
  std::string_view text = request_header("If");
  if (text.empty()) return std::nullopt;
  auto header = dav::parse_if_header(text);
  if (!header) return refuse({ErrorCode::malformed, "The If header is not the form that it should be.", ""});
  submitted_ = header->tokens();
  bool holds = header->holds([this](const std::string& resource, const dav::IfHeader::Condition& condition) { return condition_holds(resource, condition); });
  if (holds) return std::nullopt;
  return refuse({ErrorCode::state, "What this request counts on has changed.", "Read the file again."}, MHD_HTTP_PRECONDITION_FAILED);
}

std::optional<Reply> Exchange::check_locks(const std::vector<dav::Change>& changes) {
  for (const dav::Change& change : changes) {
    if (!served_.locks.forbids(change, submitted_)) continue;
    return refuse({ErrorCode::try_later, "Somebody is working on this just now.", "Try again when it is closed there."}, locked);
  }
  return std::nullopt;
}

std::optional<Reply> Exchange::check_own_locks() {
  struct stat status;
  std::string path = path_.relative();
  bool exists = root_->status(path_, status);
  if (method_ == "DELETE" || method_ == "MOVE") return check_locks({{path, true, true}});
  if (method_ == "PUT" || method_ == "MKCOL") return check_locks({{path, false, !exists}});
  if (method_ == "PROPPATCH") return check_locks({{path, false, false}});
  return std::nullopt;
}

Reply Exchange::lock() {
  std::string path = path_.relative();
  auto timeout = lock_timeout(request_header("Timeout"));
  if (body_.empty()) {
    auto refreshed = served_.locks.refresh(path, submitted_, timeout);
    if (!refreshed) return refuse({ErrorCode::state, "There is no such lock any more.", "Open the file again."}, MHD_HTTP_PRECONDITION_FAILED);
    return Reply::text(MHD_HTTP_OK, xml_type, lock_body(*refreshed));
  }
  std::string_view depth = request_header("Depth");
  if (!depth.empty() && depth != "0" && depth != "infinity") return refuse(bad_depth());
  auto request = dav::parse_lockinfo(body_);
  if (!request) return refuse(request.error());
  struct stat status;
  bool exists = root_->status(path_, status);
  if (!exists) {
    if (auto refused = check_locks({{path, false, true}})) return std::move(*refused);
  }
  auto taken = served_.locks.acquire(path, request->exclusive, depth != "0", request->owner, timeout);
  if (!taken) return refuse({ErrorCode::try_later, "Somebody is working on this just now.", "Try again when it is closed there."}, locked);
  // Section 7.3: a name that is locked and not there yet becomes an empty file.
  if (!exists) {
    auto made = make_empty_file();
    if (!made) {
      served_.locks.release(path, taken->token);
      return refuse(made.error(), made.error().code == ErrorCode::not_found ? MHD_HTTP_CONFLICT : status_of(made.error()));
    }
  }
  Reply reply = Reply::text(exists ? MHD_HTTP_OK : MHD_HTTP_CREATED, xml_type, lock_body(*taken));
  reply.header("Lock-Token", "<" + taken->token + ">");
  return reply;
}

Reply Exchange::unlock() {
  if (served_.locks.release(path_.relative(), without_angles(request_header("Lock-Token")))) return Reply::empty(MHD_HTTP_NO_CONTENT);
  return refuse({ErrorCode::state, "There is no such lock here.", ""}, MHD_HTTP_CONFLICT);
}

Result<void> Exchange::make_empty_file() {
  auto place = root_->place(path_);
  if (!place) return place.error();
  if (auto named = check_new_name(place->name); !named) return named;
  UploadOrder order;
  order.length = 0;
  auto upload = Upload::begin(served_.turns, place.take(), order);
  if (!upload) return upload.error();
  auto finished = (*upload)->finish();
  return finished ? Result<void>() : finished.error();
}

}  // namespace drawbridge::folder
