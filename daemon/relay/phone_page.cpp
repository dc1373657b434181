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
constexpr std::string_view index_file = "/index.html", immutable_folder = "/v/";
// Places inside the page, which finds them itself: of folders, of services.
constexpr std::string_view place_folders[] = {"/f/", "/s/"};
constexpr std::string_view worker_files[] = {"/sw.js", "/service/worker.js"};
// What a service's host has, and where there: the rest of its addresses are the service's own.
constexpr std::string_view service_files = "/service/", service_index = "/service/index.html", service_place = "/.drawbridge/";
constexpr std::string_view service_mark = "s-";
constexpr size_t service_digits = 20;

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

bool is_service_label(std::string_view label) {
  auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return label.starts_with(service_mark) && label.size() == service_mark.size() + service_digits &&
         std::all_of(label.begin() + service_mark.size(), label.end(), digit);
}

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
    file.worker = std::find(std::begin(worker_files), std::end(worker_files), name) != std::end(worker_files);
    if (!brotli) file.tag = '"' + to_hex(ByteView(blake2b_256({ByteView(bytes)})).first(10)) + '"';
  }
  if (failed) return unreadable(directory, failed.message());
  if (!page->find("/")) return unreadable(directory, "index.html is missing");
  return std::shared_ptr<const PhonePage>(std::move(page));
}

bool PhonePage::is_host(std::string_view host) const {
  return same_name(without_port(host), "shell." + std::string(without_port(base_))) || is_service_host(host);
}

bool PhonePage::is_service_host(std::string_view host) const {
  size_t dot = host.find('.');
  return dot != std::string_view::npos && is_service_label(host.substr(0, dot)) && same_name(without_port(host.substr(dot + 1)), without_port(base_));
}

const PhonePage::File* PhonePage::find(std::string_view target) const {
  std::string_view path = target.substr(0, target.find('?'));
  if (path == "/" || std::any_of(std::begin(place_folders), std::end(place_folders), [&](auto folder) { return path.starts_with(folder); })) path = index_file;
  return path.starts_with(service_files) ? nullptr : file(path);
}

// Whatever is not ours there is a place of the service: the page that finds the bridge comes in its stead, never a script.
const PhonePage::File* PhonePage::find_for_service(std::string_view target) const {
  std::string_view path = target.substr(0, target.find('?'));
  if (!path.starts_with(service_place)) return path.starts_with('/') ? file(service_index) : nullptr;
  return file(std::string(service_files) + std::string(path.substr(service_place.size())));
}

const PhonePage::File* PhonePage::file(std::string_view path) const {
  auto found = files_.find(path);
  return found == files_.end() || found->second.plain.empty() ? nullptr : &found->second;
}

// Nothing from elsewhere, and nothing elsewhere but WebSockets, since an office names its own relays. Services are framed by
// the page, each from a host of its own, and by nobody else.
std::string PhonePage::policy(const File* file, bool of_service) const {
  bool local = without_port(base_).ends_with("localhost");
  std::string name(without_port(base_)), below = local ? name + ":*" : base_, scheme = local ? "http://" : "https://";
  if (file && file->worker) return "default-src 'none'; script-src 'self'; connect-src 'self'";
  if (of_service)
    return fmt::format("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
                       "frame-ancestors {}shell.{}", scheme, below);
  return fmt::format(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
      "connect-src {}; worker-src 'self'; manifest-src 'self'; frame-src 'self' {}*.{}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      local ? "'self' ws: wss:" : "'self' wss:", scheme, below);
}

std::string PhonePage::head(int status, const File* file, bool brotli, size_t length, const upgrade::Request& request) const {
  const char* reason = status == 200 ? "OK" : status == 304 ? "Not Modified" : status == 405 ? "Method Not Allowed" : "Not Found";
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", status, reason, file ? file->type : "text/plain; charset=utf-8");
  if (status != 304) out += fmt::format("Content-Length: {}\r\n", length);
  if (brotli) out += "Content-Encoding: br\r\n";
  if (file) out += fmt::format("ETag: {}\r\nVary: Accept-Encoding\r\n", file->tag);
  out += fmt::format("Cache-Control: {}\r\n", !file ? "no-store" : file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  bool of_service = is_service_host(request.host);
  if (of_service && file && file->worker) out += "Service-Worker-Allowed: /\r\n";
  if (!without_port(base_).ends_with("localhost")) out += "Strict-Transport-Security: max-age=31536000\r\n";
  out += "X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n";
  // A module, a picture or the core has no policy of its own: these say nothing of them, and there are thirty in a cold start.
  if (!file || !file->immutable) {
    out += fmt::format("Content-Security-Policy: {}\r\n", policy(file, of_service));
    out += "Referrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n"
           "Permissions-Policy: camera=(self), microphone=(), geolocation=()\r\n";
  }
  return out + (request.keeps_open ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

PhonePage::Answer PhonePage::answer(const upgrade::Request& request) const {
  static constexpr std::string_view not_found = "Not found.\n";
  bool only_head = request.method == "HEAD";
  if (request.method != "GET" && !only_head) return {head(405, nullptr, false, 0, request), {}};
  const File* file = is_service_host(request.host) ? find_for_service(request.target) : find(request.target);
  if (!file) return {head(404, nullptr, false, not_found.size(), request), only_head ? ByteView() : as_bytes(not_found)};
  if (request.if_none_match == file->tag) return {head(304, file, false, 0, request), {}};
  bool brotli = request.takes_brotli && !file->brotli.empty();
  const Bytes& body = brotli ? file->brotli : file->plain;
  return {head(200, file, brotli, body.size(), request), only_head ? ByteView() : ByteView(body)};
}

}  // namespace drawbridge
