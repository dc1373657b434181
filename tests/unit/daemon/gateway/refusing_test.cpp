#include "browser_and_office.hpp"
#include "daemon/http/head_check.hpp"

using namespace drawbridge;
using namespace drawbridge::gateway;
using namespace drawbridge::http;

TEST_CASE("Only exact names of known services are served") {
  BrowserAndOffice world;
  std::string port = ":" + std::to_string(world.gateway->port());
  for (const std::string& host :
       {"other.acme.localhost" + port, "files.other.localhost" + port, "x.files.acme.localhost" + port,
        "files.acme.localhost" + port + ".", "files.acme.localhost." + port, std::string("files.acme.localhost"),
        std::string("files.acme.localhost:80"), "localhost" + port, "127.0.0.1" + port, "[::1]" + port,
        "evil.example" + port, "files.acme.localhost.evil.example" + port, "files_acme.localhost" + port,
        ".acme.localhost" + port, "files..acme.localhost" + port, "files.acme.localhost:0" + port.substr(1)}) {
    INFO(host);
    CHECK(world.refused_with("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n") == 421);
  }
  Browser browser = world.connect();
  world.pass(browser, "GET / HTTP/1.1\r\nHost: FILES.Acme.LOCALHOST" + port + "\r\n\r\n", "GET /");
}

TEST_CASE("Requests that can be read in two ways are refused") {
  BrowserAndOffice world;
  std::string host = "Host: " + world.host() + "\r\n";
  for (const std::string& request : std::initializer_list<std::string>{
           "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
           "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
           "POST / HTTP/1.1\r\n" + host + "Content-Length: 5, 5\r\n\r\nhello",
           "POST / HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\nhello",
           "POST / HTTP/1.1\r\n" + host + "Content-Length: 0x5\r\n\r\nhello",
           "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n",
           "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n",
           "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\n" + host +
               "Transfer-Encoding:\x0b"
               "chunked\r\n\r\n0\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n",
           "GET / HTTP/1.1\r\nX: y\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "X: y\r\n folded\r\n\r\n",
           "GET / HTTP/1.1\r\n " + host + "\r\n",
           "GET / HTTP/1.1\n" + host + "\r\n",
           "GET / HTTP/1.1\r\nHost: " + world.host() + "\nX: y\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: " + world.host() + "\r\n\n",
           "GET / HTTP/1.1\r\n" + host + "X: a\rb\r\n\r\n",
           std::string("GET / HTTP/1.1\r\n") + host + std::string("X: a\0b\r\n\r\n", 10),
           "GET / HTTP/1.1\r\n" + host + ": x\r\n\r\n",
           "GET / HTTP/1.1\r\n" + host + "no colon\r\n\r\n",
           "GET  / HTTP/1.1\r\n" + host + "\r\n",
           "GET / x HTTP/1.1\r\n" + host + "\r\n",
           "GET /\r\n" + host + "\r\n",
           "GET / HTTP/2.0\r\n" + host + "\r\n",
           "GET / HTTP/1.1x\r\n" + host + "\r\n",
           "\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
           "GET http://" + world.host() + "/ HTTP/1.1\r\n" + host + "\r\n",
           "GET * HTTP/1.1\r\n" + host + "\r\n",
           "NONSENSE / HTTP/1.1\r\n" + host + "\r\n",
           std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 13),
           "GET /live HTTP/1.1\r\n" + host +
               "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc",
           "GET / HTTP/1.1\r\n" + host + "Origin: http://a\r\nOrigin: http://b\r\n\r\n",
       }) {
    INFO(request);
    CHECK(world.refused_with(request) == 400);
  }
}

TEST_CASE("Proxy requests and mirrors are refused") {
  BrowserAndOffice world;
  CHECK(world.refused_with("CONNECT db:5432 HTTP/1.1\r\nHost: " + world.host() + "\r\n\r\n") == 405);
  CHECK(world.refused_with(world.request("TRACE /")) == 405);
}

TEST_CASE("A head has at most 16 KiB and 100 lines") {
  BrowserAndOffice world;
  CHECK(world.refused_with(world.request("GET /", "X: " + std::string(17'000, 'x') + "\r\n")) == 431);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X: y\r\n";
  CHECK(world.refused_with(world.request("GET /", many)) == 431);
  CHECK(world.refused_with("GET /" + std::string(17'000, 'x')) == 431);
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /", "X: " + std::string(15'000, 'x') + "\r\n"), "\r\n\r\n");
}

TEST_CASE("Other sites can neither change anything nor open a WebSocket") {
  BrowserAndOffice world;
  std::string own = "http://" + world.host();
  for (const std::string& from :
       {std::string("Origin: http://evil.example\r\n"), std::string("Origin: null\r\n"),
        std::string("Sec-Fetch-Site: cross-site\r\n"), std::string("Sec-Fetch-Site: same-site\r\n"),
        "Origin: http://" + world.host("crm.acme") + "\r\n", "Sec-Fetch-Site: cross-site\r\nOrigin: " + own + "\r\n",
        "Origin: https://" + world.host() + "\r\n"}) {
    INFO(from);
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "MKCOL", "PROPFIND"})
      CHECK(world.refused_with(world.request(std::string(method) + " /", from)) == 403);
    CHECK(world.refused_with(world.request("GET /live", from + "Connection: Upgrade\r\nUpgrade: websocket\r\n")) ==
          403);
    Browser browser = world.connect();
    world.pass(browser, world.request("GET /read", from), "GET /read");
  }
  for (const std::string& from : {"Origin: " + own + "\r\n", std::string("Sec-Fetch-Site: same-origin\r\n"),
                                  std::string("Sec-Fetch-Site: none\r\n"), std::string()}) {
    INFO(from);
    Browser browser = world.connect();
    world.pass(browser, world.request("POST /ok", from + "Content-Length: 0\r\n"), "POST /ok");
    FlowId before = world.office.newest;
    Browser live = world.connect();
    live.send(world.request("GET /live", from + "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    CHECK(world.until([&] { return world.office.newest > before; }));
  }
}

TEST_CASE("The head check sees a head only when all of it is there") {
  std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  for (size_t length = 0; length < head.size(); ++length) {
    INFO(length);
    CHECK(check_head(head.substr(0, length)).kind == HeadCheck::Kind::incomplete);
  }
  CHECK(check_head(head).kind == HeadCheck::Kind::complete);
  CHECK(check_head(head + "rest").length == head.size());
}

TEST_CASE("Another user's program is reset") {
  BrowserAndOffice world;
  world.users = {geteuid() + 1};
  Browser browser = world.connect();
  CHECK(world.is_closed(browser));
  CHECK(world.refused.size() == 1);
}

TEST_CASE("A service that is offered no more is not served any more") {
  BrowserAndOffice world;
  Browser browser = world.connect();
  world.pass(browser, world.request("GET /"), "GET /");
  world.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(world.hears(browser, "200 OK"));
  world.gateway->offer({world.service(1, "crm", "tcp")});
  browser.got.clear();
  browser.send(world.request("GET /2"));
  CHECK(world.hears(browser, "421"));
  world.gateway->offer({});
  CHECK(world.gateway->port() == 0);
}
