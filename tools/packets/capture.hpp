// UDP datagrams of a recording in the classic pcap format (tcpdump -w; tshark -F pcap).
#pragma once

#include <string>
#include <vector>

#include "keys/bytes.hpp"
#include "keys/result.hpp"

namespace drawbridge::packets {

struct Recorded {
  uint64_t time_us = 0;      // since 1970
  std::string from, to;      // address:port
  Bytes payload;
};

// Of Ethernet, raw IP and Linux "cooked" recordings, IPv4 and IPv6, whole datagrams only; all else is left out.
Result<std::vector<Recorded>> read_capture(const std::string& path);

}  // namespace drawbridge::packets
