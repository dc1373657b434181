#include "daemon/http/head_writer.hpp"

#include <cstdio>

#include "daemon/web/request_site.hpp"

namespace drawbridge::http {
namespace {

void append_headers(std::string& out, const Head& head, const HeaderChange& change) {
  for (const Header& header : head.headers) {
    if (stays_here(head, header.name)) continue;
    if (auto value = change(header)) append_header(out, header.name, *value);
  }
}

void append_upgrade(std::string& out) {
  append_header(out, "Connection", "Upgrade");
  append_header(out, "Upgrade", "websocket");
}

}  // namespace

std::optional<std::string> unchanged(const Header& header) {
  return header.value;
}

std::string write_request(const Head& head, const HeaderChange& change, const std::vector<Header>& added) {
  std::string out = head.method + " " + head.target + " HTTP/1.1\r\n";
  append_headers(out, head, change);
  for (const Header& header : added) append_header(out, header.name, header.value);
  if (asks_for_websocket(head)) append_upgrade(out);
  if (head.chunked)
    append_header(out, "Transfer-Encoding", "chunked");
  else if (head.length)
    append_header(out, "Content-Length", std::to_string(*head.length));
  return out + "\r\n";
}

ResponseForm response_form(const Head& asked, const Head& answer) {
  ResponseForm form;
  form.bodiless = answer.status < 200 || asked.method == "HEAD" || answer.status == 204 || answer.status == 304;
  bool open_length = !form.bodiless && !(answer.length && !answer.chunked);
  form.chunk = open_length && asked.minor >= 1;
  form.close = !asked.keep_alive || (open_length && !form.chunk);
  return form;
}

std::string write_response(const Head& head, const ResponseForm& form, const HeaderChange& change) {
  std::string out = "HTTP/1.1 " + std::to_string(head.status) + " " + head.reason + "\r\n";
  append_headers(out, head, change);
  if (head.status == 101) {
    append_upgrade(out);
    return out + "\r\n";
  }
  if (form.chunk)
    append_header(out, "Transfer-Encoding", "chunked");
  else if (head.length && (!form.bodiless || head.status >= 200))
    append_header(out, "Content-Length", std::to_string(*head.length));
  if (head.status >= 200) append_header(out, "Connection", form.close ? "close" : "keep-alive");
  return out + "\r\n";
}

std::string chunk_size_line(size_t size) {
  char text[20];
  int length = std::snprintf(text, sizeof text, "%zx\r\n", size);
  return {text, static_cast<size_t>(length)};
}

std::string without_domain(std::string_view set_cookie) {
  std::string out;
  bool first = true;
  each_part(set_cookie, ';', [&](std::string_view part) {
    std::string_view name = trimmed(part.substr(0, part.find('=')));
    bool dropped = !first && web::equal_ignoring_case(name, "Domain");
    if (!dropped) out.append(first ? "" : "; ").append(part);
    first = false;
  });
  return out;
}

}  // namespace drawbridge::http
