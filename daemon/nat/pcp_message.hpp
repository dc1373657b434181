// MAP of the Port Control Protocol, version 2, for UDP (RFC 6887 sections 7 and 11), as bytes. Nothing here blocks.
#pragma once

#include <array>
#include <chrono>
#include <optional>

#include "keys/bytes.hpp"
#include "protocol/base/address.hpp"

namespace drawbridge {

// Section 11.2: what proves to the gateway that a later request comes from who asked first. The same for the same node
// over restarts, or the node could not renew what it had before.
using PcpNonce = std::array<uint8_t, 12>;

struct PcpMapRequest {
  SocketAddress local;           // of ours: address and port
  PcpNonce nonce{};
  uint16_t external_port = 0;    // wished for
  SocketAddress external;        // wished for; unspecified: any of the local address's family
  std::chrono::seconds lifetime{};  // 0: withdraw
};

constexpr size_t pcp_map_bytes = 60;
std::array<uint8_t, pcp_map_bytes> encode(const PcpMapRequest& request);

// Section 7.4.
enum class PcpResult : uint8_t {
  success, unsupported_version, not_authorized, malformed_request, unsupported_opcode, unsupported_option, malformed_option,
  network_failure, no_resources, unsupported_protocol, quota_exceeded, cannot_provide_external, address_mismatch, excessive_peers,
};

struct PcpMapAnswer {
  uint8_t result = 0;               // a PcpResult, or a later document's
  std::chrono::seconds lifetime{};  // of the mapping, or how long the error will last
  uint32_t epoch = 0;               // seconds since the gateway's mappings began
  SocketAddress external;
};

// nullopt: not an answer to this request (garbage, another nonce, another port): to be ignored, section 8.3. A gateway
// that speaks NAT-PMP only answers in that protocol that it knows no such version (RFC 6886 3.5): unsupported_version.
std::optional<PcpMapAnswer> parse_pcp_answer(ByteView bytes, const PcpMapRequest& asked);

}  // namespace drawbridge
