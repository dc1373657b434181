// Reading: files, folders, conditions and ranges.
#include "daemon/folder/conditions.hpp"
#include "daemon/folder/exchange.hpp"
#include "daemon/folder/http_date.hpp"
#include "daemon/folder/listing.hpp"
#include "daemon/folder/page.hpp"
#include "daemon/folder/text_escape.hpp"

namespace drawbridge::folder {
namespace {

// RFC 6266: the name in UTF-8; older programs take the last part of the address.
std::string disposition(const std::string& name, bool download) {
  return std::string(download ? "attachment" : "inline") + "; filename*=UTF-8''" + percent_encode(repair_utf8(name));
}

Use use_of(Preview preview) {
  return preview == Preview::pdf ? Use::document : Use::content;
}

std::string content_range(const ByteRange& part, uint64_t size) {
  return "bytes " + std::to_string(part.first) + "-" + std::to_string(part.first + part.length - 1) + "/" +
         std::to_string(size);
}

}  // namespace

Reply Exchange::get() {
  struct stat status;
  auto fd = root_->open_entry(path_, status);
  if (!fd) return refuse(fd.error());
  if (!S_ISDIR(status.st_mode)) {
    if (path_.folder_form) return refuse(file_error(ENOTDIR, path_.name()));
    return get_file(fd.take(), status);
  }
  if (path_.folder_form) return get_folder();
  RequestPath folder = path_;
  folder.folder_form = true;
  return Reply::redirect(folder.url());
}

Reply Exchange::get_folder() {
  auto listing = read_listing(*root_, path_);
  if (!listing) return refuse(listing.error());
  if (served_.read_only) listing->writable = false;
  bool as_json = query("json") || request_header("Accept").starts_with("application/json");
  Reply reply =
      as_json
          ? Reply::json(MHD_HTTP_OK, to_json(*listing, served_.service))
          : Reply::text(MHD_HTTP_OK, "text/html; charset=utf-8",
                        listing_page(*listing, served_.service, choose_language(request_header("Accept-Language"))));
  reply.header("Vary", "Accept, Accept-Language");
  return reply;
}

Reply Exchange::get_file(FileDescriptor fd, const struct stat& status) {
  Conditions conditions{request_header("If-Match"),          request_header("If-None-Match"),
                        request_header("If-Modified-Since"), request_header("If-Unmodified-Since"),
                        request_header("If-Range"),          request_header("Range")};
  Version version = version_of(status);
  Outcome outcome = evaluate(conditions, version, true);
  if (outcome == Outcome::precondition_failed) return Reply::empty(MHD_HTTP_PRECONDITION_FAILED);
  auto size = static_cast<uint64_t>(status.st_size);
  MediaType type = media_type(path_.name());
  auto dressed = [&](Reply reply) {
    reply.header("ETag", version.tag).header("Last-Modified", to_http_date(version.modified));
    return reply;
  };
  if (outcome == Outcome::not_modified) return dressed(Reply::empty(MHD_HTTP_NOT_MODIFIED));
  RangeChoice range = choose_range(conditions, version, size);
  if (range.unsatisfiable)
    return std::move(dressed(Reply::empty(MHD_HTTP_RANGE_NOT_SATISFIABLE))
                         .header("Content-Range", "bytes */" + std::to_string(size)));
  ByteRange part = range.part.value_or(ByteRange{0, size});
  Reply reply = dressed(Reply::file(range.part ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, type.type, std::move(fd),
                                    part.first, part.length, use_of(type.preview)));
  if (range.part) reply.header("Content-Range", content_range(part, size));
  reply.header("Content-Disposition", disposition(path_.name(), query("download") || type.preview == Preview::none));
  return reply;
}

}  // namespace drawbridge::folder
