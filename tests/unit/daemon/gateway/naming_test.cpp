#include "browser_and_office.hpp"

using namespace drawbridge;
using namespace drawbridge::gateway;

TEST_CASE("Names become labels that a browser takes") {
  CHECK(dns_label("Acme") == "acme");
  CHECK(dns_label("Étude Dupont & fils") == "etude-dupont-fils");
  CHECK(dns_label("  --Büro 7--  ") == "buro-7");
  CHECK(dns_label("文書") == "office");
  CHECK(dns_label("") == "office");
  CHECK(dns_label(std::string(64, 'a')).size() <= 40);
}

TEST_CASE("Services for browsers have an address each, others none") {
  BrowserAndOffice world;
  std::string port = std::to_string(world.gateway->port());
  CHECK(world.gateway->url(DeviceId{{1}}, "files") == "http://files.acme.localhost:" + port + "/");
  CHECK(world.gateway->url(DeviceId{{2}}, "files") == "http://files.etude-dupont-fils.localhost:" + port + "/");
  CHECK(world.gateway->url(DeviceId{{1}}, "crm").empty());
  CHECK(world.gateway->url(DeviceId{{3}}, "files").empty());
}

TEST_CASE("Offices of one name get different labels, and keep them when they are renamed") {
  BrowserAndOffice world;
  world.gateway->offer({world.service(1, "files", "folder"), world.service(3, "files", "folder")});
  std::string first = world.gateway->url(DeviceId{{1}}, "files"), second = world.gateway->url(DeviceId{{3}}, "files");
  CHECK(second.find("files.acme-2.localhost") != std::string::npos);
  world.names[DeviceId{{1}}] = "Renamed";
  world.gateway->offer({world.service(3, "files", "folder"), world.service(1, "files", "folder")});
  CHECK(world.gateway->url(DeviceId{{1}}, "files") == first);
  CHECK(world.gateway->url(DeviceId{{3}}, "files") == second);
}

TEST_CASE("A port that is taken moves on by one, is said, and stays at the next start") {
  BrowserAndOffice world;
  world.gateway->offer({});
  uint16_t wanted = BrowserAndOffice::free_port();
  auto other = listen_tcp(SocketAddress::v4(127, 0, 0, 1, wanted));
  REQUIRE(other);
  world.wanted_port = wanted;
  world.gateway = world.make();
  world.gateway->offer({world.service(1, "files", "folder")});
  uint16_t moved = world.gateway->port();
  CHECK(moved > wanted);
  CHECK(world.moved == std::vector<uint16_t>{moved});
  world.gateway = nullptr;
  other->reset();
  world.gateway = world.make();
  world.gateway->offer({world.service(1, "files", "folder")});
  CHECK(world.gateway->port() == moved);
}

TEST_CASE("A gateway that is switched off does not listen") {
  BrowserAndOffice world;
  world.wanted_port = 0;
  world.gateway = world.make();
  world.gateway->offer({world.service(1, "files", "folder")});
  CHECK(world.gateway->port() == 0);
  CHECK(world.gateway->url(DeviceId{{1}}, "files").empty());
}

TEST_CASE("An office's own page names its services") {
  BrowserAndOffice world;
  world.names[DeviceId{{1}}] = "Acme <b>";
  world.gateway->offer({world.service(1, "files", "folder"), world.service(1, "crm", "tcp")});
  Browser browser = world.connect();
  browser.send(world.request("GET /", "Accept-Language: fr\r\n", "acme"));
  REQUIRE(world.hears(browser, "</html>"));
  CHECK(browser.status() == 200);
  CHECK(browser.got.find("href=\"http://files.acme.localhost:") != std::string::npos);
  CHECK(browser.got.find("href=\"http://crm") == std::string::npos);
  CHECK(browser.got.find("pas pour un navigateur") != std::string::npos);
  CHECK(browser.got.find("Acme &lt;b&gt;") != std::string::npos);
  CHECK(browser.got.find("Content-Security-Policy: default-src 'none'") != std::string::npos);
  CHECK(world.is_closed(browser));
  CHECK(world.refused_with(world.request("GET /other", "", "acme")) == 404);
  CHECK(world.refused_with(world.request("POST /", "", "acme")) == 405);
  CHECK(world.refused_with(world.request("GET /.drawbridge/page.css", "", "acme")) == 200);
}

TEST_CASE("A browser that prefers IPv6 is served too") {
  BrowserAndOffice world;
  SocketAddress v6;
  v6.ip[15] = 1;
  if (!listen_tcp(v6)) return;  // this machine has none
  v6.port = world.gateway->port();
  Browser browser{connect_tcp(v6).fd};
  world.pass(browser, world.request("GET /"), "GET /");
}
