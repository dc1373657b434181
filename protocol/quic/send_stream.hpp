// The sending half of one QUIC stream: bytes are kept from when they are written until they are acknowledged.
#pragma once

#include "protocol/base/chunk_queue.hpp"

namespace drawbridge::quic {

struct SendStream {
  explicit SendStream(ChunkPool& pool) : bytes(pool) {}

  ChunkQueue bytes;              // acknowledged .. written
  uint64_t sent = 0;             // position of the first byte not handed to ngtcp2 yet
  bool end_wanted = false;       // no more bytes will be written
  bool end_sent = false;
  bool window_blocked = false;   // the peer's window is used up
  bool queued = false;           // is in one of the connection's sending queues
  uint64_t burst = 0;            // bytes sent since the stream last ran empty: small bursts go before bulk
  uint64_t turn = 0;             // bytes sent since it last was this stream's turn among the bulk streams

  uint64_t unsent() const { return bytes.end() - sent; }
  bool wants_to_send() const { return !window_blocked && (unsent() > 0 || (end_wanted && !end_sent)); }
};

}  // namespace drawbridge::quic
