// What a router, or somebody who pretends to be it, answers to a PCP request.
#include "daemon/nat/pcp_message.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

namespace {

PcpMapRequest asked() {
  return {.local = SocketAddress::v4(192, 168, 1, 20, 7470), .nonce = {1, 2, 3}, .external_port = 7470, .external = {}, .lifetime = std::chrono::seconds(60)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto answer = parse_pcp_answer({data, size}, asked());
  if (!answer || PcpResult{answer->result} == PcpResult::unsupported_version) return 0;
  fuzz::require(size >= pcp_map_bytes, "an answer is whole");
  fuzz::require(answer->lifetime.count() <= UINT32_MAX, "a lifetime has 32 bits");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  auto bytes = encode(asked());
  bytes[1] |= 0x80;
  return {{bytes.begin(), bytes.end()}, {0, 0x81, 0, 1, 0, 0, 0, 9}};
}
