#include <catch2/catch.hpp>

#include "protocol/relay/wire.hpp"
#include "protocol/tunnel/frame.hpp"
#include "tools/packets/packet_opener.hpp"
#include "tools/packets/words.hpp"

using namespace drawbridge;
using namespace drawbridge::packets;

namespace {

// Of a session between two daemons on one computer, both made anew for it: the office's "accept".
const std::string recorded_line =
    "4fb742ce1e20844c5ee8f1fc7a3ea677 bf77c83c99d98515 to-device traffic 0 2 "
    "fc0d2b62c277b6c96d225639646753991eb03a417443faff976e1317fad675fa 6e1d8d8b258dcda22f370980 "
    "002bb08eac7764388676804aa412897277c53ba014e31337eb80a75fbe6b788c";
const Bytes recorded_packet = from_hex("00bf77c83c99d98515eeec2d5de83a670c1a1960543e277bcaa6de57806e7cce2c94205697aa46055038d7");

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a recorded packet is opened and its frames are named") {
  PacketOpener opener;
  REQUIRE(opener.add_line(recorded_line));
  OpenedDatagram opened = opener.open(recorded_packet);
  CHECK(opened.rest.empty());
  REQUIRE(opened.packets.size() == 1);
  CHECK_FALSE(opened.packets[0].to_office);
  CHECK(opened.packets[0].number == 3);
  CHECK(Words().of(opened.packets[0]) == Lines{"ACK 2-2", "STREAM 4 offset 0, 8 bytes", "  accept"});
}

TEST_CASE("a packet inside a relay's message is opened as well") {
  PacketOpener opener;
  REQUIRE(opener.add_line(recorded_line));
  Bytes datagram(relay::header_size);
  relay::write_data_header(datagram, 7, 0);
  append(datagram, recorded_packet);
  OpenedDatagram opened = opener.open(datagram);
  CHECK(opened.relayed);
  CHECK(opened.packets.size() == 1);
}

TEST_CASE("packets that a sender's computer recorded as one datagram are opened one by one") {
  PacketOpener opener;
  REQUIRE(opener.add_line(recorded_line));
  Bytes run = recorded_packet;
  append(run, recorded_packet);
  OpenedDatagram opened = opener.open(run);
  CHECK(opened.rest.empty());
  CHECK(opened.packets.size() == 2);
}

TEST_CASE("a damaged or cut packet stays closed, and is said to be") {
  PacketOpener opener;
  REQUIRE(opener.add_line(recorded_line));
  for (size_t i = 1 + 8; i < recorded_packet.size(); ++i) {
    Bytes damaged = recorded_packet;
    damaged[i] ^= 1;
    CHECK(opener.open(damaged).packets.empty());
  }
  for (size_t size = 0; size < recorded_packet.size(); ++size) {
    OpenedDatagram opened = opener.open(ByteView(recorded_packet).first(size));
    CHECK(opened.packets.empty());
    CHECK_FALSE(opened.rest.empty());
  }
}

TEST_CASE("long headers of any form and length are met without harm") {
  PacketOpener opener;
  REQUIRE(opener.add_line(recorded_line));
  Bytes datagram = from_hex("c00000000108f2fa90fd8d1c638f08aa3f5de9aafb6d0400191122334455667788");
  for (size_t size = 1; size <= datagram.size(); ++size) CHECK(opener.open(ByteView(datagram).first(size)).packets.empty());
}

TEST_CASE("a line that is none of a key log is refused") {
  PacketOpener opener;
  for (size_t size = 0; size < recorded_line.size(); ++size) CHECK_FALSE(opener.add_line(recorded_line.substr(0, size)));
  CHECK_FALSE(opener.add_line(recorded_line + " 1"));
}

TEST_CASE("frames of the tunnel are named in their order, whatever order they arrive in") {
  Bytes stream = tunnel::encode_open("files");
  size_t first = stream.size();
  auto block = tunnel::encode(tunnel::FrameHeader{tunnel::FrameKind::block, 100, 0});
  append(stream, block);
  stream.resize(stream.size() + 100);
  append(stream, tunnel::encode(tunnel::FrameHeader{tunnel::FrameKind::end, 0, 1}));
  ByteView all = stream;
  StreamWords words;
  CHECK(words.take(first + 20, all.subspan(first + 20)).empty());
  CHECK(words.take(0, all.first(first + 3)) == Lines{"open files"});
  CHECK(words.take(first, all.subspan(first, 20)) == Lines{"block 0, 100 bytes", "end behind block 1"});
  CHECK(words.take(0, all.first(first)).empty());
}
