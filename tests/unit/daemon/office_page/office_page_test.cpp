#include "browser.hpp"

using namespace drawbridge;
using namespace drawbridge::office_page;
using admin::Value;

TEST_CASE("the page listens only after it was asked for, and no longer than somebody may use it") {
  Office office;
  CHECK_FALSE(office.page->listening());
  office.open();
  CHECK(office.page->listening());
  std::string session = office.enter();
  CHECK(office.page->close() == 1);
  REQUIRE(run_until(office.loop, [&] { return !office.page->listening(); }));
  CHECK(connect_tcp(SocketAddress::v4(127, 0, 0, 1, office.port())).number == ECONNREFUSED);
}

TEST_CASE("a link is exchanged once, for a cookie that scripts and other sites never see") {
  Office office;
  office.open();
  Tab tab = office.tab();
  std::string request = office.post("/session", R"({"link":")" + office.link + "\"}");
  std::string answer = office.ask(tab, request, "{}");
  CHECK(tab.status() == 200);
  CHECK(answer.find("; Path=/; HttpOnly; SameSite=Strict\r\n") != std::string::npos);
  CHECK(office.status_of(request) == 403);
  CHECK(office.status_of(office.post("/session", R"({"link":"0000"})")) == 403);
  CHECK(office.status_of(office.post("/session", "[")) == 403);
}

TEST_CASE("without a session nothing but the page's own files is answered") {
  Office office;
  office.open();
  CHECK(office.status_of(office.get("/")) == 200);
  CHECK(office.status_of(office.get("/.drawbridge/page.css")) == 200);
  CHECK(office.status_of(office.get("/.drawbridge/office/main.js")) == 200);
  CHECK(office.status_of(office.call("Sec-Fetch-Site: same-origin\r\n")) == 401);
  CHECK(office.status_of(office.call("Sec-Fetch-Site: same-origin\r\nCookie: drawbridge-page=" + std::string(64, '0') + "\r\n")) == 401);
  CHECK(office.status_of(office.post("/stay", "{}")) == 401);
  CHECK(office.calls.empty());
}

TEST_CASE("no other site can make a browser with a session do anything here") {
  Office office;
  office.open();
  std::string cookie = office.enter();
  cookie.erase(0, cookie.find("Cookie"));
  std::string from_elsewhere = GENERATE(
      "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n", "Sec-Fetch-Site: none\r\n", "Origin: http://evil.example\r\n", "Origin: null\r\n",
      "Origin: http://office.localhost\r\n", "Sec-Fetch-Site: same-origin\r\nOrigin: http://evil.localhost:1\r\n", "");
  CAPTURE(from_elsewhere);
  CHECK(office.status_of(office.call(cookie + from_elsewhere)) == 403);
  CHECK(office.calls.empty());
}

TEST_CASE("a form of another site cannot send what is taken for a request") {
  Office office;
  office.open();
  std::string session = office.enter(), body = R"({"command":"overview"})";
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}) {
    CHECK(office.status_of("POST /call HTTP/1.1\r\nHost: " + office.host + "\r\nContent-Type: " + type + "\r\n" + session + "Content-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + body) == 415);
  }
  CHECK(office.status_of(office.get("/call", session)) == 405);
  CHECK(office.calls.empty());
}

TEST_CASE("a name that somebody else can point here reaches nothing of the page") {
  Office office;
  office.open();
  std::string session = office.enter();
  std::string name = GENERATE("evil.example", "office.localhost", "office.localhost:1", "127.0.0.1:8300", "localhost:8300", "evil.office.localhost:8300", "office.localhost.:80");
  std::string body = "{}";
  CHECK(office.status_of("GET / HTTP/1.1\r\nHost: " + name + "\r\n\r\n") == 421);
  CHECK(office.status_of("POST /call HTTP/1.1\r\nHost: " + name + "\r\nContent-Type: application/json\r\n" + session + "Content-Length: 2\r\n\r\n{}") == 421);
  CHECK(office.calls.empty());
}

TEST_CASE("connections of users who have no link are reset") {
  Office office;
  office.open(geteuid() + 1);
  Tab tab = office.tab();
  office.ask(tab, office.get("/"));
  CHECK(tab.closed);
  CHECK(tab.got.empty());
  CHECK(office.refused.size() == 1);
}

TEST_CASE("a command's answers come a line each, and more can be asked on the same connection") {
  Office office;
  office.open();
  std::string session = office.enter();
  Tab tab = office.tab();
  tab.send(office.call(session, "pair", R"({"wait":true})"));
  REQUIRE(run_until(office.loop, [&] { return office.calls.size() == 1; }));
  CHECK(office.calls[0]->request().command == "pair");
  CHECK(office.calls[0]->request().args.flag("wait"));
  office.calls[0]->more(Value::map({{"event", "created"}}));
  CHECK(office.ask(tab, "", "created").find("\r\n{\"more\":true,\"result\":{\"event\":\"created\"}}\n\r\n") != std::string::npos);
  // One that is sent before the last answer waits its turn.
  tab.send(office.get("/.drawbridge/icon.svg"));
  office.calls[0]->fail({ErrorCode::expired, "The code expired.", "Make another."});
  std::string rest = office.ask(tab, "", "<svg");
  CHECK(rest.find("{\"error\":{\"code\":\"expired\",\"message\":\"The code expired.\",\"remedy\":\"Make another.\"}}\n\r\n0\r\n\r\nHTTP/1.1 200") != std::string::npos);
}

TEST_CASE("a tab that goes away abandons its command") {
  Office office;
  office.open();
  std::string session = office.enter();
  Tab tab = office.tab();
  tab.send(office.call(session));
  REQUIRE(run_until(office.loop, [&] { return office.calls.size() == 1; }));
  bool abandoned = false;
  office.calls[0]->when_abandoned([&] { abandoned = true; });
  tab.fd.reset();
  CHECK(run_until(office.loop, [&] { return abandoned; }));
}

TEST_CASE("closing the page tells whoever looks at it, and ends what they were told") {
  Office office;
  office.open();
  std::string session = office.enter();
  Tab tab = office.tab();
  tab.send(office.call(session));
  REQUIRE(run_until(office.loop, [&] { return office.calls.size() == 1; }));
  office.page->close();
  CHECK(office.ask(tab, "", "closed").find("\"code\":\"closed\"") != std::string::npos);
  CHECK_FALSE(office.calls[0]->open());
}

TEST_CASE("who leaves the page ends his own session and no other") {
  Office office;
  office.open();
  std::string leaving = office.enter();
  office.open();
  std::string staying = office.enter();
  CHECK(office.status_of(office.post("/leave", "{}", leaving)) == 200);
  CHECK(office.status_of(office.post("/stay", "{}", leaving)) == 401);
  CHECK(office.status_of(office.post("/stay", "{}", staying)) == 200);
}

TEST_CASE("what is too long, or says its length badly, is refused before it is read") {
  Office office;
  office.open();
  std::string session = office.enter(), start = "POST /call HTTP/1.1\r\nHost: " + office.host + "\r\nContent-Type: application/json\r\n" + session;
  CHECK(office.status_of(start + "Content-Length: 65537\r\n\r\n") == 413);
  CHECK(office.status_of(start + "Content-Length: 99999999999999999999\r\n\r\n") == 400);
  CHECK(office.status_of(start + "\r\n") == 411);
  CHECK(office.status_of(start + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 411);
  CHECK(office.status_of(start + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}") == 400);
  CHECK(office.status_of(office.get("/", "X: " + std::string(17000, 'a') + "\r\n")) == 431);
  CHECK(office.status_of(office.post("/call", "{\"command\":1}", session)) == 400);
  CHECK(office.status_of(office.post("/call", "{\"command\":\"overview\",\"args\":[]}", session)) == 400);
  CHECK(office.status_of("GET / HTTP/1.1\r\nHost: " + office.host + "\r\nHost: " + office.host + "\r\n\r\n") == 400);
  CHECK(office.calls.empty());
}

TEST_CASE("a tab that does not read holds up its own answers and nothing else") {
  Office office;
  office.open();
  std::string session = office.enter();
  Tab slow = office.tab();
  slow.send(office.call(session));
  REQUIRE(run_until(office.loop, [&] { return office.calls.size() == 1; }));
  int sent = 0;
  // As the commands that stay do it: no faster than it is read.
  std::function<void()> next = [&] {
    ++sent;
    office.calls[0]->more(std::string(1'000'000, 'a'));
    office.calls[0]->when_sent([&] { next(); });
  };
  for (int i = 0; i < 20; ++i) {
    if (i == 0) next();
    CHECK(office.status_of(office.get("/")) == 200);
  }
  CHECK(sent < 20);
  office.calls[0]->abandon();
}

TEST_CASE("every answer forbids scripts, frames and loads from elsewhere") {
  Office office;
  office.open();
  Tab tab = office.tab();
  std::string answer = office.ask(tab, office.get("/"), "</html>");
  for (const char* header : {"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self';", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
                             "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY", "Referrer-Policy: no-referrer", "Cross-Origin-Resource-Policy: same-origin", "Cache-Control: no-store"}) {
    CHECK(answer.find(header) != std::string::npos);
  }
  CHECK(answer.find("Access-Control") == std::string::npos);
  Tab refused = office.tab();
  CHECK(office.ask(refused, office.post("/call", "{}")).find("frame-ancestors 'none'") != std::string::npos);
}

TEST_CASE("a device needs no session, and its commands carry its name") {
  Office office;
  office.host = "page.acme.localhost:8300";
  admin::Caller phone{std::nullopt, DeviceId{{7}}, "Phone", "page"};
  Tab tab{office.page->connect(phone).take(), "", false};
  CHECK_FALSE(office.page->listening());
  tab.send(office.call("Sec-Fetch-Site: same-origin\r\n"));
  REQUIRE(run_until(office.loop, [&] { return office.calls.size() == 1; }));
  CHECK(office.calls[0]->caller().device == phone.device);
  CHECK(office.calls[0]->caller().device_name == "Phone");
  office.calls[0]->result("yes");
  CHECK(office.ask(tab, "", "0\r\n\r\n").find("\"result\":\"yes\"") != std::string::npos);
  CHECK(office.ask(tab, office.call("Sec-Fetch-Site: cross-site\r\n"), "error").find(" 403 ") != std::string::npos);
  Tab rebound{office.page->connect(phone).take(), "", false};
  office.host = "evil.example";
  CHECK(office.ask(rebound, office.get("/"), "error").find(" 421 ") != std::string::npos);
}

TEST_CASE("a device has a bounded number of connections to the page") {
  Office office;
  admin::Caller phone{std::nullopt, DeviceId{{7}}, "Phone", "page"}, other{std::nullopt, DeviceId{{8}}, "Laptop", "page"};
  std::vector<FileDescriptor> open;
  while (auto connection = office.page->connect(phone)) {
    open.push_back(connection.take());
    REQUIRE(open.size() < 100);
  }
  CHECK(office.page->connect(other));
  open.clear();
  CHECK(run_until(office.loop, [&] { return office.page->connect(phone).ok(); }));
}
