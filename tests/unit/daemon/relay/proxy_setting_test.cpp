#include "daemon/relay/proxy_setting.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace drawbridge;

namespace {

Result<std::optional<ProxySetting>> from(const std::map<std::string, std::string>& environment) {
  return proxy_from_environment([&](const char* name) -> const char* {
    auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

TEST_CASE("a proxy has a host, a port, and perhaps a user and a password") {
  CHECK(parse_proxy("http://proxy.example:3128").take() == ProxySetting{"proxy.example", 3128, "", "", {}});
  CHECK(parse_proxy("HTTP://ann:s%40cret%3A1@10.0.0.1:8080/").take() == ProxySetting{"10.0.0.1", 8080, "ann", "s@cret:1", {}});
  CHECK(parse_proxy("http://ann:a:b@c@[2001:db8::1]:80").take() == ProxySetting{"2001:db8::1", 80, "ann", "a:b@c", {}});
  CHECK(parse_proxy("http://ann@proxy.example:1").take().password.empty());
}

TEST_CASE("what is no proxy is refused, and the refusal does not repeat a password") {
  for (const char* text : {"", "http://", "proxy:3128", "socks5://ann:secret@proxy:1080", "https://ann:secret@proxy:443", "http://ann:secret@proxy",
                           "http://ann:secret@proxy:0", "http://ann:secret@proxy:70000", "http://ann:secret@proxy:80x", "http://ann:secret@:80",
                           "http://:secret@proxy:80", "http://an%3An:secret@proxy:80", "http://ann:secret%4@proxy:80", "http://ann:secret%zz@proxy:80",
                           "http://ann:secret@pro xy:80", "http://ann:secret@pro/xy:80", "http://ann:secret@2001:db8::1:80"}) {
    CAPTURE(text);
    auto proxy = parse_proxy(text);
    REQUIRE(!proxy);
    CHECK((proxy.error().message + proxy.error().remedy).find("secret") == std::string::npos);
  }
  CHECK(!parse_proxy("http://" + std::string(2000, 'a') + ":80"));
}

TEST_CASE("the environment names a proxy as for other programs, and hosts that are reached without it") {
  CHECK(!from({}).take());
  CHECK(!from({{"https_proxy", ""}}).take());
  CHECK(!from({{"https_proxy", "socks5://proxy:1"}}));
  CHECK(from({{"HTTPS_PROXY", "http://b:2"}, {"https_proxy", "http://a:1"}}).take()->host == "a");
  auto proxy = *from({{"HTTPS_PROXY", "http://proxy:3128"}, {"no_proxy", "localhost, .Inside.example,10.0.0.7"}}).take();
  CHECK(proxy.applies_to("relay.example"));
  CHECK(proxy.applies_to("notinside.example"));
  CHECK_FALSE(proxy.applies_to("inside.example"));
  CHECK_FALSE(proxy.applies_to("relay.INSIDE.example"));
  CHECK_FALSE(proxy.applies_to("10.0.0.7"));
  CHECK_FALSE(from({{"https_proxy", "http://proxy:3128"}, {"NO_PROXY", "*"}}).take()->applies_to("relay.example"));
}

TEST_CASE("this computer itself is never reached by a proxy") {
  auto proxy = parse_proxy("http://proxy.example:3128").take();
  for (const char* own : {"localhost", "relay.localhost", "127.0.0.1", "127.1.2.3", "::1"}) CHECK_FALSE(proxy.applies_to(own));
}
