#include "daemon/relay/websocket_server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "daemon/io/stream_socket.hpp"

namespace drawbridge {
namespace {

using relay::frame_longest;
constexpr size_t read_size = 256 * 1024;
// Of a page's file: under TLS so much is kept of it for a stranger who does not read, and counts once it has left whole.
constexpr size_t page_piece = TlsRecords::text_longest;
static_assert(read_size > 2 * frame_longest && read_size - frame_longest >= ByteStream::least_room);
constexpr Duration silence_patience = 100s;  // a client pings every 60 s at the latest
constexpr Duration sweep_longest = 5s;
constexpr int unacknowledged_ms = 30'000;    // TCP gives a dead client up

}  // namespace

struct WebSocketServer::Connection {
  enum class Phase : uint8_t { handshake, head, answering, open, closing };

  Connection(FileDescriptor fd, uint64_t n) : number(n), stream(std::move(fd)) {}

  uint64_t number;
  ByteStream stream;
  FdWatch watch;
  Phase phase = Phase::handshake;
  relay::Link link;
  std::array<uint8_t, 16> counted{};  // in per_address_
  Bytes left;                         // the beginning of a head or frame whose rest is to come
  relay::FrameQueue out;
  std::shared_ptr<const PhonePage> page;  // what `body` is a part of
  ByteView body;                          // to be written after `out`
  bool touched = false, dead = false;
  Instant since{}, heard{};

  bool unsent() const { return !out.empty() || !body.empty(); }
};

WebSocketServer::WebSocketServer(Loop& loop, Options options, Hooks hooks)
    : loop_(loop),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      buffer_(new uint8_t[read_size]),
      sweep_timer_(loop, [this] { sweep(); }) {}

WebSocketServer::~WebSocketServer() = default;

Result<void> WebSocketServer::listen(const SocketAddress& address) {
  auto fd = listen_tcp(address);
  if (!fd) return fd.error();
  int listener = fd->get();
  FdWatch watch(loop_, listener, [this, listener](unsigned) { accept(listener); });
  watch.want(FdWatch::readable);
  listeners_.emplace_back(fd.take(), std::move(watch));
  return {};
}

void WebSocketServer::listen_on(int listener) {
  borrowed_.emplace_back(loop_, listener, [this, listener](unsigned) { accept(listener); });
  borrowed_.back().want(FdWatch::readable);
}

std::vector<SocketAddress> WebSocketServer::listening() const {
  std::vector<SocketAddress> out;
  for (const auto& [fd, watch] : listeners_) out.push_back(own_address(fd.get()));
  return out;
}

void WebSocketServer::accept(int listener) {
  for (int turn = 0; turn < 64; ++turn) {
    FileDescriptor fd = accept_stream(listener);
    if (!fd) return;
    SocketAddress remote = peer_address(fd.get());
    size_t& held = per_address_[remote.ip];
    if (connections_.size() >= options_.connections || (held >= options_.connections_per_address && !trusts(remote))) {
      if (held == 0) per_address_.erase(remote.ip);
      reset_on_close(fd.get());
      continue;
    }
    ++held;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
    auto connection = std::make_unique<Connection>(std::move(fd), ++last_number_);
    Connection& made = *connection;
    made.link = {{own_address(made.stream.fd()), remote}, made.number};
    made.counted = remote.ip;
    made.since = made.heard = loop_.now().boot;
    if (tls_) made.stream.start_tls_server(tls_);
    made.watch = FdWatch(loop_, made.stream.fd(), [this, &made](unsigned) { ready(made); });
    made.watch.want(FdWatch::readable);
    if (connections_.empty()) sweep_timer_.start(sweep_interval());
    connections_[made.number] = std::move(connection);
  }
}

// A connection that has ended is destroyed here and in flush(), never in the middle of what it has brought about.
void WebSocketServer::ready(Connection& connection) {
  bool lives = advance(connection);
  hooks_.read_end();
  if (!lives || connection.dead) end(connection);
}

bool WebSocketServer::advance(Connection& connection) {
  if (connection.phase == Connection::Phase::handshake) {
    auto outcome = connection.stream.handshake();
    if (outcome == ByteStream::Outcome::ended) return false;
    connection.watch.want(outcome == ByteStream::Outcome::needs_write ? FdWatch::writable : FdWatch::readable);
    if (outcome != ByteStream::Outcome::done) return true;
    connection.phase = Connection::Phase::head;
  }
  if (!write(connection)) return false;
  if (connection.phase == Connection::Phase::answering) {
    if (connection.unsent()) return true;
    connection.phase = Connection::Phase::head;
  }
  do {
    if (!read(connection)) return false;
  } while (connection.stream.has_buffered());
  return true;
}

bool WebSocketServer::read(Connection& connection) {
  MutableBytes whole(buffer_.get(), read_size);
  size_t kept = connection.left.size(), count = 0;
  std::copy(connection.left.begin(), connection.left.end(), whole.begin());
  auto outcome = connection.stream.read(whole.subspan(kept), count);
  if (outcome == ByteStream::Outcome::ended) return false;
  if (outcome == ByteStream::Outcome::needs_write) connection.watch.want(FdWatch::readable | FdWatch::writable);
  if (count == 0) return true;
  connection.heard = loop_.now().boot;
  MutableBytes bytes = whole.first(kept + count);
  size_t used = 0;
  if (connection.phase == Connection::Phase::head) used = read_head(connection, bytes);
  if (connection.phase == Connection::Phase::open && !connection.dead) used += read_frames(connection, bytes.subspan(used));
  if (connection.phase == Connection::Phase::closing || connection.dead) return write(connection) && !connection.dead && connection.unsent();
  if (connection.phase == Connection::Phase::answering) {
    // Browsers wait for an answer before they ask again.
    if (used < bytes.size() || !write(connection)) return false;
    connection.left.clear();
    if (!connection.unsent()) connection.phase = Connection::Phase::head;
    return true;
  }
  connection.left.assign(bytes.begin() + static_cast<long>(used), bytes.end());
  if (connection.left.empty()) connection.left.shrink_to_fit();
  return true;
}

size_t WebSocketServer::read_head(Connection& connection, ByteView bytes) {
  size_t length = upgrade::head_length(as_text(bytes));
  if (length == 0 || length > upgrade::head_longest) {
    connection.dead = bytes.size() > upgrade::head_longest;
    return 0;
  }
  auto request = upgrade::parse_request(as_text(bytes.first(length)));
  connection.phase = Connection::Phase::closing;
  request ? answer(connection, *request) : connection.out.add_raw(as_bytes(upgrade::page_answer(400, "text/plain", "")));
  return length;
}

void WebSocketServer::answer(Connection& connection, const upgrade::Request& request) {
  if (auto page = !request.upgrades && hooks_.phone_page ? hooks_.phone_page(request) : nullptr) {
    PhonePage::Answer answer = page->answer(request);
    connection.out.add_raw(as_bytes(answer.head));
    connection.body = answer.body;
    connection.page = std::move(page);
    if (request.keeps_open) connection.phase = Connection::Phase::answering;
    return;
  }
  bool here = request.method == "GET" && request.upgrades && !options_.path.empty() && request.target == options_.path;
  if (!here || !hooks_.welcomes(request.hello)) {
    auto page = request.method == "GET" ? hooks_.page(request.target) : std::nullopt;
    return connection.out.add_raw(as_bytes(upgrade::page_answer(page ? 200 : 404, "text/plain; charset=utf-8", page.value_or("Not found.\n"))));
  }
  if (trusts(connection.link.path.remote)) {
    bool v6 = request.forwarded_for.find(':') != std::string::npos;
    auto client = parse_socket_address((v6 ? "[" + request.forwarded_for + "]" : request.forwarded_for) + ":0");
    if (client) connection.link.path.remote = *client;
  }
  connection.phase = Connection::Phase::open;
  ++open_;
  connection.out.add_raw(as_bytes(upgrade::switching_answer(request)));
  connection.touched = true;
  touched_.push_back(connection.number);
  Bytes hello = request.hello;
  hooks_.received(connection.link, hello);
}

size_t WebSocketServer::read_frames(Connection& connection, MutableBytes bytes) {
  size_t used = 0;
  relay::Frame frame;
  for (;;) {
    relay::FrameRead outcome = relay::read_frame(bytes.subspan(used), true, frame);
    if (outcome == relay::FrameRead::refused) connection.dead = true;
    if (outcome != relay::FrameRead::whole) return used;
    used += frame.size;
    if (frame.opcode == relay::Opcode::close) return connection.dead = true, used;
    if (frame.opcode == relay::Opcode::ping) connection.out.add_control(relay::Opcode::pong, frame.payload), send(connection.number, {}, 1);
    if (frame.opcode != relay::Opcode::binary) continue;
    bool whole = relay::for_each_record(frame.payload, [&](MutableBytes datagram) { hooks_.received(connection.link, datagram); });
    if (!whole) return connection.dead = true, used;
  }
}

size_t WebSocketServer::send(uint64_t stream, ByteView run, size_t segment_size) {
  auto found = connections_.find(stream);
  if (found == connections_.end()) return 0;
  Connection& connection = *found->second;
  size_t dropped = 0;
  for (size_t at = 0; at < run.size(); at += segment_size)
    dropped += !connection.out.add(run.subspan(at, std::min(segment_size, run.size() - at)));
  if (!std::exchange(connection.touched, true)) touched_.push_back(stream);
  return dropped;
}

void WebSocketServer::flush() {
  for (uint64_t number : std::exchange(touched_, {})) {
    auto found = connections_.find(number);
    if (found == connections_.end()) continue;
    found->second->touched = false;
    if (!write(*found->second)) found->second->dead = true;
  }
}

bool WebSocketServer::write(Connection& connection) {
  while (connection.unsent()) {
    size_t count = 0;
    bool head = !connection.out.empty();
    auto outcome = connection.stream.write(head ? connection.out.unsent() : connection.body.first(std::min(connection.body.size(), page_piece)), count);
    head ? connection.out.sent(count) : void(connection.body = connection.body.subspan(count));
    if (count > 0) connection.since = loop_.now().boot;  // a slow reader is no stalled one
    if (outcome == ByteStream::Outcome::ended) return false;
    if (outcome == ByteStream::Outcome::done) continue;
    connection.watch.want(FdWatch::readable | FdWatch::writable);
    return true;
  }
  connection.watch.want(FdWatch::readable);
  return true;
}

void WebSocketServer::end(Connection& connection) {
  uint64_t number = connection.number;
  bool was_open = connection.phase == Connection::Phase::open;
  auto held = per_address_.find(connection.counted);
  if (--held->second == 0) per_address_.erase(held);
  open_ -= was_open;
  connections_.erase(number);
  if (was_open) hooks_.closed(number);
}

Duration WebSocketServer::sweep_interval() const {
  return std::min(sweep_longest, options_.opening_patience);
}

bool WebSocketServer::trusts(const SocketAddress& remote) const {
  std::string text = to_text(remote);
  text = text.substr(0, text.rfind(':'));
  if (text.front() == '[') text = text.substr(1, text.size() - 2);
  return std::find(options_.trusted_proxies.begin(), options_.trusted_proxies.end(), text) != options_.trusted_proxies.end();
}

void WebSocketServer::sweep() {
  Instant now = loop_.now().boot;
  std::vector<Connection*> over;
  for (auto& [number, connection] : connections_) {
    bool open = connection->phase == Connection::Phase::open;
    if (connection->dead || now - (open ? connection->heard : connection->since) > (open ? silence_patience : options_.opening_patience))
      over.push_back(connection.get());
  }
  for (Connection* connection : over) end(*connection);
  if (!connections_.empty()) sweep_timer_.start(sweep_interval());
}

}  // namespace drawbridge
