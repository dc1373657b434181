#include "daemon/nat/ssdp.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "daemon/io/clock.hpp"
#include "daemon/io/file_descriptor.hpp"
#include "daemon/io/socket_address.hpp"

namespace drawbridge {
namespace {

constexpr uint16_t ssdp_port = 1900;
constexpr size_t longest_answer = 2'048, longest_url = 120;  // miniupnpc keeps URLs in 128 bytes
constexpr int times_asked = 3;
const SocketAddress group = SocketAddress::v4(239, 255, 255, 250, ssdp_port);

std::string question() {
  return "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"
         "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n";
}

FileDescriptor open_socket(const Gateway& gateway) {
  FileDescriptor fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  SystemAddress local = to_system(gateway.local);
  if (!fd || bind(fd.get(), local.get(), local.length) != 0) return {};
  in_addr interface = reinterpret_cast<const sockaddr_in*>(local.get())->sin_addr;
  setsockopt(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface);
  return fd;
}

void ask(int fd, const Gateway& gateway) {
  std::string text = question();
  SocketAddress router = gateway.address;
  router.port = ssdp_port;
  for (const SocketAddress& target : {group, router}) {
    SystemAddress address = to_system(target);
    (void)!sendto(fd, text.data(), text.size(), MSG_NOSIGNAL, address.get(), address.length);
  }
}

// What has come from the gateway itself.
std::optional<std::string> read_answers(int fd, const Gateway& gateway) {
  char buffer[longest_answer];
  for (;;) {
    SystemAddress from;
    from.length = sizeof from.storage;
    ssize_t length = recvfrom(fd, buffer, sizeof buffer, 0, from.get(), &from.length);
    if (length < 0) return std::nullopt;
    SocketAddress sender = from_system(from.get());
    sender.port = 0;
    if (sender != gateway.address) continue;
    if (auto url = ssdp_location({buffer, static_cast<size_t>(length)}, gateway.address)) return url;
  }
}

bool starts_with_folded(std::string_view line, std::string_view lower) {
  return line.size() >= lower.size() && std::equal(lower.begin(), lower.end(), line.begin(), [](char want, char got) {
           return want == (got >= 'A' && got <= 'Z' ? got + ('a' - 'A') : got);
         });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool is_plain(std::string_view url) {
  return std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string ip_text(const SocketAddress& address) {
  std::string text = to_text(address);
  return text.substr(0, text.rfind(':'));
}

}  // namespace

bool is_url_at(std::string_view url, const SocketAddress& address) {
  std::string begin = "http://" + ip_text(address);
  return url.starts_with(begin) && (url.size() == begin.size() || url[begin.size()] == ':' || url[begin.size()] == '/');
}

std::optional<std::string> ssdp_location(std::string_view answer, const SocketAddress& gateway) {
  if (!answer.starts_with("HTTP/1.1 200")) return std::nullopt;
  std::optional<std::string> location;
  bool router = false;
  while (!answer.empty()) {
    size_t end = std::min(answer.find('\n'), answer.size());
    std::string_view line = answer.substr(0, end);
    answer.remove_prefix(std::min(end + 1, answer.size()));
    if (starts_with_folded(line, "st:")) router = line.find("InternetGatewayDevice") != std::string_view::npos;
    if (!starts_with_folded(line, "location:")) continue;
    std::string_view url = trimmed(line.substr(9));
    if (url.size() <= longest_url && is_plain(url) && is_url_at(url, gateway)) location = std::string(url);
  }
  return router ? location : std::nullopt;
}

std::optional<std::string> ssdp_search(const Gateway& gateway, const Patience& patience) {
  FileDescriptor fd = open_socket(gateway);
  if (!fd) return std::nullopt;
  pollfd watched[] = {{fd.get(), POLLIN, 0}, {patience.interrupt, POLLIN, 0}};
  for (int round = 0; round < times_asked; ++round) {
    ask(fd.get(), gateway);
    Instant end = read_clocks().boot + patience.longest / times_asked;
    for (Duration left = patience.longest / times_asked; left > 0ns; left = end - read_clocks().boot) {
      poll(watched, 2, static_cast<int>(to_ms(left) + 1));
      if (watched[1].revents != 0) return std::nullopt;
      if (auto url = read_answers(fd.get(), gateway)) return url;
    }
  }
  return std::nullopt;
}

}  // namespace drawbridge
