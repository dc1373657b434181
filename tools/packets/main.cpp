// packets: what recorded packets say, by the key log of a development build. docs/HACKING.md, "Looking at packets".
#include <cstdio>
#include <fstream>

#include "keys/libsodium.hpp"
#include "tools/packets/capture.hpp"
#include "tools/packets/packet_opener.hpp"
#include "tools/packets/words.hpp"

namespace drawbridge::packets {
namespace {

const char* space_name(quic::KeySpace space) {
  return space == quic::KeySpace::initial ? "Initial" : space == quic::KeySpace::handshake ? "Handshake" : "1-RTT";
}

void print(const OpenedPacket& packet, Words& words) {
  std::printf("  %s %llu %s, generation %u, connection %s\n", space_name(packet.space), static_cast<unsigned long long>(packet.number),
              packet.to_office ? "to office" : "to device", packet.generation, packet.connection.substr(0, 8).c_str());
  for (const std::string& line : words.of(packet)) std::printf("    %s\n", line.c_str());
}

int run(const char* keys, const char* capture) {
  std::ifstream key_log(keys);
  PacketOpener opener;
  size_t lines = 0, bad = 0;
  for (std::string line; std::getline(key_log, line); ++lines) bad += !opener.add_line(line);
  if (lines == 0 || bad > 0) return std::fprintf(stderr, "packets: %s: %zu of %zu lines are none of a key log.\n", keys, bad, lines), 1;
  auto recorded = read_capture(capture);
  if (!recorded) return std::fprintf(stderr, "packets: %s %s\n", recorded.error().message.c_str(), recorded.error().remedy.c_str()), 1;
  Words words;
  size_t number = 0;
  for (const Recorded& datagram : *recorded) {
    OpenedDatagram opened = opener.open(datagram.payload);
    std::printf("%zu  %.6f  %s > %s  %zu bytes%s\n", ++number, static_cast<double>(datagram.time_us - recorded->front().time_us) / 1e6,
                datagram.from.c_str(), datagram.to.c_str(), datagram.payload.size(), opened.relayed ? ", in a relay's DATA" : "");
    for (const OpenedPacket& packet : opened.packets) print(packet, words);
    if (!opened.rest.empty()) std::printf("  not opened: %s\n", opened.rest.c_str());
  }
  return 0;
}

}  // namespace
}  // namespace drawbridge::packets

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: packets KEY_LOG RECORDING.pcap\n"), 2;
  if (!drawbridge::start_libsodium()) return std::fprintf(stderr, "packets: This computer gives no random numbers.\n"), 1;
  return drawbridge::packets::run(argv[1], argv[2]);
}
