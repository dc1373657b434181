#include "daemon/relay/phone_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "keys/hash.hpp"

namespace drawbridge {
namespace {

namespace fs = std::filesystem;

constexpr size_t largest_page = 16 * 1024 * 1024;  // all files together
constexpr size_t most_files = 500;
constexpr std::string_view index_file = "/index.html", worker_file = "/sw.js", immutable_folder = "/v/", place_folder = "/f/";

const std::map<std::string, std::string, std::less<>> types = {
    {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".css", "text/css; charset=utf-8"}, {".svg", "image/svg+xml"},
    {".png", "image/png"}, {".json", "application/json"}, {".webmanifest", "application/manifest+json"}, {".wasm", "application/wasm"},
};

Error unreadable(const std::string& directory, const std::string& why) {
  return {ErrorCode::not_found, "The phone's page cannot be read from " + directory + ": " + why + ".",
          "Name the folder with `phone_directory` in [relay], or leave `phone` out."};
}

bool read_file(const fs::path& path, Bytes& out) {
  std::ifstream in(path, std::ios::binary);
  out.assign(std::istreambuf_iterator<char>(in), {});
  return static_cast<bool>(in) || in.eof();
}

std::string_view without_port(std::string_view host) { return host.substr(0, host.find(':')); }

bool same_name(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

Result<std::shared_ptr<const PhonePage>> PhonePage::read(const std::string& directory, std::string base) {
  auto page = std::make_shared<PhonePage>();
  page->base_ = std::move(base);
  std::error_code failed;
  size_t total = 0;
  for (fs::recursive_directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->is_symlink() || !at->is_regular_file()) continue;
    std::string name = "/" + fs::relative(at->path(), directory).generic_string();
    bool brotli = name.ends_with(".br");
    if (brotli) name.resize(name.size() - 3);
    auto type = types.find(fs::path(name).extension().string());
    if (type == types.end()) continue;
    File& file = page->files_[name];
    Bytes& bytes = brotli ? file.brotli : file.plain;
    if (!read_file(at->path(), bytes)) return unreadable(directory, name + " is not readable");
    total += bytes.size();
    if (total > largest_page || page->files_.size() > most_files) return unreadable(directory, "there is too much in it");
    file.type = type->second;
    file.immutable = name.starts_with(immutable_folder);
    if (!brotli) file.tag = '"' + to_hex(ByteView(blake2b_256({ByteView(bytes)})).first(10)) + '"';
  }
  if (failed) return unreadable(directory, failed.message());
  if (!page->find("/")) return unreadable(directory, "index.html is missing");
  return std::shared_ptr<const PhonePage>(std::move(page));
}

bool PhonePage::is_host(std::string_view host) const {
  return same_name(without_port(host), "shell." + std::string(without_port(base_)));
}

// "/f/…" are places inside the page, which finds them itself.
const PhonePage::File* PhonePage::find(std::string_view target) const {
  std::string_view path = target.substr(0, target.find('?'));
  if (path == "/" || path.starts_with(place_folder)) path = index_file;
  auto found = files_.find(path);
  return found == files_.end() || found->second.plain.empty() ? nullptr : &found->second;
}

// Nothing from elsewhere, and nothing elsewhere but WebSockets, since an office names its own relays.
std::string PhonePage::policy(bool worker) const {
  bool local = without_port(base_).ends_with("localhost");
  const char* sockets = local ? "'self' ws: wss:" : "'self' wss:";
  if (worker) return fmt::format("default-src 'none'; script-src 'self'; connect-src 'self'");
  return fmt::format(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
      "connect-src {}; worker-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      sockets);
}

std::string PhonePage::head(int status, const File* file, bool brotli, size_t length, const upgrade::Request& request) const {
  const char* reason = status == 200 ? "OK" : status == 304 ? "Not Modified" : status == 405 ? "Method Not Allowed" : "Not Found";
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", status, reason, file ? file->type : "text/plain; charset=utf-8");
  if (status != 304) out += fmt::format("Content-Length: {}\r\n", length);
  if (brotli) out += "Content-Encoding: br\r\n";
  if (file) out += fmt::format("ETag: {}\r\nVary: Accept-Encoding\r\n", file->tag);
  out += fmt::format("Cache-Control: {}\r\n", !file ? "no-store" : file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (!without_port(base_).ends_with("localhost")) out += "Strict-Transport-Security: max-age=31536000\r\n";
  out += "X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n";
  // A module, a picture or the core has no policy of its own: these say nothing of them, and there are thirty in a cold start.
  if (!file || !file->immutable) {
    bool worker = file && std::string_view(request.target).substr(0, request.target.find('?')) == worker_file;
    out += fmt::format("Content-Security-Policy: {}\r\n", policy(worker));
    out += "Referrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n"
           "Permissions-Policy: camera=(self), microphone=(), geolocation=()\r\n";
  }
  return out + (request.keeps_open ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

PhonePage::Answer PhonePage::answer(const upgrade::Request& request) const {
  static constexpr std::string_view not_found = "Not found.\n";
  bool only_head = request.method == "HEAD";
  if (request.method != "GET" && !only_head) return {head(405, nullptr, false, 0, request), {}};
  const File* file = find(request.target);
  if (!file) return {head(404, nullptr, false, not_found.size(), request), only_head ? ByteView() : as_bytes(not_found)};
  if (request.if_none_match == file->tag) return {head(304, file, false, 0, request), {}};
  bool brotli = request.takes_brotli && !file->brotli.empty();
  const Bytes& body = brotli ? file->brotli : file->plain;
  return {head(200, file, brotli, body.size(), request), only_head ? ByteView() : ByteView(body)};
}

}  // namespace drawbridge
