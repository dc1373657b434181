// The office's page on real sockets, its commands answered by the test.
#pragma once

#include <catch2/catch.hpp>

#include "daemon/io/stream_socket.hpp"
#include "daemon/io/system_entropy.hpp"
#include "daemon/office_page/office_page.hpp"
#include "tests/unit/daemon/run_until.hpp"

namespace drawbridge::office_page {

struct Tab {
  FileDescriptor fd;
  std::string got;
  bool closed = false;

  void send(std::string_view text) { (void)::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL); }
  void read() {
    char bytes[65536];
    ssize_t length;
    while ((length = recv(fd.get(), bytes, sizeof bytes, MSG_DONTWAIT)) > 0) got.append(bytes, static_cast<size_t>(length));
    closed = closed || length == 0 || errno == ECONNRESET;
  }
  int status() const { return got.size() < 12 ? 0 : std::stoi(got.substr(9, 3)); }
};

struct Office {
  Loop loop;
  SystemEntropy entropy;
  SocketOwners owners;
  std::vector<admin::CallPtr> calls;
  std::vector<LocalRefusal> refused;
  std::unique_ptr<OfficePage> page = std::make_unique<OfficePage>(
      loop, entropy, owners,
      OfficePage::Hooks{[this](admin::CallPtr call) { calls.push_back(std::move(call)); },
                        [this](const LocalRefusal& refusal) { refused.push_back(refusal); }});

  Office() {
    loop.at_turn_end([this] { page->sweep(); });
  }

  // "office.localhost:PORT" and the secret of the link.
  std::string host, link;
  void open(uid_t user = geteuid()) {
    std::string url = page->open(user).take();
    size_t hash = url.find("/#open=");
    REQUIRE(hash != std::string::npos);
    host = url.substr(7, hash - 7);
    link = url.substr(hash + 7);
  }
  uint16_t port() const { return static_cast<uint16_t>(std::stoi(host.substr(host.rfind(':') + 1))); }
  Tab tab() { return {connect_tcp(SocketAddress::v4(127, 0, 0, 1, port())).fd, "", false}; }

  std::string get(const std::string& target, const std::string& more = "") const {
    return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n";
  }
  std::string post(const std::string& target, const std::string& body, const std::string& more = "Sec-Fetch-Site: same-origin\r\n") const {
    return "POST " + target + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\n" + more +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  // What comes back until `expected` is in it, or the connection ends.
  std::string ask(Tab& tab, const std::string& request, const std::string& expected = "\r\n\r\n") {
    tab.got.clear();
    tab.send(request);
    run_until(loop, [&] {
      tab.read();
      return tab.closed || tab.got.find(expected) != std::string::npos;
    });
    return tab.got;
  }
  int status_of(const std::string& request) {
    Tab fresh = tab();
    ask(fresh, request);
    return fresh.status();
  }
  // A Cookie header of a session.
  std::string enter() {
    Tab fresh = tab();
    std::string answer = ask(fresh, post("/session", R"({"link":")" + link + "\"}"), "{}");
    size_t begin = answer.find("drawbridge-page=");
    REQUIRE(begin != std::string::npos);
    return "Sec-Fetch-Site: same-origin\r\nCookie: other=1; " + answer.substr(begin, answer.find(';', begin) - begin) + "\r\n";
  }
  std::string call(const std::string& session, const std::string& command = "overview", const std::string& args = "{}") {
    return post("/call", R"({"command":")" + command + R"(","args":)" + args + "}", session);
  }
};

}  // namespace drawbridge::office_page
