// Routers for tests, each on a loopback address and a thread of its own. They count what they are asked.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <cstring>
#include <set>
#include <string>
#include <thread>

#include "daemon/io/socket_address.hpp"
#include "daemon/io/file_descriptor.hpp"
#include "daemon/nat/gateway.hpp"

namespace drawbridge {

// Runs `serve` whenever `fd` is readable, until it dies.
class FakeServer {
 public:
  FakeServer(int type, const SocketAddress& address) : fd_(socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    SystemAddress system = to_system(address);
    int on = 1;
    setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd_.get(), system.get(), system.length) != 0) std::abort();
    if (type == SOCK_STREAM && listen(fd_.get(), 16) != 0) std::abort();
  }
  uint16_t port() const { return own_address(fd_.get()).port; }
  int fd() const { return fd_.get(); }

 protected:
  template <typename Serve>
  void begin(Serve serve) {
    thread_ = std::thread([this, serve] {
      pollfd watched[] = {{fd_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}};
      while (poll(watched, 2, -1) >= 0 && watched[1].revents == 0) serve();
    });
  }
  void finish() {
    uint64_t one = 1;
    (void)!write(end_.get(), &one, sizeof one);
    thread_.join();
  }
  // A pause of the fake itself, which its end cuts short.
  void dawdle(int ms) {
    pollfd watched{end_.get(), POLLIN, 0};
    poll(&watched, 1, ms);
  }

 private:
  FileDescriptor fd_;
  FileDescriptor end_{eventfd(0, EFD_CLOEXEC)};
  std::thread thread_;
};

// NAT-PMP (RFC 6886) at 127.0.0.`last`.
class FakeNatPmp : FakeServer {
 public:
  explicit FakeNatPmp(uint8_t last) : FakeServer(SOCK_DGRAM, SocketAddress::v4(127, 0, 0, last, 5351)), last_(last) {
    begin([this] { serve(); });
  }
  ~FakeNatPmp() { finish(); }
  Gateway gateway() const { return {SocketAddress::v4(127, 0, 0, last_, 0), SocketAddress::v4(127, 0, 0, 1, 0), {}}; }

  std::atomic<uint32_t> external = 0xcb007107;  // 203.0.113.7
  std::atomic<uint16_t> result = 0, granted_port = 0, said_private_port = 0;  // 0: as asked
  std::atomic<int64_t> granted_lifetime = -1;                                 // -1: as asked
  std::atomic<uint32_t> epoch = 10'000;
  std::atomic<bool> silent = false, garbage = false, port_zero = false;
  std::atomic<int> late_ms = 0;

  std::atomic<int> address_questions = 0, map_questions = 0, withdrawals = 0, strange = 0;

 private:
  static void put16(uint8_t* at, uint16_t value) { value = htons(value), std::memcpy(at, &value, 2); }
  static void put32(uint8_t* at, uint32_t value) { value = htonl(value), std::memcpy(at, &value, 4); }

  void serve() {
    uint8_t question[64];
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    ssize_t size = recvfrom(fd(), question, sizeof question, 0, reinterpret_cast<sockaddr*>(&from), &length);
    uint8_t answer[16] = {0, static_cast<uint8_t>(question[1] | 0x80)};
    put16(answer + 2, result);
    put32(answer + 4, epoch);
    size_t answer_size = size == 2 ? 12 : 16;
    if (size == 2 && question[1] == 0) {
      ++address_questions;
      put32(answer + 8, external);
    } else if (size == 12 && question[1] == 1) {
      map(question, answer);
    } else if (size > 0 && question[0] != 0) {  // RFC 6886 3.5
      put16(answer + 2, 1);
      answer_size = 8;
    } else {
      ++strange;
      return;
    }
    if (late_ms) dawdle(late_ms);
    if (silent) return;
    if (garbage && answer_size > 8) std::memset(answer, 0x7b, sizeof answer);
    sendto(fd(), answer, answer_size, 0, reinterpret_cast<sockaddr*>(&from), length);
  }

  void map(const uint8_t* question, uint8_t* answer) {
    uint32_t lifetime = 0;
    std::memcpy(&lifetime, question + 8, 4);
    ++(lifetime ? map_questions : withdrawals);
    std::memcpy(answer + 8, question + 4, 4);
    if (said_private_port) put16(answer + 8, said_private_port);
    if (granted_port || port_zero) put16(answer + 10, granted_port);
    std::memcpy(answer + 12, &lifetime, 4);
    if (lifetime && granted_lifetime >= 0) put32(answer + 12, static_cast<uint32_t>(granted_lifetime.load()));
  }

  uint8_t last_;
};

// A UPnP Internet Gateway Device at 127.0.0.`last`, without the multicast part.
class FakeIgd : FakeServer {
 public:
  explicit FakeIgd(uint8_t last) : FakeServer(SOCK_STREAM, SocketAddress::v4(127, 0, 0, last, 0)), last_(last) {
    begin([this] { serve(); });
  }
  ~FakeIgd() { finish(); }
  Gateway gateway() const {
    return {SocketAddress::v4(127, 0, 0, last_, 0), SocketAddress::v4(127, 0, 0, 1, 0), description_url()};
  }
  std::string description_url() const {
    return "http://127.0.0." + std::to_string(last_) + ":" + std::to_string(port()) + "/desc.xml";
  }

  std::atomic<uint32_t> external = 0xcb007109;  // 203.0.113.9
  std::atomic<int> add_error = 0, hang_ms = 0;
  std::atomic<bool> permanent_only = false, says_yes_only = false, garbage = false;
  std::atomic<int> taken_port = 0;  // belongs to another computer

  std::atomic<int> adds = 0, deletes = 0, descriptions = 0;
  std::atomic<int> mapped_port = 0, lease = -1;

 private:
  static std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    size_t at = text.find(begin);
    if (at == std::string::npos) return {};
    at += begin.size();
    return text.substr(at, text.find(end, at) - at);
  }
  static int number(const std::string& text, const std::string& tag) {
    return std::atoi(between(text, "<" + tag + ">", "<").c_str());
  }

  void serve() {
    FileDescriptor peer(accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC));
    std::string request = read_request(peer.get());
    if (hang_ms) dawdle(hang_ms);
    std::string body = garbage ? std::string("\x01<<<not xml") : answer(request);
    std::string status = body.find("<errorCode>") == std::string::npos ? "200 OK" : "500 Internal Server Error";
    std::string response = "HTTP/1.1 " + status + "\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + body;
    (void)!send(peer.get(), response.data(), response.size(), MSG_NOSIGNAL);
  }

  static std::string read_request(int fd) {
    std::string request;
    char buffer[4096];
    for (;;) {
      size_t head = request.find("\r\n\r\n");
      size_t body = static_cast<size_t>(std::atoi(between(request, "Content-Length: ", "\r").c_str()));
      if (head != std::string::npos && request.size() >= head + 4 + body) return request;
      ssize_t got = recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) return request;
      request.append(buffer, static_cast<size_t>(got));
    }
  }

  std::string answer(const std::string& request) {
    if (request.starts_with("GET ")) return ++descriptions, description();
    if (request.find("#GetExternalIPAddress") != std::string::npos) {
      in_addr ip{htonl(external)};
      return envelope("GetExternalIPAddressResponse", std::string("<NewExternalIPAddress>") + inet_ntoa(ip) + "</NewExternalIPAddress>");
    }
    if (request.find("#AddPortMapping") != std::string::npos) return add(request);
    if (request.find("#DeletePortMapping") != std::string::npos) {
      ++deletes;
      mapped_port = 0;
      return envelope("DeletePortMappingResponse", "");
    }
    if (request.find("#GetSpecificPortMappingEntry") != std::string::npos) {
      if (number(request, "NewExternalPort") != mapped_port) return error(714);
      return envelope("GetSpecificPortMappingEntryResponse",
                      "<NewInternalPort>" + std::to_string(internal_port_) + "</NewInternalPort><NewInternalClient>127.0.0.1"
                      "</NewInternalClient><NewEnabled>1</NewEnabled><NewPortMappingDescription>x</NewPortMappingDescription>"
                      "<NewLeaseDuration>60</NewLeaseDuration>");
    }
    return error(401);
  }

  std::string add(const std::string& request) {
    ++adds;
    if (add_error) return error(add_error);
    int wanted = number(request, "NewExternalPort"), asked_lease = number(request, "NewLeaseDuration");
    if (permanent_only && asked_lease != 0) return error(725);
    if (wanted == taken_port) return error(718);
    if (!says_yes_only) mapped_port = wanted;
    internal_port_ = number(request, "NewInternalPort");
    lease = asked_lease;
    return envelope("AddPortMappingResponse", "");
  }

  static std::string envelope(const std::string& action, const std::string& inside) {
    return "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><u:" + action +
           " xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">" + inside + "</u:" + action + "></s:Body></s:Envelope>";
  }
  static std::string error(int code) {
    return "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><detail>"
           "<UPnPError><errorCode>" + std::to_string(code) + "</errorCode><errorDescription>no</errorDescription></UPnPError>"
           "</detail></s:Fault></s:Body></s:Envelope>";
  }
  static std::string description() {
    return "<?xml version=\"1.0\"?><root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device><deviceType>urn:schemas-upnp-org:device:"
           "InternetGatewayDevice:1</deviceType><deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>"
           "<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType><serviceList><service>"
           "<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1"
           "</serviceId><controlURL>/control</controlURL><eventSubURL>/events</eventSubURL><SCPDURL>/scpd.xml</SCPDURL></service>"
           "</serviceList></device></deviceList></device></deviceList></device></root>";
  }

  uint8_t last_;
  std::atomic<int> internal_port_ = 0;
};

}  // namespace drawbridge
