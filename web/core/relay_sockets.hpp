// RelaySockets: the node's relays, each reached by a WebSocket of the browser's. To the node each is a path like any
// other; datagrams of one turn share a message (docs/spec/relay.md, *WebSocket*).
#pragma once

#include <map>

#include "protocol/node.hpp"
#include "web/core/host.hpp"

namespace drawbridge::web {

class RelaySockets {
 public:
  // Both must outlive it.
  RelaySockets(Node& node, Host& host) : node_(node), host_(host) {}

  void handle(const event::RelayWanted& wanted);
  // Puts a run of the node's into the next message; what goes to no WebSocket is dropped: a page has no UDP.
  void send(const Transmit& run, ByteView bytes);
  void flush();

  // What the page tells; of attempts that are over, nothing is heard.
  void opened(uint16_t number, uint32_t serial);
  void closed(uint16_t number, uint32_t serial);
  void received(uint16_t number, uint32_t serial, MutableBytes message);

  // Every WebSocket may be dead without knowing it: the page was frozen, or the network has changed. They are closed, and
  // opened anew by what the node does next (Node::handle_network_change).
  void forget_all();
  void handle_timeout();
  Instant next_timeout() const;

 private:
  struct Line {
    std::string url;
    uint32_t serial = 0;          // of the attempt that is under way or open; 0: none
    bool open = false;
    Bytes message;                // records of this turn
    int failures = 0;             // attempts since one was open
    Instant retry = far_future;
  };
  void dial(uint16_t number, Line& line, ByteView hello);
  void hang_up(uint16_t number, Line& line);
  void write(uint16_t number, Line& line);

  Node& node_;
  Host& host_;
  std::map<uint16_t, Line> lines_;
  uint32_t serials_ = 0;
};

}  // namespace drawbridge::web
