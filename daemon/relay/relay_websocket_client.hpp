// RelayWebSocketClient: a node's way to a relay where UDP does not pass: TCP, perhaps through an HTTP proxy, perhaps
// under TLS, then WebSocket. Carries what a RelayClient gives and takes; knows nothing of it but its HELLO.
//
// One object, one attempt: `closed` is called once, also if it never opened; then make another one (and call the
// RelayClient's disconnect()). Each callback may destroy the object.
#pragma once

#include <functional>

#include "daemon/io/stream_socket.hpp"
#include "daemon/io/watch.hpp"
#include "daemon/relay/byte_stream.hpp"
#include "keys/entropy.hpp"
#include "protocol/relay/relay_url.hpp"
#include "protocol/relay/websocket_frame.hpp"

namespace drawbridge {

struct HttpProxy {
  SocketAddress address;
  std::string user, password;  // basic authentication; empty: none
};

class RelayWebSocketClient {
 public:
  struct Callbacks {
    std::function<void()> opened;  // send() may be called
    // One datagram of the relay's; the bytes are the reader's until it returns.
    std::function<void(MutableBytes datagram)> received;
    std::function<void()> read_end;  // all that one read brought has been given
    std::function<void(const Error& why)> closed;
    std::function<void()> prepared = [] {};  // without a HELLO so far: upgrade() would send it at once
  };

  // `address`: of the relay; unused with a proxy, which looks the name up itself. `hello`: the first datagram of
  // RelayClient::poll_transmit after connect(); it travels in the upgrade request. Empty: everything up to there is done,
  // and upgrade() brings it. `mask_entropy` for ws://.
  RelayWebSocketClient(Loop& loop, const relay::RelayUrl& url, const SocketAddress& address, std::optional<HttpProxy> proxy,
                       ByteView hello, Entropy& entropy, Callbacks callbacks);
  ~RelayWebSocketClient();

  // Puts each datagram of a run into the next message; the number of those that found no room and were dropped.
  size_t send(ByteView run, size_t segment_size);
  // Writes what was put in since the last time, as one message where it fits: call once a turn.
  void flush();
  // While true nothing is read: the relay drops what finds no room.
  void pause(bool paused);
  bool is_open() const { return phase_ == Phase::open; }
  bool awaits_hello() const { return hello_.empty(); }
  void upgrade(ByteView hello);
  // It is over because a network that wants somebody to sign in answered.
  bool met_captive_portal() const { return met_captive_portal_; }
  SocketAddress local_address() const { return own_address(stream_.fd()); }

 private:
  enum class Phase : uint8_t { connecting, proxy, tls, prepared, upgrade, open, over };
  void ready();
  void advance();
  void begin_tls();
  void begin_upgrade();
  bool read();
  size_t read_head(ByteView bytes);
  size_t read_frames(MutableBytes bytes);
  bool write();
  void unreachable();
  void close(const std::string& what, const std::string& remedy);

  Loop& loop_;
  relay::RelayUrl url_;
  std::optional<HttpProxy> proxy_;
  Bytes hello_;
  Callbacks callbacks_;
  std::string key_;
  bool paused_ = false, met_captive_portal_ = false;
  Phase phase_ = Phase::connecting;
  ByteStream stream_;
  relay::FrameQueue out_;
  Bytes left_;
  std::unique_ptr<uint8_t[]> buffer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  LocalTimer patience_;
  FdWatch watch_;
};

}  // namespace drawbridge
