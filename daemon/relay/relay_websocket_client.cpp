#include "daemon/relay/relay_websocket_client.hpp"

#include <sodium.h>

#include "daemon/relay/upgrade_head.hpp"

namespace drawbridge {
namespace {

constexpr size_t read_size = 192 * 1024;
static_assert(read_size > 2 * relay::frame_longest);
constexpr Duration opening_patience = 15s;
const char* const try_later = "Other ways are tried; nothing needs to be done.";

std::array<uint8_t, 4> draw_mask(Entropy& entropy) {
  std::array<uint8_t, 4> mask;
  entropy.fill(mask);
  return mask;
}

std::string draw_key(Entropy& entropy) {
  std::array<uint8_t, 16> bytes;
  entropy.fill(bytes);
  char text[25];
  return sodium_bin2base64(text, sizeof text, bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
}

// None if it is refused at once.
FileDescriptor dial(const SocketAddress& address) {
  ConnectAttempt attempt = connect_tcp(address);
  return attempt.state == ConnectState::failed ? FileDescriptor() : std::move(attempt.fd);
}

std::string authority(const relay::RelayUrl& url) {
  return (url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]") + ":" + std::to_string(url.port);
}

}  // namespace

RelayWebSocketClient::RelayWebSocketClient(Loop& loop, const relay::RelayUrl& url, const SocketAddress& address,
                                           std::optional<HttpProxy> proxy, ByteView hello, Entropy& entropy, Callbacks callbacks)
    : loop_(loop),
      url_(url),
      proxy_(std::move(proxy)),
      hello_(to_bytes(hello)),
      callbacks_(std::move(callbacks)),
      key_(draw_key(entropy)),
      stream_(dial(proxy_ ? proxy_->address : address)),
      // Inside TLS nobody can be led astray by what a client writes; a mask of zeros costs nothing.
      out_(url.transport == relay::RelayUrl::Transport::wss ? std::array<uint8_t, 4>{} : draw_mask(entropy)),
      buffer_(new uint8_t[read_size]),
      patience_(loop, [this] {
        stream_.fd() < 0 ? unreachable() : close("The relay does not answer in time.", try_later);
      }) {
  patience_.start(stream_.fd() >= 0 ? opening_patience : Duration::zero());
  if (stream_.fd() < 0) return;
  watch_ = FdWatch(loop, stream_.fd(), [this](unsigned) { ready(); });
  watch_.want(FdWatch::writable);
}

RelayWebSocketClient::~RelayWebSocketClient() {
  *alive_ = false;
}

void RelayWebSocketClient::ready() {
  auto alive = alive_;
  advance();
  if (*alive && callbacks_.read_end) callbacks_.read_end();
}

void RelayWebSocketClient::advance() {
  if (phase_ == Phase::connecting) {
    int number = 0;
    ConnectState state = connect_result(stream_.fd(), number);
    if (state == ConnectState::under_way) return;
    if (state == ConnectState::failed) return unreachable();
    if (proxy_) {
      phase_ = Phase::proxy;
      out_.add_raw(as_bytes(upgrade::connect_request(authority(url_), proxy_->user, proxy_->password)));
    } else {
      begin_tls();
    }
  }
  if (phase_ == Phase::tls) {
    auto outcome = stream_.handshake();
    if (outcome == ByteStream::Outcome::ended) return close("The relay's TLS handshake failed.", try_later);
    if (outcome != ByteStream::Outcome::done)
      return watch_.want(outcome == ByteStream::Outcome::needs_write ? FdWatch::writable : FdWatch::readable);
    begin_upgrade();
  }
  if (phase_ == Phase::over || !write()) return;
  auto alive = alive_;
  while (!paused_ && read() && *alive && stream_.has_buffered()) {
  }
}

void RelayWebSocketClient::begin_tls() {
  if (url_.transport != relay::RelayUrl::Transport::wss) return begin_upgrade();
  phase_ = Phase::tls;
  stream_.start_tls_client(tls_client_settings(), url_.host);
}

void RelayWebSocketClient::upgrade(ByteView hello) {
  hello_ = to_bytes(hello);
  if (phase_ != Phase::prepared) return;  // when TLS is done
  begin_upgrade();
  write();
}

void RelayWebSocketClient::begin_upgrade() {
  if (hello_.empty()) {
    phase_ = Phase::prepared;
    return callbacks_.prepared();
  }
  phase_ = Phase::upgrade;
  out_.add_raw(as_bytes(upgrade::upgrade_request(authority(url_), url_.path, key_, hello_)));
}

// False: nothing more to read now, or it is over (and this object perhaps gone).
bool RelayWebSocketClient::read() {
  MutableBytes whole(buffer_.get(), read_size);
  size_t count = 0;
  std::copy(left_.begin(), left_.end(), whole.begin());
  auto outcome = stream_.read(whole.subspan(left_.size()), count);
  if (outcome == ByteStream::Outcome::ended) return close("The connection to the relay has ended.", try_later), false;
  if (count == 0) return false;
  MutableBytes bytes = whole.first(left_.size() + count);
  auto alive = alive_;
  size_t used = 0;
  if (phase_ == Phase::proxy || phase_ == Phase::upgrade) used = read_head(bytes);
  if (*alive && phase_ == Phase::open) used += read_frames(bytes.subspan(used));
  if (!*alive || phase_ == Phase::over) return false;
  left_.assign(bytes.begin() + static_cast<long>(used), bytes.end());
  return true;
}

size_t RelayWebSocketClient::read_head(ByteView bytes) {
  size_t length = upgrade::head_length(as_text(bytes));
  if (length == 0) {
    if (bytes.size() > upgrade::head_longest) close("What answers is no relay.", "Check the relay's URL.");
    return 0;
  }
  std::string_view head = as_text(bytes.first(length));
  if (phase_ == Phase::proxy) {
    int status = upgrade::status_of(head);
    if (status == 401 || status == 407) {  // some answer 401 to a wrong password
      close(proxy_->user.empty() ? "The proxy asks for a user name and password." : "The proxy does not accept this user name and password.",
            "Write them into the configuration: [network] proxy = \"http://USER:PASSWORD@HOST:PORT\".");
      return length;
    }
    if (status != 200) return close("The proxy refuses the way to the relay.", "Ask whoever runs the proxy."), length;
    begin_tls();
    if (phase_ == Phase::tls) {
      auto outcome = stream_.handshake();  // sends its first flight
      if (outcome == ByteStream::Outcome::ended) close("The relay's TLS handshake failed.", try_later);
    } else {
      write();
    }
    return length;
  }
  met_captive_portal_ = upgrade::is_captive_portal(head, url_.host);
  if (met_captive_portal_) return close("This network shows a web page in the relay's place.", "Open a web page and sign in."), length;
  if (!upgrade::accepts(head, key_)) return close("The relay refuses.", "Check the relay's URL, its path and the token."), length;
  phase_ = Phase::open;
  patience_.stop();
  callbacks_.opened();
  return length;
}

size_t RelayWebSocketClient::read_frames(MutableBytes bytes) {
  size_t used = 0;
  relay::Frame frame;
  auto alive = alive_;
  for (;;) {
    relay::FrameRead outcome = relay::read_frame(bytes.subspan(used), false, frame);
    if (outcome == relay::FrameRead::refused) return close("What the relay sends is not understood.", try_later), used;
    if (outcome == relay::FrameRead::partial) return used;
    used += frame.size;
    if (frame.opcode == relay::Opcode::close) return close("The relay has ended the connection.", try_later), used;
    if (frame.opcode == relay::Opcode::ping) out_.add_control(relay::Opcode::pong, frame.payload);
    if (frame.opcode != relay::Opcode::binary) continue;
    relay::for_each_record(frame.payload, [&](MutableBytes datagram) {
      if (*alive) callbacks_.received(datagram);
    });
    if (!*alive) return used;
  }
}

size_t RelayWebSocketClient::send(ByteView run, size_t segment_size) {
  size_t dropped = 0;
  for (size_t at = 0; at < run.size(); at += segment_size)
    dropped += phase_ != Phase::open || !out_.add(run.subspan(at, std::min(segment_size, run.size() - at)));
  return dropped;
}

void RelayWebSocketClient::flush() {
  if (phase_ == Phase::open) write();
}

bool RelayWebSocketClient::write() {
  while (!out_.empty()) {
    size_t count = 0;
    auto outcome = stream_.write(out_.unsent(), count);
    out_.sent(count);
    if (outcome == ByteStream::Outcome::ended) return close("The connection to the relay has ended.", try_later), false;
    if (outcome == ByteStream::Outcome::done) continue;
    watch_.want((paused_ ? 0 : FdWatch::readable) | FdWatch::writable);
    return true;
  }
  watch_.want(paused_ ? 0 : FdWatch::readable);
  return true;
}

void RelayWebSocketClient::pause(bool paused) {
  paused_ = paused;
  if (phase_ == Phase::open) write();
}

void RelayWebSocketClient::unreachable() {
  close(proxy_ ? "The proxy cannot be reached." : "The relay cannot be reached over TCP.", try_later);
}

void RelayWebSocketClient::close(const std::string& what, const std::string& remedy) {
  if (phase_ == Phase::over) return;
  phase_ = Phase::over;
  watch_.close();
  patience_.stop();
  auto closed = callbacks_.closed;
  closed({ErrorCode::unreachable, what, remedy});
}

}  // namespace drawbridge
