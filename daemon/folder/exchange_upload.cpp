// Writing: uploads. Their protocol is in docs/spec/folder.md.
#include <charconv>

#include "daemon/folder/conditions.hpp"
#include "daemon/folder/exchange.hpp"
#include "daemon/folder/text_escape.hpp"

namespace drawbridge::folder {
namespace {

template <typename Number>
bool parse_number(std::string_view text, Number& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 0;
}

Error bad(const char* message) {
  return {ErrorCode::invalid_argument, message, ""};
}

bool parse_conflict(std::string_view text, Conflict& out) {
  if (text == "refuse")
    out = Conflict::refuse;
  else if (text == "number")
    out = Conflict::number;
  else if (text == "replace")
    out = Conflict::replace;
  else
    return false;
  return true;
}

std::string progress_json(const UploadProgress& progress) {
  return "{\"offset\":" + std::to_string(progress.offset) +
         ",\"name\":" + (progress.name.empty() ? "null" : quote_json(progress.name)) + "}";
}

}  // namespace

Result<UploadOrder> Exchange::upload_order() const {
  UploadOrder order;
  order.id = request_header("Upload-Id");
  if (!order.id.empty() && !is_upload_id(order.id)) return bad("Upload-Id is 16 to 64 lower-case hexadecimal digits.");
  std::string_view offset = request_header("Upload-Offset"), length = request_header("Upload-Length"),
                   modified = request_header("Upload-Modified");
  if (!offset.empty() && !parse_number(offset, order.offset)) return bad("Upload-Offset is a number of bytes.");
  if (length.empty() && order.id.empty()) length = request_header("Content-Length");
  if (!length.empty() && !parse_number(length, order.length.emplace()))
    return bad("Upload-Length is a number of bytes.");
  if (!order.id.empty() && !order.length) return bad("An upload with an id needs Upload-Length.");
  if (order.id.empty() && order.offset != 0) return bad("An upload that goes on needs its id.");
  if (!modified.empty() && !parse_number(modified, order.modified_ms.emplace()))
    return bad("Upload-Modified is a time in milliseconds since 1970.");
  order.if_match = request_header("If-Match");
  // A plain PUT says what the file is from now on (RFC 9110 section 9.3.4).
  if (order.id.empty()) order.conflict = Conflict::replace;
  if (!order.if_match.empty()) order.conflict = Conflict::replace;
  if (auto conflict = query("conflict"); conflict && !parse_conflict(*conflict, order.conflict))
    return bad("conflict is refuse, number or replace.");
  if (request_header("If-None-Match") == "*") order.conflict = Conflict::refuse;
  return order;
}

Result<Place> Exchange::upload_place() const {
  if (path_.folder_form) return bad("A file's address does not end in '/'.");
  auto place = root_->place(path_);
  // RFC 4918 section 9.7.1: without its folder a file is a conflict.
  if (!place && plain_put() && place.error().code == ErrorCode::not_found) return Error{ErrorCode::state, place.error().message, place.error().remedy};
  return place;
}

void Exchange::begin_upload() {
  auto order = upload_order();
  auto place = order ? upload_place() : Result<Place>(order.error());
  if (!place) {
    failure_ = place.error();
    return;
  }
  auto upload = Upload::begin(served_.turns, place.take(), order.take());
  if (upload) {
    upload_ = upload.take();
    return;
  }
  failure_ = upload.error();
  // A condition that does not hold (RFC 9110 section 13.1).
  bool conditional = !request_header("If-Match").empty() || !request_header("If-None-Match").empty();
  bool failed = failure_->code == ErrorCode::already_exists || failure_->code == ErrorCode::state;
  if (plain_put() && conditional && failed) refusal_ = refuse(*failure_, MHD_HTTP_PRECONDITION_FAILED);
}

bool Exchange::plain_put() const { return method_ == "PUT" && request_header("Upload-Id").empty() && !query("conflict"); }

Reply Exchange::finish_upload() {
  struct stat status;
  bool existed = root_->status(path_, status);
  auto progress = upload_->finish();
  if (!progress) return refuse(progress.error());
  if (plain_put()) return plain_put_reply(existed);
  Reply reply = Reply::json(progress->name.empty() ? MHD_HTTP_ACCEPTED : MHD_HTTP_CREATED, progress_json(*progress));
  reply.header("Upload-Offset", std::to_string(progress->offset));
  if (!progress->name.empty()) reply.header("Location", path_.parent().child(progress->name).url());
  return reply;
}

Reply Exchange::plain_put_reply(bool existed) {
  Reply reply = Reply::empty(existed ? MHD_HTTP_NO_CONTENT : MHD_HTTP_CREATED);
  if (!existed) reply.header("Location", path_.url());
  struct stat status;
  if (root_->status(path_, status)) reply.header("ETag", version_of(status).tag);
  return reply;
}

// HEAD has no body: what went wrong is in headers.
Reply Exchange::upload_progress() {
  auto order = upload_order();
  auto place = order ? upload_place() : Result<Place>(order.error());
  auto progress = place ? Upload::progress_of(served_.turns, *place, *order) : Result<UploadProgress>(place.error());
  if (!progress) {
    Reply reply = Reply::empty(status_of(progress.error()));
    reply.header("Drawbridge-Error", code_name(progress.error().code)).header("Cache-Control", "no-store");
    return reply;
  }
  Reply reply = Reply::empty(MHD_HTTP_NO_CONTENT);
  reply.header("Upload-Offset", std::to_string(progress->offset)).header("Cache-Control", "no-store");
  if (!progress->name.empty()) reply.header("Upload-Name", percent_encode(progress->name));
  return reply;
}

Reply Exchange::cancel_upload() {
  auto id = request_header("Upload-Id");
  if (!is_upload_id(id)) return refuse(bad("Upload-Id is 16 to 64 lower-case hexadecimal digits."));
  auto place = upload_place();
  if (!place) return refuse(place.error());
  UploadOrder order;
  order.id = id;
  auto cancelled = Upload::cancel(served_.turns, *place, order);
  return cancelled ? Reply::empty(MHD_HTTP_NO_CONTENT) : refuse(cancelled.error());
}

}  // namespace drawbridge::folder
