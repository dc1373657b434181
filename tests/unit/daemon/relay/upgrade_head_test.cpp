// What a client makes of an answer to its request for a WebSocket that is none.
#include "daemon/relay/upgrade_head.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge::upgrade;

namespace {

std::string redirection(const std::string& location, const std::string& status = "302 Found") {
  return "HTTP/1.1 " + status + "\r\nServer: x\r\nLocation: " + location + "\r\n\r\n";
}

}  // namespace

TEST_CASE("an answer that leads to another host, or says that one has to sign in, is a captive portal's") {
  for (const char* status : {"301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"})
    CHECK(is_captive_portal(redirection("https://portal.example/agree?to=relay.example", status), "relay.example"));
  CHECK(is_captive_portal(redirection("//portal.example"), "relay.example"));
  CHECK(is_captive_portal(redirection("http://[2001:db8::1]:8080/"), "relay.example"));
  CHECK(is_captive_portal(redirection("https://login.relay.example/"), "relay.example"));
  CHECK(is_captive_portal("HTTP/1.1 511 Network Authentication Required\r\n\r\n", "relay.example"));
}

TEST_CASE("an answer of the relay's own host, whatever it is, is no captive portal's") {
  CHECK_FALSE(is_captive_portal(redirection("https://relay.example/relay"), "relay.example"));
  CHECK_FALSE(is_captive_portal(redirection("https://Relay.Example:8443"), "relay.example"));
  CHECK_FALSE(is_captive_portal(redirection("https://[2001:db8::1]/"), "2001:db8::1"));
  CHECK_FALSE(is_captive_portal(redirection("/relay/"), "relay.example"));
  for (const char* path : {"/login?u=//portal.example", "login//portal.example", "?to=http://portal.example", "#http://portal.example"})
    CHECK_FALSE(is_captive_portal(redirection(path), "relay.example"));
  CHECK_FALSE(is_captive_portal(redirection("https://www.relay.example/"), "relay.example"));
  CHECK_FALSE(is_captive_portal(redirection("https://relay.example/"), "WWW.relay.example"));
  CHECK_FALSE(is_captive_portal(redirection("https://other.example/", "200 OK"), "relay.example"));
  CHECK_FALSE(is_captive_portal("HTTP/1.1 404 Not Found\r\n\r\n", "relay.example"));
  CHECK_FALSE(is_captive_portal("garbage\r\n\r\n", "relay.example"));
}
