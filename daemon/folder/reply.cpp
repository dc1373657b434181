#include "daemon/folder/reply.hpp"

#include <unistd.h>

#include "daemon/folder/page.hpp"
#include "daemon/folder/text_escape.hpp"

namespace drawbridge::folder {
namespace {

const char* policy(Use use) {
  switch (use) {
    case Use::page:
      return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
             "frame-src 'self'; connect-src 'self'; "
             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    case Use::content:
      return "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; "
             "frame-ancestors 'self'";
    case Use::document:
      return "script-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
  }
  return "default-src 'none'";
}

// A part of a file, as long as the head has promised. The library's own way, by sendfile(2), never ends when somebody shortens
// the file meanwhile: here the connection is cut then, so that whoever reads knows that it is not whole.
struct FilePart {
  FileDescriptor fd;
  uint64_t first;
};

ssize_t read_part(void* state, uint64_t position, char* into, size_t max) {
  auto* part = static_cast<FilePart*>(state);
  ssize_t length = pread(part->fd.get(), into, max, static_cast<off_t>(part->first + position));
  return length > 0 ? length : MHD_CONTENT_READER_END_WITH_ERROR;
}

MHD_Response* response_of(FilePart part, uint64_t length) {
  constexpr size_t block = 128 * 1024;
  auto release = [](void* state) { delete static_cast<FilePart*>(state); };
  return MHD_create_response_from_callback(length, block, read_part, new FilePart(std::move(part)), release);
}

MHD_Response* copied(ByteView bytes) {
  return MHD_create_response_from_buffer(bytes.size(), const_cast<uint8_t*>(bytes.data()), MHD_RESPMEM_MUST_COPY);
}

}  // namespace

Reply::Reply(unsigned status, MHD_Response* response, Use use) : status_(status), response_(response) {
  header("X-Content-Type-Options", "nosniff");
  header("Content-Security-Policy", policy(use));
  header("Cross-Origin-Resource-Policy", "same-origin");
  header("Cross-Origin-Opener-Policy", "same-origin");
  header("Referrer-Policy", "same-origin");
}

Reply Reply::text(unsigned status, const std::string& type, const std::string& body, Use use) {
  Reply reply(status, copied(as_bytes(body)), use);
  reply.header("Content-Type", type).header("Cache-Control", "no-store");
  return reply;
}

Reply Reply::constant(const std::string& type, ByteView bytes) {
  Reply reply(MHD_HTTP_OK,
              MHD_create_response_from_buffer(bytes.size(), const_cast<uint8_t*>(bytes.data()), MHD_RESPMEM_PERSISTENT),
              Use::content);
  reply.header("Content-Type", type).header("Cache-Control", "no-cache");
  return reply;
}

Reply Reply::file(unsigned status, const std::string& type, FileDescriptor fd, uint64_t first, uint64_t length,
                  Use use) {
  Reply reply(status, response_of({std::move(fd), first}, length), use);
  reply.header("Content-Type", type).header("Cache-Control", "private, no-cache").header("Accept-Ranges", "bytes");
  return reply;
}

Reply Reply::stream(unsigned status, const std::string& type, std::function<size_t(char*, size_t)> read) {
  using Read = std::function<size_t(char*, size_t)>;
  constexpr size_t block = 32 * 1024;
  auto next = [](void* state, uint64_t, char* into, size_t max) -> ssize_t {
    size_t length = (*static_cast<Read*>(state))(into, max);
    return length == 0 ? MHD_CONTENT_READER_END_OF_STREAM : static_cast<ssize_t>(length);
  };
  auto release = [](void* state) { delete static_cast<Read*>(state); };
  Reply reply(status, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block, next, new Read(std::move(read)), release), Use::content);
  reply.header("Content-Type", type).header("Cache-Control", "no-store");
  return reply;
}

Reply Reply::empty(unsigned status) {
  return {status, copied({}), Use::content};
}

Reply Reply::redirect(const std::string& location) {
  Reply reply = empty(MHD_HTTP_PERMANENT_REDIRECT);
  reply.header("Location", location).header("Cache-Control", "no-store");
  return reply;
}

Reply& Reply::header(const char* name, const std::string& value) {
  MHD_add_response_header(response_.get(), name, value.c_str());
  return *this;
}

MHD_Result Reply::send(MHD_Connection* connection) const {
  return MHD_queue_response(connection, status_, response_.get());
}

unsigned status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::malformed:
      return MHD_HTTP_BAD_REQUEST;
    case ErrorCode::not_found:
      return MHD_HTTP_NOT_FOUND;
    case ErrorCode::already_exists:
    case ErrorCode::closed:
    case ErrorCode::state:
      return MHD_HTTP_CONFLICT;
    case ErrorCode::not_allowed:
      return MHD_HTTP_FORBIDDEN;
    case ErrorCode::limit:
      return MHD_HTTP_INSUFFICIENT_STORAGE;
    case ErrorCode::try_later:
      return MHD_HTTP_SERVICE_UNAVAILABLE;
    default:
      return MHD_HTTP_INTERNAL_SERVER_ERROR;
  }
}

Reply error_reply(const Error& error, bool for_people, unsigned status) {
  if (for_people) return Reply::text(status, "text/html; charset=utf-8", error_page(error));
  return Reply::json(status, std::string("{\"error\":{\"code\":\"") + code_name(error.code) +
                                           "\",\"message\":" + quote_json(error.message) +
                                           ",\"remedy\":" + quote_json(error.remedy) + "}}");
}

}  // namespace drawbridge::folder
