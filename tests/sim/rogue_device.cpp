#include "tests/sim/rogue_device.hpp"

#include <algorithm>

namespace drawbridge::sim {

using traversal::CheckKind;
using traversal::ConnectivityCheck;

RogueDevice::RogueDevice(RogueKeys keys, Entropy& entropy)
    : keys_(std::move(keys)),
      entropy_(entropy),
      office_key_(exchange_public_of(keys_.office).take()),
      pair_(quic::derive_pair_keys(keys_.psk)),
      check_in_(traversal::check_keys(pair_, quic::End::device)),
      check_out_(traversal::check_keys(pair_, quic::End::office)) {}

void RogueDevice::connect(Now now, const std::function<void(quic::ClientHello&)>& change) {
  quic::ClientHello hello;
  hello.counter = counter_ = std::max(counter_ + 1, static_cast<uint64_t>(now.wall.unix_ms) * 1000);
  hello.boot_id = boot_id;
  change(hello);
  quic::DeviceHandshake handshake(quic::Purpose::session, keys_.identity, keys_.office, office_key_, keys_.psk, entropy_);
  quic::ConnectionOptions options{.self = quic::End::device, .pool = &pool_, .entropy = &entropy_, .observer = this};
  connection_ = quic::Connection::initiate(options, now.boot, pair_, std::move(handshake), std::move(hello));
  control_open_ = false;
  answered_checks = asked_checks = 0;
  office_id_.clear();
  received.clear();
  resets.clear();
  ended.clear();
}

void RogueDevice::handle_datagram(Now now, ByteView datagram) {
  if (traversal::check_tag_matches(datagram, check_in_)) return handle_check(datagram);
  if (connection_) connection_->handle_packet(now.boot, 0, datagram);
}

// It answers, as a good device does: the office is to believe that it is well.
void RogueDevice::handle_check(ByteView datagram) {
  auto check = traversal::open_check(datagram, check_in_);
  if (!check) return;
  answered_checks += check->kind == CheckKind::response;
  if (check->kind != CheckKind::request) return;
  ++asked_checks;
  ConnectivityCheck answer = question(false);
  answer.kind = CheckKind::response;
  answer.transaction = check->transaction;
  outbox.push_back(this->check(answer));
}

void RogueDevice::handle_timeout(Now now) {
  if (connection_ && connection_->next_timeout() <= now.boot) connection_->handle_timeout(now.boot);
}

std::optional<Bytes> RogueDevice::poll_datagram(Now now) {
  if (!outbox.empty()) {
    Bytes first = std::move(outbox.front());
    outbox.pop_front();
    return first;
  }
  if (!connection_) return std::nullopt;
  Bytes packet(limits::smallest_packet);
  uint8_t ecn = 0;
  packet.resize(connection_->write_packet(now.boot, packet, ecn));
  if (packet.empty()) {
    if (std::exchange(run_open_, false)) connection_->end_run(now.boot);
    return std::nullopt;
  }
  run_open_ = true;
  bool short_header = (packet[0] & 0x80) == 0;
  if (short_header) office_id_.assign(packet.begin() + 1, packet.begin() + 1 + quic::connection_id_size);
  return packet;
}

void RogueDevice::on_stream_bytes(quic::StreamId stream, ByteView bytes, bool end) {
  append(received[stream], bytes);
  if (end) ended.insert(stream);
  if (reading) connection_->consume(stream, bytes.size());
}

std::optional<quic::StreamId> RogueDevice::open(bool bidirectional, ByteView bytes, bool finish) {
  // The first of its own is the control stream.
  if (bidirectional && !control_open_) control_bytes({});
  auto stream = connection_->open_stream(bidirectional);
  if (!stream) return std::nullopt;
  write(*stream, bytes);
  if (finish) this->finish(*stream);
  return stream;
}

void RogueDevice::write(quic::StreamId stream, ByteView bytes) { connection_->stream_write(stream, bytes); }

void RogueDevice::control_bytes(ByteView bytes) {
  if (!std::exchange(control_open_, true)) connection_->open_stream(true);
  connection_->stream_write(0, bytes);
}

void RogueDevice::control(ByteView payload) {
  Bytes frame = to_bytes(tunnel::encode({tunnel::FrameKind::message, static_cast<uint32_t>(payload.size()), 0}));
  append(frame, payload);
  control_bytes(frame);
}

Bytes RogueDevice::packet(ByteView frames) {
  quic::PacketKeys keys = quic::derive_packet_keys(connection_->secrets().traffic.to_office, connection_->aead());
  constexpr size_t number_size = 4;
  Bytes datagram{0x40 | (number_size - 1)};
  append(datagram, office_id_);
  uint32_t number = packet_number_++;
  std::array<uint8_t, packet_nonce_size> nonce{};
  for (size_t i = 0; i < number_size; ++i) {
    uint8_t byte = static_cast<uint8_t>(number >> (8 * (number_size - 1 - i)));
    datagram.push_back(byte);
    nonce[packet_nonce_size - number_size + i] = byte;
  }
  size_t header = datagram.size();
  // So that there is something to sample behind the number (RFC 9001 5.4.2).
  Bytes plaintext = to_bytes(frames);
  plaintext.resize(std::max(plaintext.size(), header_sample_size));
  datagram.resize(header + plaintext.size() + packet_tag_size);
  make_packet_key(keys.aead, keys.key)
      ->seal(MutableBytes(datagram).subspan(header), plaintext, quic::packet_nonce(keys.iv, nonce.data()), ByteView(datagram).first(header));
  std::array<uint8_t, header_mask_size> mask{};
  make_header_mask(keys.aead, keys.header_key)->mask(mask, ByteView(datagram).subspan(header - number_size + 4).first<header_sample_size>());
  datagram[0] ^= mask[0] & 0x1f;
  for (size_t i = 0; i < number_size; ++i) datagram[header - number_size + i] ^= mask[1 + i];
  return datagram;
}

Bytes RogueDevice::check(ConnectivityCheck check, size_t size) { return traversal::seal_check(check, check_out_, size, entropy_); }

ConnectivityCheck RogueDevice::question(bool nominate) {
  ConnectivityCheck check{.kind = CheckKind::request, .counter = ++check_counter_, .sender_boot = boot_id, .transaction = entropy_.u64() | 1, .nominate = nominate};
  if (connection_ && connection_->server_hello()) check.receiver_boot = connection_->server_hello()->boot_id;
  return check;
}

}  // namespace drawbridge::sim
