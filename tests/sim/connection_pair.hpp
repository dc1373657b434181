// Two connections, a device's and an office's, on virtual links and a virtual clock, with streams that carry a known
// pattern both ways and check it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>

#include "protocol/quic/connection.hpp"
#include "protocol/quic/knock.hpp"
#include "tests/sim/link.hpp"

namespace drawbridge::sim {

inline uint8_t pattern_byte(int64_t stream, uint64_t position) {
  return static_cast<uint8_t>((position * 31 + static_cast<uint64_t>(stream) * 7 + (position >> 11)) & 0xff);
}

// One end: notes what it is told, verifies what it receives, and writes the pattern as far as asked.
class PatternEnd final : public quic::ConnectionObserver {
 public:
  void on_id_issued(const quic::ConnectionId& id) override { ids.insert(to_hex(id.view())); }
  void on_id_retired(const quic::ConnectionId& id) override { ids.erase(to_hex(id.view())); }
  void on_handshake_completed() override { ++completed; }
  void on_stream_opened(quic::StreamId stream) override { opened.push_back(stream); }
  void on_stream_bytes(quic::StreamId stream, ByteView bytes, bool end) override {
    uint64_t& position = received[stream];
    for (uint8_t byte : bytes) intact = intact && byte == pattern_byte(stream, position++);
    if (end) ended.insert(stream);
    arrivals.push_back({stream, position});
    if (reading) connection->consume(stream, bytes.size());
    else held[stream] += bytes.size();
    total += bytes.size();
  }
  void on_stream_reset(quic::StreamId stream, uint64_t code) override { resets[stream] = code; }
  void on_stop_sending(quic::StreamId stream, uint64_t code) override { stops[stream] = code; }
  void on_stream_closed(quic::StreamId stream) override { closed.insert(stream); }
  void on_datagram(quic::StreamId, ByteView bytes) override { datagrams.push_back(to_bytes(bytes)); }
  void on_stream_window_blocked(quic::StreamId) override { ++window_blocked; }

  // Keeps the stream's unsent buffer filled with the pattern, up to `until` bytes in all.
  void fill(quic::StreamId stream, uint64_t until, uint64_t buffer = 512 * 1024) {
    while (connection->stream_written(stream) < until && connection->stream_unsent(stream) < buffer) {
      uint64_t position = connection->stream_written(stream);
      MutableBytes room = connection->stream_space(stream, 1);
      size_t length = static_cast<size_t>(std::min<uint64_t>(room.size(), until - position));
      for (size_t i = 0; i < length; ++i) room[i] = pattern_byte(stream, position + i);
      connection->stream_commit(stream, length);
    }
  }

  quic::Connection* connection = nullptr;
  std::set<std::string> ids;
  std::vector<quic::StreamId> opened;
  std::map<quic::StreamId, uint64_t> received, held, resets, stops;
  std::set<quic::StreamId> ended, closed;
  std::vector<std::pair<quic::StreamId, uint64_t>> arrivals;
  std::vector<Bytes> datagrams;
  uint64_t total = 0;
  int completed = 0, window_blocked = 0;
  bool intact = true, reading = true;
};

struct PairOptions {
  uint64_t seed = 1;
  LinkOptions up, down;        // device to office, office to device
  bool cubic = false;
  size_t packet_size = 1200;
  AeadId aead = AeadId::chacha20_poly1305;
  quic::KeyLimits key_limits = {};
};

class ConnectionPair {
 public:
  explicit ConnectionPair(PairOptions options = {});

  // Runs until `done` says so (true) or `longest` has passed (false).
  bool run(Duration longest, const std::function<bool()>& done = [] { return false; });
  bool handshake() {
    return run(10s, [this] { return device && office && device->established() && office->established(); });
  }
  void kill_link(bool dead) { up.options.dead = down.options.dead = dead; }

  Instant now{Duration(std::chrono::hours(1))};
  PairOptions options;
  Chance chance;
  SeededEntropy entropy;
  ChunkPool pool;
  Identity device_identity, office_identity;
  quic::PairKeys keys;
  Link up, down;
  PatternEnd device_end, office_end;
  std::unique_ptr<quic::Connection> device, office;
  std::function<void()> on_turn = [] {};                       // fills streams, each turn
  std::vector<Bytes> sent_up, sent_down;                       // captured when `capture`
  bool capture = false;
  uint64_t hash = 14695981039346656037ull;                     // FNV-1a over every datagram sent
  uint64_t turns = 0;

  void deliver(bool to_office, const Bytes& datagram);

 private:
  struct Flying {
    Instant at;
    uint64_t order;
    bool to_office;
    Bytes datagram;
    bool operator>(const Flying& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
  };
  void transmit(bool from_device);
  void send(bool to_office, Bytes datagram);
  Instant next_event() const;

  std::priority_queue<Flying, std::vector<Flying>, std::greater<>> flying_;
  uint64_t order_ = 0, still_ = 0;
};

}  // namespace drawbridge::sim
