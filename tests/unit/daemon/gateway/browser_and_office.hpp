// A gateway between a browser's real sockets and an office in memory.
#pragma once

#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "daemon/gateway/gateway.hpp"
#include "daemon/io/stream_socket.hpp"
#include "daemon/storage/write_queue.hpp"
#include "fake_office.hpp"
#include "tests/unit/daemon/run_until.hpp"
#include "tests/unit/daemon/temporary_folder.hpp"

namespace drawbridge::gateway {

struct Browser {
  FileDescriptor fd;
  std::string got;
  bool closed = false, reset = false;

  void send(std::string_view text) {
    REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  void read() {
    char bytes[65536];
    ssize_t length;
    while ((length = recv(fd.get(), bytes, sizeof bytes, 0)) > 0) got.append(bytes, static_cast<size_t>(length));
    if (length == 0) closed = true;
    if (length < 0 && errno == ECONNRESET) closed = reset = true;
  }
  int status() const { return got.size() < 12 ? 0 : std::stoi(got.substr(9, 3)); }
};

struct BrowserAndOffice {
  TemporaryFolder folder;
  RowStore store = RowStore::open(folder.file("state.db"), {}).take();
  Loop loop;
  WriteQueue queue{loop, store, [](uint64_t, const Result<void>&) {}};
  Settings settings{store.settings().take(), queue};
  FakeOffice office;
  FlowTable flows{loop, office};
  SocketOwners owners;
  LocalUsers users{geteuid()};
  std::vector<LocalRefusal> refused;
  std::vector<uint16_t> moved;
  std::map<DeviceId, std::string> names{{{{1}}, "Acme"}, {{{2}}, "Étude Dupont & fils"}, {{{3}}, "ACME"}};
  uint16_t wanted_port = free_port();
  std::unique_ptr<Gateway> gateway = make();

  BrowserAndOffice() {
    loop.at_turn_end([this] {
      gateway->sweep();
      flows.sweep();
    });
    gateway->offer({service(1, "files", "folder"), service(1, "crm", "tcp"), service(2, "files", "folder")});
  }

  std::unique_ptr<Gateway> make() {
    return std::make_unique<Gateway>(
        loop, flows, office, settings, owners, users, wanted_port,
        Gateway::Hooks{[this](const DeviceId&, const std::string& name) { return office.open(name); },
                       [this](const DeviceId& id) { return names.at(id); },
                       [this](const LocalRefusal& refusal) { refused.push_back(refusal); },
                       [this](uint16_t port) { moved.push_back(port); }});
  }
  static OfferedService service(uint8_t office, const std::string& name, const std::string& kind) {
    return {{PeerRole::office, DeviceId{{office}}}, name, kind, 0};
  }
  // Of 127.0.0.1, and most likely of ::1 too.
  static uint16_t free_port() { return own_address(listen_tcp(SocketAddress::v4(127, 0, 0, 1, 0)).take().get()).port; }

  std::string host(const std::string& name = "files.acme") const {
    return name + ".localhost:" + std::to_string(gateway->port());
  }
  std::string request(const std::string& line, const std::string& more = "",
                      const std::string& name = "files.acme") const {
    return line + " HTTP/1.1\r\nHost: " + host(name) + "\r\n" + more + "\r\n";
  }

  Browser connect() { return {connect_tcp(SocketAddress::v4(127, 0, 0, 1, gateway->port())).fd}; }

  template <typename Condition>
  bool until(Condition condition) {
    return run_until(loop, condition);
  }
  // Sends and waits until the office has it.
  void pass(Browser& browser, const std::string& text, const std::string& seen) {
    browser.send(text);
    REQUIRE(until([&] { return office.newest && office.flow().got.find(seen) != std::string::npos; }));
  }
  void say(const std::string& text, FlowId id = 0) {
    append(office.flow(id).saying, as_bytes(text));
    flows.handle(event::FlowReadable{id ? id : office.newest});
  }
  void end(FlowId id = 0) {
    office.flow(id).said_all = true;
    flows.handle(event::FlowReadable{id ? id : office.newest});
  }
  bool hears(Browser& browser, const std::string& text) {
    return until([&] {
      browser.read();
      return browser.got.find(text) != std::string::npos;
    });
  }
  bool is_closed(Browser& browser) {
    return until([&] {
      browser.read();
      return browser.closed;
    });
  }
  // The status of the gateway's own answer to a request that must not reach the office.
  int refused_with(const std::string& text) {
    FlowId before = office.newest;
    Browser browser = connect();
    browser.send(text);
    REQUIRE(until([&] {
      browser.read();
      return browser.closed || browser.got.find("\r\n\r\n") != std::string::npos;
    }));
    CHECK(office.newest == before);
    return browser.status();
  }
};

}  // namespace drawbridge::gateway
