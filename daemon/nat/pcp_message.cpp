#include "daemon/nat/pcp_message.hpp"

#include <algorithm>
#include <cstring>

namespace drawbridge {
namespace {

constexpr uint8_t version = 2, opcode_map = 1, answer_bit = 0x80, protocol_udp = 17;
constexpr size_t head_bytes = 24, longest_message = 1'100;  // section 7

// Where the fields stand in both directions; MAP's own begin after the head.
constexpr size_t at_lifetime = 4, at_client = 8, at_epoch = 8;
constexpr size_t at_nonce = head_bytes, at_protocol = at_nonce + 12, at_internal_port = at_protocol + 4, at_external_port = at_internal_port + 2,
                 at_external = at_external_port + 2;
static_assert(at_external + 16 == pcp_map_bytes);

void put(uint8_t* at, uint32_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) at[i] = static_cast<uint8_t>(value >> 8 * (bytes - 1 - i));
}

uint32_t number(const uint8_t* at, size_t bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | at[i];
  return value;
}

// Section 5: any address of a family; IPv4 as ::ffff:0.0.0.0.
SocketAddress any_like(const SocketAddress& address) { return address.is_v4() ? SocketAddress::v4(0, 0, 0, 0, 0) : SocketAddress(); }

bool answers(ByteView bytes, const std::array<uint8_t, pcp_map_bytes>& asked) {
  return std::equal(bytes.begin() + at_nonce, bytes.begin() + at_protocol + 1, asked.begin() + at_nonce) &&
         std::equal(bytes.begin() + at_internal_port, bytes.begin() + at_external_port, asked.begin() + at_internal_port);
}

}  // namespace

std::array<uint8_t, pcp_map_bytes> encode(const PcpMapRequest& request) {
  std::array<uint8_t, pcp_map_bytes> out{version, opcode_map};
  put(&out[at_lifetime], static_cast<uint32_t>(request.lifetime.count()), 4);
  std::ranges::copy(request.local.ip, &out[at_client]);
  std::ranges::copy(request.nonce, &out[at_nonce]);
  out[at_protocol] = protocol_udp;
  put(&out[at_internal_port], request.local.port, 2);
  put(&out[at_external_port], request.external_port, 2);
  std::ranges::copy(request.external.is_unspecified() ? any_like(request.local).ip : request.external.ip, &out[at_external]);
  return out;
}

std::optional<PcpMapAnswer> parse_pcp_answer(ByteView bytes, const PcpMapRequest& asked) {
  constexpr auto too_new = static_cast<uint8_t>(PcpResult::unsupported_version);
  if (bytes.size() < 4 || bytes.size() > longest_message || !(bytes[1] & answer_bit)) return std::nullopt;
  // Of another version only this is fixed: where the result stands (appendix A; NAT-PMP has 16 bits for it).
  if (bytes[0] != version) return bytes[3] == too_new ? std::optional(PcpMapAnswer{.result = too_new}) : std::nullopt;
  if (bytes.size() < pcp_map_bytes || bytes.size() % 4 != 0 || bytes[1] != (opcode_map | answer_bit) || !answers(bytes, encode(asked)))
    return std::nullopt;
  PcpMapAnswer answer{.result = bytes[3], .lifetime = std::chrono::seconds(number(&bytes[at_lifetime], 4)), .epoch = number(&bytes[at_epoch], 4)};
  std::copy_n(bytes.begin() + at_external, 16, answer.external.ip.begin());
  answer.external.port = static_cast<uint16_t>(number(&bytes[at_external_port], 2));
  return answer;
}

}  // namespace drawbridge
