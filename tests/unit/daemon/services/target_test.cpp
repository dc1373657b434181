#include "daemon/services/target.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge;

TEST_CASE("targets are read in each form") {
  auto tcp = parse_target("localhost:5432").take();
  CHECK(tcp.kind == Target::Kind::tcp);
  CHECK(tcp.host == "localhost");
  CHECK(native_port(tcp) == 5432);
  CHECK(parse_target("[2001:db8::1]:80")->host == "2001:db8::1");
  auto udp = parse_target("udp:[2001:db8::1]:53").take();
  CHECK(udp.kind == Target::Kind::udp);
  CHECK(udp.host == "2001:db8::1");
  CHECK(native_port(udp) == 53);
  auto web = parse_target("http://localhost:8080/").take();
  CHECK(web.kind == Target::Kind::http);
  CHECK(authority(web) == "localhost:8080");
  CHECK(native_port(web) == 8080);
  CHECK(authority(*parse_target("http://nas")) == "nas");
  CHECK(authority(*parse_target("http://[2001:db8::1]:81")) == "[2001:db8::1]:81");
  CHECK(parse_target("https://localhost").error().remedy.find("http://host:port") != std::string::npos);
  CHECK(parse_target("command:ollama serve")->path == "ollama serve");
  CHECK(kind_name(Target::Kind::command) == std::string("command"));
  CHECK(parse_target("unix:/run/app.sock")->path == "/run/app.sock");
  CHECK(parse_target("folder:/srv/my files")->path == "/srv/my files");
  CHECK_FALSE(parse_target("folder:/srv")->read_only);
  CHECK(parse_target("folder:ro:/srv/clients")->read_only);
  CHECK(parse_target("folder:ro:/srv/clients")->path == "/srv/clients");
  CHECK(kind_name(parse_target("folder:/srv")->kind) == std::string("folder"));
}

TEST_CASE("a wrong target is refused and the sentence says which forms there are") {
  auto text =
      GENERATE(as<std::string>{}, "", "localhost", "localhost:", "localhost:0", "localhost:65536", "localhost:12x",
               ":80", "a b:80", "2001:db8::1:80", "unix:relative.sock", "unix:", "folder:files", "udp:host", "udp:53",
               "http://host:80/path", "http://", "http://host:0", "http:host:80", "command:", "command: ", "command:a\nb", "unix:/" + std::string(107, 'x'));
  auto target = parse_target(text);
  REQUIRE_FALSE(target.ok());
  CHECK(target.error().code == ErrorCode::invalid_argument);
  CHECK(target.error().remedy.find("unix:/") != std::string::npos);
}
