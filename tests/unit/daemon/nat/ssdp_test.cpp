#include "daemon/nat/ssdp.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "daemon/io/clock.hpp"
#include "tests/unit/daemon/nat/fake_gateways.hpp"

using namespace drawbridge;

namespace {

// Answers SSDP at 127.0.0.`last` with what it was told.
class FakeSsdp : FakeServer {
 public:
  FakeSsdp(uint8_t last, std::string answer) : FakeServer(SOCK_DGRAM, SocketAddress::v4(127, 0, 0, last, 1900)), answer_(std::move(answer)) {
    begin([this] { serve(); });
  }
  ~FakeSsdp() { finish(); }
  std::atomic<int> questions = 0;

 private:
  void serve() {
    char question[512];
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    ssize_t size = recvfrom(fd(), question, sizeof question, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (size > 0 && std::string(question, static_cast<size_t>(size)).starts_with("M-SEARCH * HTTP/1.1\r\n")) ++questions;
    sendto(fd(), answer_.data(), answer_.size(), 0, reinterpret_cast<sockaddr*>(&from), length);
  }
  std::string answer_;
};

std::string answer(const std::string& location, const std::string& kind = "urn:schemas-upnp-org:device:InternetGatewayDevice:1") {
  return "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: " + kind + "\r\nLocation: " + location + "\r\nEXT:\r\n\r\n";
}

const SocketAddress router = SocketAddress::v4(192, 168, 1, 1, 0);

Gateway at(uint8_t last) { return {SocketAddress::v4(127, 0, 0, last, 0), SocketAddress::v4(127, 0, 0, 1, 0), {}}; }

}  // namespace

TEST_CASE("a router's answer to the search names its description") {
  CHECK(ssdp_location(answer("http://192.168.1.1:5000/desc.xml"), router) == "http://192.168.1.1:5000/desc.xml");
  CHECK(ssdp_location(answer("http://192.168.1.1/d"), router) == "http://192.168.1.1/d");
}

TEST_CASE("an answer that points elsewhere, or is no router's, names nothing") {
  for (const char* url : {"http://192.168.1.10:5000/", "http://192.168.1.1.evil.example/", "https://192.168.1.1/", "http://evil.example/",
                          "http://192.168.1.1@evil.example/", "", "http://192.168.1.1:80/a b"})
    CHECK_FALSE(ssdp_location(answer(url), router));
  CHECK_FALSE(ssdp_location(answer("http://192.168.1.1/" + std::string(200, 'a')), router));
  CHECK_FALSE(ssdp_location(answer("http://192.168.1.1/", "urn:schemas-upnp-org:device:MediaServer:1"), router));
  CHECK_FALSE(ssdp_location("NOTIFY * HTTP/1.1\r\nLocation: http://192.168.1.1/\r\n\r\n", router));
  CHECK_FALSE(ssdp_location("", router));
}

TEST_CASE("a search ends with the gateway's answer, long before its patience") {
  FakeSsdp server(51, answer("http://127.0.0.51:9/desc.xml"));
  Instant began = read_clocks().boot;
  CHECK(ssdp_search(at(51), {20s, -1}) == "http://127.0.0.51:9/desc.xml");
  CHECK(read_clocks().boot - began < 5s);
}

TEST_CASE("a search without a good answer asks three times and ends with its patience") {
  FakeSsdp server(52, "garbage");
  Instant began = read_clocks().boot;
  CHECK_FALSE(ssdp_search(at(52), {90ms, -1}));
  CHECK(read_clocks().boot - began < 3s);
  while (server.questions < 3 && read_clocks().boot - began < 20s) std::this_thread::yield();  // its own thread counts
  CHECK(server.questions == 3);
}

TEST_CASE("a search can be interrupted") {
  FileDescriptor bell(eventfd(1, EFD_CLOEXEC));
  Instant began = read_clocks().boot;
  CHECK_FALSE(ssdp_search(at(53), {20s, bell.get()}));
  CHECK(read_clocks().boot - began < 5s);
}
