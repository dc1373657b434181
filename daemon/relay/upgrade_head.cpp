#include "daemon/relay/upgrade_head.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>

#include "protocol/relay/wire.hpp"

namespace drawbridge::upgrade {
namespace {

// RFC 6455 1.3.
constexpr std::string_view magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view hello_mark = "h.";
constexpr size_t host_longest = 260;

std::string base64(ByteView bytes, int variant) {
  std::string out(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), variant);
  out.pop_back();  // the terminating zero
  return out;
}

std::string accept_of(const std::string& key) {
  std::string text = key + std::string(magic);
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest, sodium_base64_VARIANT_ORIGINAL);
}

bool same(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <typename Each>
void for_each_token(std::string_view list, Each each) {
  while (!list.empty()) {
    size_t comma = list.find(',');
    each(trim(list.substr(0, comma)));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
}

Bytes decode_hello(std::string_view text) {
  Bytes out(relay::hello_size);
  size_t length = 0;
  int failed = sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &length, nullptr,
                                 sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return failed || length != out.size() ? Bytes() : out;
}

struct Seen {
  bool upgrade = false, connection = false, version = false;
  int hosts = 0;
};

void read_header(std::string_view name, std::string_view value, Request& request, Seen& seen) {
  if (same(name, "upgrade")) seen.upgrade = same(value, "websocket");
  if (same(name, "connection")) for_each_token(value, [&](auto token) {
    seen.connection |= same(token, "upgrade");
    request.keeps_open &= !same(token, "close");
  });
  if (same(name, "host")) request.host = seen.hosts++ == 0 ? std::string(value.substr(0, host_longest)) : "";
  if (same(name, "if-none-match")) request.if_none_match = std::string(value.substr(0, 64));
  if (same(name, "accept-encoding")) for_each_token(value, [&](auto token) { request.takes_brotli |= same(token, "br"); });
  if (same(name, "transfer-encoding") || (same(name, "content-length") && value != "0")) request.keeps_open = false;
  if (same(name, "sec-websocket-version")) seen.version = value == "13";
  if (same(name, "sec-websocket-key") && value.size() <= 64) request.key = std::string(value);
  if (same(name, "x-forwarded-for")) for_each_token(value, [&](auto token) { request.forwarded_for = std::string(token.substr(0, 64)); });
  if (!same(name, "sec-websocket-protocol")) return;
  for_each_token(value, [&](std::string_view token) {
    if (token == protocol_name) request.offers_protocol = true;
    if (token.starts_with(hello_mark)) request.hello = decode_hello(token.substr(hello_mark.size()));
  });
}

template <typename Each>
void for_each_line(std::string_view head, Each each) {
  for (size_t end = head.find("\r\n"); end != std::string_view::npos && end > 0; end = head.find("\r\n")) {
    each(head.substr(0, end));
    head.remove_prefix(end + 2);
  }
}

}  // namespace

size_t head_length(std::string_view text) {
  size_t end = text.find("\r\n\r\n");
  return end == std::string_view::npos ? 0 : end + 4;
}

std::optional<Request> parse_request(std::string_view head) {
  Request request;
  Seen seen;
  bool first = true, right = true;
  for_each_line(head, [&](std::string_view line) {
    // Another reader may take one of them for the end of a line.
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return void(right = false);
    if (std::exchange(first, false)) {
      size_t space = line.find(' '), last = line.rfind(' ');
      right = space != std::string_view::npos && space > 0 && last > space + 1 && line.substr(last) == " HTTP/1.1";
      if (!right) return;
      request.method = std::string(line.substr(0, space));
      request.target = std::string(line.substr(space + 1, last - space - 1));
      return;
    }
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) return void(right = false);
    read_header(line.substr(0, colon), trim(line.substr(colon + 1)), request, seen);
  });
  if (first || !right) return std::nullopt;
  request.upgrades = seen.upgrade && seen.connection && seen.version && !request.key.empty();
  return request;
}

std::string switching_answer(const Request& request) {
  return fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n{}\r\n",
                     accept_of(request.key),
                     request.offers_protocol ? fmt::format("Sec-WebSocket-Protocol: {}\r\n", protocol_name) : "");
}

std::string page_answer(int status, std::string_view type, std::string_view body) {
  const char* reason = status == 200 ? "OK" : status == 404 ? "Not Found" : "Bad Request";
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{}",
                     status, reason, type, body.size(), body);
}

std::string upgrade_request(const std::string& host, const std::string& path, const std::string& key, ByteView hello) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Protocol: {}, {}{}\r\n\r\n",
      path, host, key, protocol_name, hello_mark, base64(hello, sodium_base64_VARIANT_URLSAFE_NO_PADDING));
}

int status_of(std::string_view head) {
  if (!head.starts_with("HTTP/1.") || head.size() < 12 || head[8] != ' ') return 0;
  int status = 0;
  for (char digit : head.substr(9, 3)) {
    if (digit < '0' || digit > '9') return 0;
    status = status * 10 + (digit - '0');
  }
  return status;
}

bool accepts(std::string_view head, const std::string& key) {
  bool right = false;
  for_each_line(head, [&](std::string_view line) {
    size_t colon = line.find(':');
    if (colon != std::string_view::npos && same(line.substr(0, colon), "sec-websocket-accept")) right = trim(line.substr(colon + 1)) == accept_of(key);
  });
  return right && status_of(head) == 101;
}

namespace {

// Of a URL that names one: "//" at its start, or right behind the colon of its scheme. Empty: a path on the same host.
std::string_view host_of(std::string_view url) {
  size_t authority = url.find("//");
  bool scheme = authority != std::string_view::npos && authority > 0 && url.find_first_of(":/?#") == authority - 1 && url[authority - 1] == ':';
  if (authority != 0 && !scheme) return {};
  url = url.substr(authority + 2);
  return url.starts_with('[') ? url.substr(1, url.find(']') - 1) : url.substr(0, url.find_first_of(":/?#"));
}

std::string_view without_www(std::string_view host) {
  return host.size() > 4 && same(host.substr(0, 4), "www.") ? host.substr(4) : host;
}

}  // namespace

bool is_captive_portal(std::string_view head, std::string_view host) {
  int status = status_of(head);
  bool elsewhere = false;
  for_each_line(head, [&](std::string_view line) {
    size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same(line.substr(0, colon), "location")) return;
    std::string_view to = host_of(trim(line.substr(colon + 1)));
    elsewhere = !to.empty() && !same(without_www(to), without_www(host));
  });
  return status == 511 || (status >= 300 && status < 400 && elsewhere);
}

std::string connect_request(const std::string& target, const std::string& user, const std::string& password) {
  std::string authorisation;
  if (!user.empty())
    authorisation = "Proxy-Authorization: Basic " + base64(as_bytes(user + ":" + password), sodium_base64_VARIANT_ORIGINAL) + "\r\n";
  return fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n{1}\r\n", target, authorisation);
}

}  // namespace drawbridge::upgrade
