#include "daemon/services/forward_address.hpp"

namespace drawbridge {
namespace {

constexpr uint16_t shift = 20'000;
constexpr uint16_t first_free = 28'000;
constexpr int ports_tried = 64;
constexpr uint32_t hosts = 256 * 254;  // x: 0 to 255; y: 1 to 254, which no program takes for a network or broadcast

// FNV-1a: the choice must be the same in every version, and need not withstand anybody.
uint32_t spread(const std::string& name) {
  uint32_t hash = 2'166'136'261;
  for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16'777'619;
  return hash;
}

SocketAddress host(uint32_t index) {
  return SocketAddress::v4(127, 83, static_cast<uint8_t>(index / 254), static_cast<uint8_t>(1 + index % 254), 0);
}

}  // namespace

SocketAddress forward_ip(const std::string& name, const std::function<bool(const SocketAddress&)>& taken) {
  uint32_t start = spread(name) % hosts;
  for (uint32_t step = 0; step < hosts; ++step) {
    SocketAddress address = host((start + step) % hosts);
    if (!taken(address)) return address;
  }
  return host(start);
}

std::vector<uint16_t> forward_ports(uint16_t native) {
  std::vector<uint16_t> ports;
  if (native) ports.push_back(native);
  uint32_t next = native ? native + shift : first_free;
  if (next > 65'535 - ports_tried) next -= 2 * shift;
  for (int i = 0; i < ports_tried; ++i) ports.push_back(static_cast<uint16_t>(next++));
  return ports;
}

}  // namespace drawbridge
