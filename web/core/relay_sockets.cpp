#include "web/core/relay_sockets.hpp"

#include <sodium.h>

#include <algorithm>

#include "protocol/relay/relay_url.hpp"
#include "protocol/relay/websocket_frame.hpp"
#include "protocol/relay/wire.hpp"

namespace drawbridge::web {
namespace {

constexpr std::string_view protocol_name = "drawbridge.1", hello_mark = "h.";
constexpr size_t message_longest = limits::relay_frame_bytes - 1;
// A relay that was restarted is there again soon; one that is away costs a phone's battery.
constexpr Duration retries[] = {250ms, 500ms, 1s, 2s, 4s, 8s, 15s};

// How the node names a WebSocket: an address in 100:0:0:1::/64 (relay::is_made_up), the relay's number as its port.
constexpr std::array<uint8_t, 8> websocket_prefix{0x01, 0, 0, 0, 0, 0, 0, 0x01};

Path websocket_path(uint16_t number) {
  Path path;
  std::copy(websocket_prefix.begin(), websocket_prefix.end(), path.remote.ip.begin());
  path.remote.port = number;
  return path;
}

bool is_websocket(const Path& path) {
  return std::equal(websocket_prefix.begin(), websocket_prefix.end(), path.remote.ip.begin());
}

bool is_hello(ByteView datagram) {
  return datagram.size() == relay::hello_size && relay::message_of(datagram) == relay::Message::hello;
}

std::string base64url(ByteView bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  out.pop_back();  // its final zero
  return out;
}

// The relay's URL as a browser takes it: without the key.
std::string address_of(std::string_view url) {
  auto parsed = relay::parse_relay_url(url);
  std::string text(url.substr(0, url.find('#')));
  bool bare = parsed && parsed->path == relay::default_path && !text.ends_with(parsed->path);
  return bare ? text + parsed->path : text;
}

}  // namespace

void RelaySockets::handle(const event::RelayWanted& wanted) {
  if (wanted.beside) return;  // a node without UDP has nothing to race
  auto known = lines_.find(wanted.number);
  if (wanted.url.empty()) {
    if (known == lines_.end()) return;
    hang_up(wanted.number, known->second);
    lines_.erase(known);
    return;
  }
  Line& line = lines_[wanted.number];
  if (line.url != wanted.url) hang_up(wanted.number, line);
  line.url = wanted.url;
  if (line.retry == far_future) node_.handle_relay_link(host_.now(), wanted.number, websocket_path(wanted.number));
}

void RelaySockets::send(const Transmit& run, ByteView bytes) {
  auto found = is_websocket(run.path) ? lines_.find(run.path.remote.port) : lines_.end();
  if (found == lines_.end()) return;
  auto& [number, line] = *found;
  // The first datagram is the node's HELLO: it travels in the upgrade request.
  if (line.serial == 0 && is_hello(bytes)) return dial(number, line, bytes);
  if (!line.open) return;
  for (size_t at = 0; at < bytes.size(); at += run.segment_size) {
    ByteView datagram = bytes.subspan(at, std::min(run.segment_size, bytes.size() - at));
    if (line.message.size() + relay::record_prefix + datagram.size() > message_longest) write(number, line);
    line.message.push_back(static_cast<uint8_t>(datagram.size() >> 8));
    line.message.push_back(static_cast<uint8_t>(datagram.size()));
    append(line.message, datagram);
  }
}

void RelaySockets::write(uint16_t number, Line& line) {
  (void)host_.send(number, line.message);  // what finds no room is lost, as in any network
  line.message.clear();
}

void RelaySockets::flush() {
  for (auto& [number, line] : lines_) {
    if (!line.message.empty()) write(number, line);
  }
}

void RelaySockets::dial(uint16_t number, Line& line, ByteView hello) {
  line.serial = ++serials_;
  line.open = false;
  line.retry = far_future;
  host_.open_socket(number, line.serial, address_of(line.url), protocol_name, std::string(hello_mark) + base64url(hello));
}

void RelaySockets::hang_up(uint16_t number, Line& line) {
  if (line.serial != 0) host_.close_socket(number);
  line.serial = 0;
  line.open = false;
  line.message.clear();
  line.failures = 0;
  line.retry = far_future;
}

void RelaySockets::opened(uint16_t number, uint32_t serial) {
  auto line = lines_.find(number);
  if (line == lines_.end() || line->second.serial != serial) return;
  line->second.open = true;
  line->second.failures = 0;
}

void RelaySockets::closed(uint16_t number, uint32_t serial) {
  auto found = lines_.find(number);
  if (found == lines_.end() || found->second.serial != serial) return;
  Line& line = found->second;
  line.serial = 0;
  line.open = false;
  line.message.clear();
  size_t step = std::min<size_t>(static_cast<size_t>(line.failures++), std::size(retries) - 1);
  line.retry = host_.now().boot + retries[step];
  node_.handle_relay_link(host_.now(), number, std::nullopt);
}

// Datagrams of equal size that follow one another are moved together, so that the node reads them as one run.
void RelaySockets::received(uint16_t number, uint32_t serial, MutableBytes message) {
  auto line = lines_.find(number);
  if (line == lines_.end() || line->second.serial != serial) return;
  Path path = websocket_path(number);
  size_t begin = 0, end = 0, segment = 0;
  auto give = [&] {
    if (end > begin) node_.handle_datagrams(host_.now(), {path, 0, segment, message.subspan(begin, end - begin)});
    begin = end;
  };
  relay::for_each_record(message, [&](MutableBytes datagram) {
    bool follows = end > begin && (end - begin) % segment == 0 && datagram.size() <= segment && !datagram.empty();
    if (!follows) {
      give();
      begin = end = static_cast<size_t>(datagram.data() - message.data());
      segment = std::max<size_t>(datagram.size(), 1);
    }
    std::memmove(message.data() + end, datagram.data(), datagram.size());
    end += datagram.size();
  });
  give();
}

void RelaySockets::forget_all() {
  for (auto& [number, line] : lines_) hang_up(number, line);
}

void RelaySockets::handle_timeout() {
  Instant now = host_.now().boot;
  for (auto& [number, line] : lines_) {
    if (line.retry > now) continue;
    line.retry = far_future;
    node_.handle_relay_link(host_.now(), number, websocket_path(number));
  }
}

Instant RelaySockets::next_timeout() const {
  Instant next = far_future;
  for (const auto& [number, line] : lines_) next = std::min(next, line.retry);
  return next;
}

}  // namespace drawbridge::web
