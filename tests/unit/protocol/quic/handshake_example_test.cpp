// The worked example of docs/spec/handshake.md, recomputed: what the document shows is what the code does.
#include <catch2/catch.hpp>

#include <fstream>
#include <iostream>
#include <map>
#include <regex>

#include "protocol/quic/handshake.hpp"
#include "protocol/quic/knock.hpp"

using namespace drawbridge;

namespace {

// Bytes that count up from a start: nobody's secret.
class CountingEntropy final : public Entropy {
 public:
  explicit CountingEntropy(uint8_t start) : next_(start) {}
  void fill(MutableBytes target) override {
    for (uint8_t& byte : target) byte = next_++;
  }

 private:
  uint8_t next_;
};

std::map<std::string, std::string> example_of_document() {
  std::ifstream file(DRAWBRIDGE_SOURCE_DIR "/docs/spec/handshake.md");
  std::map<std::string, std::string> values;
  static const std::regex row("^    ([a-z0-9_]+) += ([0-9a-f]+)$");
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, match, row)) values[match[1]] = match[2];
  }
  return values;
}

std::map<std::string, std::string> recompute() {
  CountingEntropy device_source(0x00), office_source(0x40), shared(0x80), device_ephemeral(0xa0), office_ephemeral(0xc0), random(0xe0);
  Identity device = identity_from_seed(device_source.secret32()), office = identity_from_seed(office_source.secret32());
  quic::PairKeys keys = quic::derive_pair_keys(shared.secret32());
  quic::DeviceHandshake first(quic::Purpose::session, device, office.id, office.exchange_public, keys.psk, device_ephemeral);
  quic::ClientHello hello;
  hello.counter = 1'800'000'000'000'000;
  hello.boot_id = 7;
  Bytes message1 = first.write_message1(hello);
  auto second = quic::OfficeHandshake::read(message1, quic::Purpose::session, office, device.id, keys.psk, office_ephemeral);
  REQUIRE(second);
  quic::ServerHello answer;
  answer.boot_id = 9;
  answer.handle = 0x1122334455667788;
  Bytes message2 = second->write_message2(answer);
  REQUIRE(first.read_message2(message2));
  REQUIRE(first.hash() == second->hash());
  quic::HandshakeSecrets secrets = first.secrets();
  quic::ConnectionId knock = quic::make_knock(keys.knock_tag, random);
  quic::DirectionKeys initial = quic::derive_initial_keys(keys.knock, knock.view());
  quic::PacketKeys traffic = quic::derive_packet_keys(secrets.traffic.to_office, AeadId::chacha20_poly1305);
  return {
      {"device_id", to_hex(device.id.bytes)},
      {"device_key", to_hex(device.exchange_public)},
      {"office_id", to_hex(office.id.bytes)},
      {"office_key", to_hex(office.exchange_public)},
      {"psk", to_hex(keys.psk.reveal())},
      {"knock", to_hex(keys.knock.reveal())},
      {"knock_tag", to_hex(keys.knock_tag.reveal())},
      {"first_dcid", to_hex(knock.view())},
      {"initial_key", to_hex(initial.to_office.key.reveal())},
      {"initial_iv", to_hex(initial.to_office.iv)},
      {"initial_header", to_hex(initial.to_office.header_key.reveal())},
      {"message1", to_hex(message1)},
      {"message2", to_hex(message2)},
      {"handshake_hash", to_hex(first.hash())},
      {"traffic_to_office", to_hex(secrets.traffic.to_office.reveal())},
      {"traffic_to_device", to_hex(secrets.traffic.to_device.reveal())},
      {"traffic_key", to_hex(traffic.key.reveal())},
      {"finished_device", to_hex(quic::finished_mac(secrets.finished_device, first.hash()).reveal())},
      {"next_psk", to_hex(secrets.next_psk.reveal())},
  };
}

}  // namespace

TEST_CASE("the worked example of the handshake document is what the code computes") {
  auto computed = recompute();
  auto written = example_of_document();
  for (auto& [name, value] : computed) {
    CAPTURE(name);
    CHECK(written[name] == value);
  }
  CHECK(written.size() == computed.size());
}
