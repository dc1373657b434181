#include "daemon/folder/exchange.hpp"

#include "daemon/folder/changes.hpp"
#include "daemon/folder/listing.hpp"
#include "daemon/folder/page.hpp"
#include "daemon/folder/text_escape.hpp"
#include "daemon/web/assets.hpp"
#include "daemon/web/request_site.hpp"

namespace drawbridge::folder {
namespace {

// A failed upload's body is read on for so long, so that its sender is still there to hear why: browsers look at the
// answer only after the last byte. The page sends pieces of this size at most.
constexpr uint64_t longest_ignored_body = 64 * 1024 * 1024;

bool reads_only(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PROPFIND";
}

}  // namespace

Exchange::Exchange(Served& served, MHD_Connection* connection, std::string method, std::string raw_path)
    : served_(served), connection_(connection), method_(std::move(method)), raw_path_(std::move(raw_path)) {}

std::string_view Exchange::request_header(const char* name) const {
  const char* value = MHD_lookup_connection_value(connection_, MHD_HEADER_KIND, name);
  return value ? value : std::string_view();
}

std::optional<std::string> Exchange::query(const char* name) const {
  const char* value = nullptr;
  if (MHD_lookup_connection_value_n(connection_, MHD_GET_ARGUMENT_KIND, name, std::string_view(name).size(), &value,
                                    nullptr) != MHD_YES)
    return std::nullopt;
  std::string decoded;
  if (value && !percent_decode(value, decoded)) return std::nullopt;
  return decoded;
}

bool Exchange::for_people() const {
  return method_ == "GET" && !query("json") && request_header("Accept").find("text/html") != std::string_view::npos;
}

std::optional<Error> Exchange::check_site() const {
  web::RequestSite site{request_header("Host"), request_header("Origin"), request_header("Sec-Fetch-Site")};
  if (!web::is_local_host(site.host)) {
    return Error{ErrorCode::not_allowed, "This name does not belong to this service.",
                 "Use the address that 'drawbridge services' shows."};
  }
  if (!reads_only(method_) && !web::may_change(site)) {
    return Error{ErrorCode::not_allowed, "Another site asked for this change.",
                 "Make the change on the folder's own page."};
  }
  bool framed_twice = !request_header("Transfer-Encoding").empty() && !request_header("Content-Length").empty();
  if (framed_twice) return Error{ErrorCode::malformed, "The request says its length in two ways.", ""};
  return std::nullopt;
}

std::optional<Reply> Exchange::begin() {
  if (auto refused = check_site()) return refuse(*refused);
  auto path = parse_request_path(raw_path_);
  if (!path) return refuse(path.error());
  path_ = path.take();
  if (path_.is_reserved()) return std::nullopt;
  auto root = Root::open(served_.folder, served_.state);
  if (!root) return refuse(root.error());
  root_.emplace(root.take());
  check_state();
  if (method_ == "PUT" && !failure_ && !refusal_) begin_upload();
  bool waits = equal(as_bytes(request_header("Expect")), as_bytes("100-continue"));
  if (refusal_ && waits) return std::move(*refusal_);
  if (failure_ && waits) return refuse(*failure_);
  return std::nullopt;
}

void Exchange::check_state() {
  if (served_.read_only && !reads_only(method_)) {
    failure_ = Error{ErrorCode::not_allowed, "This folder can only be read.", "Ask the office if you need to change it."};
    return;
  }
  refusal_ = check_if_header();
  if (!refusal_) refusal_ = check_own_locks();
}

void Exchange::body(ByteView bytes) {
  if (upload_ && !failure_) {
    if (auto written = upload_->write(bytes); !written) failure_ = written.error();
  } else if (reads_body() && body_.size() + bytes.size() <= dav::longest_request_body) {
    append(body_, bytes);
  } else {
    ignored_ += bytes.size();
  }
}

Reply Exchange::finish() {
  Reply reply = answer();
  // Who only asks may keep the connection; what is left of a body that nobody wants ends it.
  if (ignored_ > 0) reply.header("Connection", "close");
  return reply;
}

Reply Exchange::answer() {
  if (refusal_) return std::move(*refusal_);
  if (failure_) return refuse(*failure_);
  if (reads_body() && ignored_ > 0) return refuse({ErrorCode::limit, "The request's body is too long.", ""}, MHD_HTTP_CONTENT_TOO_LARGE);
  if (path_.is_reserved()) {
    const web::Asset* asset = path_.names.size() == 2 && reads_only(method_) ? web::find_asset(path_.name()) : nullptr;
    if (!asset) return refuse({ErrorCode::not_found, "There is no such file.", ""});
    if (request_header("If-None-Match") == asset->tag)
      return std::move(Reply::empty(MHD_HTTP_NOT_MODIFIED).header("ETag", std::string(asset->tag)));
    return std::move(Reply::constant(std::string(asset->type), asset->bytes).header("ETag", std::string(asset->tag)));
  }
  if (method_ == "HEAD" && !request_header("Upload-Id").empty()) return upload_progress();
  if (method_ == "GET" || method_ == "HEAD") return get();
  if (method_ == "PUT") return finish_upload();
  if (method_ == "MKCOL") return make();
  if (method_ == "MOVE") return move();
  if (method_ == "DELETE") return remove();
  if (method_ == "COPY") return copy();
  if (method_ == "PROPFIND") return propfind();
  if (method_ == "PROPPATCH") return proppatch();
  if (method_ == "LOCK") return lock();
  if (method_ == "UNLOCK") return unlock();
  Reply reply = Reply::empty(method_ == "OPTIONS" ? MHD_HTTP_OK : MHD_HTTP_METHOD_NOT_ALLOWED);
  reply.header("Allow", served_.read_only ? "GET, HEAD, PROPFIND, OPTIONS"
                                          : "GET, HEAD, PUT, MKCOL, COPY, MOVE, DELETE, PROPFIND, PROPPATCH, LOCK, UNLOCK, OPTIONS");
  reply.header("DAV", "1, 2").header("MS-Author-Via", "DAV");
  return reply;
}

bool Exchange::too_much_ignored() const {
  return ignored_ > longest_ignored_body;
}

Reply Exchange::make() {
  if (ignored_ > 0) return refuse({ErrorCode::invalid_argument, "A new folder is made without a body.", ""}, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE);
  auto made = make_folder(*root_, path_);
  if (!made) {
    ErrorCode code = made.error().code;
    // RFC 4918 section 9.3.1.
    unsigned status = code == ErrorCode::already_exists ? MHD_HTTP_METHOD_NOT_ALLOWED : code == ErrorCode::not_found ? MHD_HTTP_CONFLICT : status_of(made.error());
    return refuse(made.error(), status);
  }
  return Reply::json(MHD_HTTP_CREATED, "{\"name\":" + quote_json(path_.name()) + "}");
}

Reply Exchange::move() {
  auto to = destination();
  if (!to) return refuse(to.error());
  if (auto refused = check_locks({{to->relative(), true, true}})) return std::move(*refused);
  auto moved = move_entry(*root_, path_, *to, overwrite());
  if (!moved) return refuse_placing(moved.error(), *to);
  served_.locks.forget(path_.relative());
  if (moved->replaced) return Reply::empty(MHD_HTTP_NO_CONTENT);
  return Reply::json(MHD_HTTP_CREATED, "{\"name\":" + quote_json(to->name()) + "}");
}

Reply Exchange::remove() {
  if (!request_header("Upload-Id").empty()) return cancel_upload();
  // The page says so, so that nothing goes that its person has not been asked about.
  Contents contents = query("contents") == "keep" ? Contents::keep : Contents::remove;
  if (auto removed = delete_entry(*root_, path_, contents); !removed) return refuse(removed.error());
  served_.locks.forget(path_.relative());
  return Reply::empty(MHD_HTTP_NO_CONTENT);
}

}  // namespace drawbridge::folder
