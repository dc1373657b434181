#include "protocol/tunnel/frame.hpp"

#include <algorithm>

#include "protocol/base/limits.hpp"
#include "protocol/wire/msgpack.hpp"
#include "protocol/wire/utf8.hpp"

namespace drawbridge {

const char* reset_name(FlowReset reset) {
  switch (reset) {
    case FlowReset::none: return "none";
    case FlowReset::aborted: return "aborted";
    case FlowReset::no_such_service: return "no_such_service";
    case FlowReset::target_refused: return "target_refused";
    case FlowReset::target_unreachable: return "target_unreachable";
    case FlowReset::revoked: return "revoked";
    case FlowReset::too_many: return "too_many";
    case FlowReset::connection_lost: return "connection_lost";
    case FlowReset::grant_ended: return "grant_ended";
    case FlowReset::target_failed: return "target_failed";
  }
  return "aborted";
}

namespace tunnel {
namespace {

Bytes with_header(FrameKind kind, ByteView payload) {
  auto header = encode(FrameHeader{kind, static_cast<uint32_t>(payload.size()), 0});
  Bytes frame(header.size() + payload.size());
  std::copy(header.begin(), header.end(), frame.begin());
  std::copy(payload.begin(), payload.end(), frame.begin() + header.size());
  return frame;
}

}  // namespace

Bytes encode_open(const std::string& service) {
  Bytes payload;
  msgpack::Writer(payload).array(1).str(service);
  return with_header(FrameKind::open, payload);
}

Bytes encode_accept() { return with_header(FrameKind::accept, {}); }

Bytes encode_refuse(FlowReset reset, const std::string& message) {
  Bytes payload;
  msgpack::Writer(payload).array(2).uint(static_cast<uint8_t>(reset)).str(utf8_prefix(message, limits::text_bytes));
  return with_header(FrameKind::refuse, payload);
}

Bytes encode_lane(uint64_t flow_stream) {
  Bytes payload(8);
  for (size_t i = 0; i < 8; ++i) payload[7 - i] = static_cast<uint8_t>(flow_stream >> (8 * i));
  return with_header(FrameKind::lane, payload);
}

std::optional<std::string> parse_open(ByteView payload) {
  msgpack::Reader reader(payload);
  reader.array_exact(1);
  std::string service(reader.str(limits::service_name_bytes));
  if (!reader.done() || !is_service_name(service)) return std::nullopt;
  return service;
}

std::optional<Refusal> parse_refuse(ByteView payload) {
  msgpack::Reader reader(payload);
  reader.array_exact(2);
  Refusal refusal;
  refusal.reset = static_cast<FlowReset>(reader.uint(UINT8_MAX));
  refusal.message = std::string(reader.str(limits::text_bytes));
  if (!reader.done()) return std::nullopt;
  return refusal;
}

std::optional<uint64_t> parse_lane(ByteView payload) {
  if (payload.size() != 8) return std::nullopt;
  uint64_t stream = 0;
  for (uint8_t byte : payload) stream = stream << 8 | byte;
  return stream;
}

bool is_service_name(std::string_view name) {
  auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= limits::service_name_bytes && std::all_of(name.begin(), name.end(), allowed) &&
         name.front() != '-' && name.back() != '-';
}

}  // namespace tunnel
}  // namespace drawbridge
