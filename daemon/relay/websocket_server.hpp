// WebSocketServer: TCP listeners of the relay, with or without TLS, and the connections that came by them.
#pragma once

#include <functional>
#include <map>
#include <unordered_map>

#include "daemon/io/watch.hpp"
#include "daemon/relay/byte_stream.hpp"
#include "daemon/relay/phone_page.hpp"
#include "daemon/relay/upgrade_head.hpp"
#include "protocol/relay/link.hpp"
#include "protocol/relay/websocket_frame.hpp"

namespace drawbridge {

class WebSocketServer {
 public:
  struct Hooks {
    std::function<bool(ByteView hello)> welcomes;
    std::function<void(const relay::Link& link, MutableBytes datagram)> received;
    std::function<void()> read_end;  // all that one read brought has been given to `received`
    std::function<void(uint64_t stream)> closed;
    // The page for a GET that is no WebSocket; nothing: 404.
    std::function<std::optional<std::string>(const std::string& target)> page;
    // Serves the whole of a request that is for a host of its own; null: it is not.
    std::function<std::shared_ptr<const PhonePage>(const upgrade::Request& request)> phone_page = nullptr;
  };
  struct Options {
    std::string path;                          // of the WebSocket; empty: pages only
    std::vector<std::string> trusted_proxies;  // addresses whose X-Forwarded-For is believed
    size_t connections = 25'000;
    size_t connections_per_address = 4'096;    // does not bind trusted proxies
    Duration opening_patience = 10s;           // a stalled handshake holds nothing for longer
  };

  WebSocketServer(Loop& loop, Options options, Hooks hooks);
  ~WebSocketServer();

  Result<void> listen(const SocketAddress& address);
  void listen_on(int listener);  // borrowed: a stream socket that listens already
  std::vector<SocketAddress> listening() const;
  // For connections from now on; null: none.
  void use(TlsSettings tls) { tls_ = std::move(tls); }

  // Puts each datagram of a run into the connection's next message; the number of those that found no room.
  size_t send(uint64_t stream, ByteView run, size_t segment_size);
  // Writes what was put in since the last time.
  void flush();
  size_t open() const { return open_; }

 private:
  struct Connection;
  void accept(int listener);
  void ready(Connection& connection);
  bool advance(Connection& connection);
  bool read(Connection& connection);
  size_t read_head(Connection& connection, ByteView bytes);
  size_t read_frames(Connection& connection, MutableBytes bytes);
  void answer(Connection& connection, const upgrade::Request& request);
  bool write(Connection& connection);
  void end(Connection& connection);
  void sweep();
  bool trusts(const SocketAddress& remote) const;
  Duration sweep_interval() const;

  Loop& loop_;
  Options options_;
  Hooks hooks_;
  TlsSettings tls_;
  std::vector<std::pair<FileDescriptor, FdWatch>> listeners_;
  std::vector<FdWatch> borrowed_;
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::map<std::array<uint8_t, 16>, size_t> per_address_;
  std::vector<uint64_t> touched_;
  std::unique_ptr<uint8_t[]> buffer_;
  uint64_t last_number_ = 0;
  size_t open_ = 0;
  LocalTimer sweep_timer_;
};

}  // namespace drawbridge
