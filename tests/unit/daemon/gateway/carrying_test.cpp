#include "browser_and_office.hpp"

using namespace drawbridge;
using namespace drawbridge::gateway;

TEST_CASE("A request reaches its service as sent, the answer comes back, and the connection stays") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /a%20b?c=d", "Cookie: x=1\r\nAccept: */*\r\n"), "\r\n\r\n");
  CHECK(world.office.flow().service == "files");
  CHECK(world.office.flow().got ==
        "GET /a%20b?c=d HTTP/1.1\r\nHost: " + world.host() + "\r\nCookie: x=1\r\nAccept: */*\r\n\r\n");
  world.say("HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-Own: y\r\n\r\nhello");
  REQUIRE(world.hears(browser, "hello"));
  CHECK(browser.got == "HTTP/1.1 200 Fine\r\nX-Own: y\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello");
  CHECK(browser.got.find("Access-Control") == std::string::npos);
  browser.got.clear();
  world.pass(browser, world.request("GET /second"), "GET /second");
  CHECK(world.office.newest == 1);
  world.say("HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(world.hears(browser, "204 No Content"));
}

TEST_CASE("Another service on the same connection gets a flow of its own") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /"), "GET /");
  world.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(world.hears(browser, "200 OK"));
  world.pass(browser, world.request("GET /crm", "", "crm.acme"), "GET /crm");
  CHECK(world.office.newest == 2);
  CHECK(world.office.flow(2).service == "crm");
  CHECK(world.office.flow(1).reset == FlowReset::aborted);
}

TEST_CASE("Bodies go both ways in chunks, by length, and until the end") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(
      browser,
      world.request("POST /up", "Transfer-Encoding: chunked\r\n") + "5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
      "0\r\n\r\n");
  CHECK(world.office.flow().got.ends_with("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
  world.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  REQUIRE(world.hears(browser, "3\r\nabc\r\n"));
  world.say("0\r\n\r\n");
  REQUIRE(world.hears(browser, "0\r\n\r\n"));
  world.pass(browser, world.request("PUT /up", "Content-Length: 4\r\n") + "four", "four");
  world.say("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  REQUIRE(world.hears(browser, "until the end"));
  world.end();
  REQUIRE(world.hears(browser, "0\r\n\r\n"));
  world.pass(browser, world.request("GET /again"), "GET /again");
  CHECK(world.office.newest == 2);
}

TEST_CASE("Requests that follow at once are answered in order") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /1") + world.request("GET /2"), "GET /1");
  CHECK(world.office.flow().got.find("GET /2") == std::string::npos);
  world.say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
  REQUIRE(world.until([&] { return world.office.flow().got.find("GET /2") != std::string::npos; }));
  world.say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
  REQUIRE(world.hears(browser, "two"));
  CHECK(browser.got.find("one") < browser.got.find("two"));
}

TEST_CASE("An answer to HEAD and one without content end where they end") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("HEAD /"), "HEAD");
  world.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  REQUIRE(world.hears(browser, "Content-Length: 1000\r\nConnection: keep-alive\r\n\r\n"));
  world.pass(browser, world.request("GET /n"), "GET /n");
  world.say("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n");
  REQUIRE(world.hears(browser, "304 Not Modified"));
  world.pass(browser, world.request("GET /m"), "GET /m");
  CHECK(world.office.newest == 1);
}

TEST_CASE("100 Continue passes before the body") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("PUT /x", "Content-Length: 4\r\nExpect: 100-continue\r\n"), "100-continue");
  world.say("HTTP/1.1 100 Continue\r\n\r\n");
  REQUIRE(world.hears(browser, "100 Continue\r\n\r\n"));
  world.pass(browser, "body", "body");
  world.say("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  CHECK(world.hears(browser, "201 Created"));
}

TEST_CASE("A WebSocket becomes raw bytes both ways") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  std::string upgrade =
      "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\nOrigin: http://" +
      world.host() + "\r\n";
  world.pass(browser, world.request("GET /live", upgrade), "\r\n\r\n");
  CHECK(world.office.flow().got.find("Connection: Upgrade\r\nUpgrade: websocket\r\n") != std::string::npos);
  world.say(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
      "x\r\n\r\n\x81\x01z");
  REQUIRE(world.hears(browser, "\r\n\r\n\x81\x01z"));
  world.pass(browser, "GET / HTTP/1.1\r\nnot a request any more", "not a request any more");
  world.end();
  CHECK(world.is_closed(browser));
}

TEST_CASE("A service that does not take the upgrade answers like any other") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /live", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), "\r\n\r\n");
  world.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno");
  REQUIRE(world.hears(browser, "\r\n\r\nno"));
  world.pass(browser, world.request("GET /next"), "GET /next");
}

TEST_CASE("An upgrade to something else than WebSocket is not passed on") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser,
             world.request("GET /", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"),
             "\r\n\r\n");
  CHECK(world.office.flow().got == "GET / HTTP/1.1\r\nHost: " + world.host() + "\r\n\r\n");
  world.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  CHECK(world.hears(browser, "502"));
}

TEST_CASE("Headers of one hop stay on it, the Host stays whatever Connection lists") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser,
             world.request("GET /",
                           "Connection: X-Mine, Host\r\nX-Mine: 1\r\nTE: trailers\r\nKeep-Alive: x\r\nX-Other: 2\r\n"),
             "\r\n\r\n");
  CHECK(world.office.flow().got == "GET / HTTP/1.1\r\nHost: " + world.host() + "\r\nX-Other: 2\r\n\r\n");
}

TEST_CASE("A cookie belongs to the service that set it") {
  CHECK(http::without_domain("a=b; Domain=acme.localhost; Path=/; HttpOnly") == "a=b; Path=/; HttpOnly");
  CHECK(http::without_domain("a=b;domain = x;DOMAIN=y") == "a=b");
  CHECK(http::without_domain("Domain=b; Path=/") == "Domain=b; Path=/");
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /"), "GET /");
  world.say(
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Domain=acme.localhost; Path=/\r\nSet-Cookie: b=2\r\nContent-Length: "
      "0\r\n\r\n");
  CHECK(world.hears(browser, "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n"));
}

TEST_CASE("An upload goes no faster than the office takes it") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  constexpr size_t length = 4 << 20;
  world.pass(browser, world.request("PUT /big", "Content-Length: " + std::to_string(length) + "\r\n"), "\r\n\r\n");
  auto& flow = world.office.flow();
  size_t head = flow.got.size();
  flow.space = 100'000;
  std::string body(length, 'x');
  size_t sent = 0;
  auto send_more = [&] {
    ssize_t n = send(browser.fd.get(), body.data() + sent, length - sent, MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<size_t>(n);
  };
  REQUIRE(world.until([&] {
    send_more();
    return flow.got.size() == head + 100'000;
  }));
  while (flow.got.size() < head + length) {
    size_t before = flow.got.size();
    flow.space = 300'000;
    world.flows.handle(event::FlowWritable{world.office.newest});
    REQUIRE(world.until([&] {
      send_more();
      return flow.got.size() > before;
    }));
    CHECK(flow.got.size() <= before + 300'000);
  }
  CHECK(flow.got.substr(head) == body);
}

TEST_CASE("A download goes no faster than the browser takes it") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /big"), "GET /big");
  constexpr size_t length = 16 << 20;
  world.say("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n");
  auto& flow = world.office.flow();
  flow.saying.assign(length, 'y');
  world.flows.handle(event::FlowReadable{world.office.newest});
  CHECK(flow.saying.size() > length / 4);
  REQUIRE(world.until([&] {
    browser.read();
    return browser.got.size() >= length;
  }));
  CHECK(browser.got.ends_with(std::string(1000, 'y')));
}

TEST_CASE("A browser that goes away ends the flow") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /events"), "GET /events");
  browser.fd.reset();
  CHECK(world.until([&] { return world.office.flow().reset == FlowReset::aborted; }));
  CHECK(world.until([&] { return world.flows.size() == 0; }));
}

TEST_CASE("An answer that breaks off does not look whole") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /"), "GET /");
  world.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  REQUIRE(world.hears(browser, "half"));
  world.flows.handle(event::FlowEnded{world.office.newest, FlowReset::connection_lost, ""});
  REQUIRE(world.is_closed(browser));
  CHECK(browser.reset);
}

TEST_CASE("A service that cannot be reached is a page that says so") {
  BrowserAndOffice world;
  struct Case {
    FlowReset reset;
    int status;
  };
  for (Case one : {Case{FlowReset::target_refused, 502},
                   {FlowReset::no_such_service, 404},
                   {FlowReset::revoked, 403},
                   {FlowReset::connection_lost, 502}}) {
    Browser browser = world.connect();
    FlowId before = world.office.newest;
    browser.send(world.request("GET /"));
    REQUIRE(world.until([&] { return world.office.newest > before; }));
    world.flows.handle(event::FlowEnded{world.office.newest, one.reset, "<why>"});
    REQUIRE(world.hears(browser, "</html>"));
    CHECK(browser.status() == one.status);
    CHECK(browser.got.find("<why>") == std::string::npos);
    CHECK(world.is_closed(browser));
  }
}

TEST_CASE("What went wrong is said in the person's language, with the exact reason below") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /", "Accept-Language: es-MX,es\r\n"), "GET /");
  world.flows.handle(event::FlowEnded{world.office.newest, FlowReset::target_refused, "Nothing listens on <port>."});
  REQUIRE(world.hears(browser, "</html>"));
  CHECK(browser.got.find("El servicio no responde en la oficina.") != std::string::npos);
  CHECK(browser.got.find("Nothing listens on &lt;port&gt;.") != std::string::npos);
  CHECK(browser.got.find("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'") !=
        std::string::npos);
}

TEST_CASE("A service that closed a kept connection meanwhile makes the browser ask again") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /1"), "GET /1");
  world.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(world.hears(browser, "200 OK"));
  SECTION("before the next request: it gets a new flow") {
    world.end();
    browser.send(world.request("GET /2"));
    CHECK(world.until([&] { return world.office.newest == 2; }));
  }
  SECTION("during it: the connection ends without an answer") {
    browser.got.clear();
    world.pass(browser, world.request("GET /2"), "GET /2");
    world.end();
    REQUIRE(world.is_closed(browser));
    CHECK(browser.got.empty());
  }
}

TEST_CASE("An early answer to a large upload arrives, then the connection ends") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("PUT /big", "Content-Length: 1000000\r\n") + "begin", "begin");
  world.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno.");
  REQUIRE(world.hears(browser, "no."));
  CHECK(world.is_closed(browser));
}

TEST_CASE("An answer that is no HTTP is not passed on") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /"), "GET /");
  world.say("-ERR unknown command 'GET'\r\n");
  REQUIRE(world.hears(browser, "</html>"));
  CHECK(browser.status() == 502);
  CHECK(browser.got.find("-ERR") == std::string::npos);
}
