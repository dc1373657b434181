// What a relay answers for the phone's page.
#include "daemon/relay/phone_page.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/unit/daemon/temporary_folder.hpp"

using namespace drawbridge;

namespace {

struct Page {
  TemporaryFolder folder;
  std::shared_ptr<const PhonePage> page;

  explicit Page(const std::string& base = "bridge.example") {
    std::filesystem::create_directories(folder.file("v/abc"));
    write("index.html", "<!doctype html>");
    write("sw.js", "worker");
    write("v/abc/app.js", "plain");
    write("v/abc/app.js.br", "pressed");
    write("v/abc/notes.txt", "not of the page");
    std::filesystem::create_directories(folder.file("service"));
    write("service/index.html", "<!doctype html>service");
    write("service/worker.js", "worker of services");
    write("service/shim.js", "shim");
    std::filesystem::create_symlink("/etc/hostname", folder.file("v/abc/leak.js"));
    auto read = PhonePage::read(folder.file(""), base);
    REQUIRE(read);
    page = read.take();
  }
  void write(const std::string& name, const std::string& content) { std::ofstream(folder.file(name)) << content; }

  // Head and body of what is answered to these lines.
  std::pair<std::string, std::string> get(const std::string& target, const std::string& more = "", const std::string& method = "GET",
                                          const std::string& host = "shell.bridge.example") {
    auto request = upgrade::parse_request(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n");
    REQUIRE(request);
    auto answer = page->answer(*request);
    return {answer.head, to_string(answer.body)};
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a relay serves the phone's page under its own name only") {
  Page phone;
  for (const char* host : {"shell.bridge.example", "SHELL.bridge.example:443"}) CHECK(phone.page->is_host(host));
  for (const char* host : {"", "bridge.example", "shell.bridge.example.org", "x.shell.bridge.example", "127.0.0.1"}) CHECK_FALSE(phone.page->is_host(host));
}

TEST_CASE("exact files of the page are served, and nothing else") {
  Page phone;
  CHECK(phone.get("/").second == "<!doctype html>");
  CHECK(phone.get("/f/office/files/").second == "<!doctype html>");
  CHECK(phone.get("/v/abc/app.js").second == "plain");
  CHECK(phone.get("/v/abc/app.js", "", "HEAD").second.empty());
  for (const char* target : {"/v/abc/leak.js", "/v/abc/notes.txt", "/v/abc/", "/v/abc/../abc/app.js", "/v/abc/%61pp.js", "//sw.js", "/etc/passwd", "*"}) {
    CAPTURE(target);
    CHECK(has(phone.get(target).first, "404"));
  }
  CHECK(has(phone.get("/", "", "POST").first, "405"));
}

TEST_CASE("every answer of the phone's page binds it to its own origin") {
  Page phone;
  for (const char* target : {"/", "/sw.js", "/v/abc/app.js", "/nothing"}) {
    std::string head = phone.get(target).first;
    CAPTURE(head);
    CHECK(has(head, "Strict-Transport-Security: max-age="));
    CHECK(has(head, "X-Content-Type-Options: nosniff"));
    CHECK(has(head, "Cross-Origin-Resource-Policy: same-origin"));
  }
  for (const char* target : {"/", "/f/office/files/", "/sw.js", "/nothing"}) {
    std::string head = phone.get(target).first;
    CAPTURE(head);
    CHECK(has(head, "Content-Security-Policy: default-src 'none'; script-src 'self'"));
    CHECK_FALSE(has(head, "unsafe-inline"));
    CHECK(has(head, "Referrer-Policy: no-referrer"));
  }
  CHECK(has(phone.get("/").first, "connect-src 'self' wss:;"));
  CHECK(has(phone.get("/").first, "frame-ancestors 'none'"));
}

TEST_CASE("what is named by its hash is kept for ever, what is not is asked for again") {
  Page phone;
  std::string head = phone.get("/v/abc/app.js").first;
  CHECK(has(head, "immutable"));
  std::string index = phone.get("/").first;
  CHECK(has(index, "Cache-Control: no-cache"));
  size_t at = index.find("ETag: ") + 6;
  std::string tag = index.substr(at, index.find('\r', at) - at);
  auto [again, body] = phone.get("/", "If-None-Match: " + tag + "\r\n");
  CHECK(has(again, "304"));
  CHECK(body.empty());
}

TEST_CASE("each service has a host of its own, with files of the bridge only and never a script by another name") {
  Page phone;
  const std::string host = "s-0123456789abcdef0123.bridge.example";
  CHECK(phone.page->is_host(host + ":8443"));
  for (const char* other : {"s-0123456789abcdef012.bridge.example", "s-0123456789abcdef01234.bridge.example", "s-0123456789abcdef012G.bridge.example",
                            "s-0123456789abcdef0123.bridge.example.org", "x.s-0123456789abcdef0123.bridge.example", "s-0123456789abcdef0123"})
    CHECK_FALSE(phone.page->is_host(other));
  auto get = [&](const std::string& target) { return phone.get(target, "", "GET", host); };
  for (const char* target : {"/", "/anything", "/sw.js", "/v/abc/app.js", "/service/worker.js", "/index.html"}) {
    auto [head, body] = get(target);
    CAPTURE(target, head);
    CHECK(body == "<!doctype html>service");
    CHECK(has(head, "Content-Type: text/html"));
  }
  CHECK(get("/.drawbridge/shim.js").second == "shim");
  CHECK(has(get("/.drawbridge/none.js").first, "404"));
  CHECK(has(get("/.drawbridge/../index.html").first, "404"));
  CHECK(has(get("/.drawbridge/worker.js").first, "Service-Worker-Allowed: /\r\n"));
  for (const char* target : {"/.drawbridge/shim.js", "/anything"}) CHECK_FALSE(has(get(target).first, "Service-Worker-Allowed"));
  CHECK(has(phone.get("/service/worker.js").first, "404"));
}

TEST_CASE("a service's host may be framed by the page alone, and the page frames hosts below its own name alone") {
  Page phone;
  std::string head = phone.get("/", "", "GET", "s-0123456789abcdef0123.bridge.example").first;
  CHECK(has(head, "frame-ancestors https://shell.bridge.example\r\n"));
  CHECK(has(head, "Strict-Transport-Security: max-age="));
  CHECK_FALSE(has(head, "unsafe"));
  CHECK(has(phone.get("/").first, "frame-src 'self' https://*.bridge.example;"));
  CHECK(phone.get("/s/s-0123456789abcdef0123").second == "<!doctype html>");
}

TEST_CASE("a browser that takes Brotli gets it") {
  Page phone;
  auto [head, body] = phone.get("/v/abc/app.js", "Accept-Encoding: gzip, br\r\n");
  CHECK(body == "pressed");
  CHECK(has(head, "Content-Encoding: br"));
  CHECK(has(head, "Content-Length: 7"));
}

TEST_CASE("a request with a body is answered and the connection ended, so that the body is no second request") {
  Page phone;
  for (const char* more : {"Content-Length: 40\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n"}) CHECK(has(phone.get("/", more).first, "Connection: close"));
  CHECK(has(phone.get("/", "Content-Length: 0\r\n").first, "Connection: keep-alive"));
  auto two = upgrade::parse_request("GET / HTTP/1.1\r\nHost: shell.bridge.example\r\nHost: other\r\n\r\n");
  REQUIRE(two);
  CHECK_FALSE(phone.page->is_host(two->host));
}

TEST_CASE("a folder without the page is refused with words") {
  TemporaryFolder folder;
  CHECK_FALSE(PhonePage::read(folder.file(""), "bridge.example"));
  CHECK_FALSE(PhonePage::read(folder.file("none"), "bridge.example"));
}
