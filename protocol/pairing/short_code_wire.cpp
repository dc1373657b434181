#include "protocol/pairing/short_code_wire.hpp"

#include <algorithm>

#include "keys/aead.hpp"
#include "protocol/base/limits.hpp"

namespace drawbridge::pairing::short_code_message {
namespace {

// Byte 0 is the kind: the index in Message, plus one. Bytes 1 to 16 are the session id.
constexpr size_t head = 1 + std::tuple_size_v<cpace::SessionId>;

template <size_t N>
void take(std::array<uint8_t, N>& out, ByteView bytes, size_t at) {
  std::copy_n(bytes.begin() + static_cast<long>(at), N, out.begin());
}

struct Body {
  Bytes& out;
  void operator()(const Hello& m) const {
    out.push_back(m.version);
    append(out, m.share);
  }
  void operator()(const Share& m) const { append(out, m.share); }
  void operator()(const Confirm& m) const { append(out, m.tag); }
  void operator()(const Link& m) const { append(out, m.sealed); }
  void operator()(const Refused& m) const {
    out.push_back(static_cast<uint8_t>(m.why));
    out.push_back(m.tries_left);
  }
};

std::optional<Message> parse_hello(ByteView bytes) {
  Hello m;
  if (bytes.size() < head + 1) return std::nullopt;
  take(m.sid, bytes, 1);
  m.version = bytes[head];
  if (m.version != version) return m;
  if (bytes.size() != head + 1 + m.share.size()) return std::nullopt;
  take(m.share, bytes, head + 1);
  return m;
}

std::optional<Message> parse_share(ByteView bytes) {
  Share m;
  if (bytes.size() != head + m.share.size()) return std::nullopt;
  take(m.sid, bytes, 1);
  take(m.share, bytes, head);
  return m;
}

std::optional<Message> parse_confirm(ByteView bytes) {
  Confirm m;
  if (bytes.size() != head + m.tag.size()) return std::nullopt;
  take(m.sid, bytes, 1);
  take(m.tag, bytes, head);
  return m;
}

std::optional<Message> parse_link(ByteView bytes) {
  if (bytes.size() < head + aead_tag_size || bytes.size() > head + aead_tag_size + limits::short_code_link_bytes) return std::nullopt;
  Link m;
  take(m.sid, bytes, 1);
  m.sealed = to_bytes(bytes.subspan(head));
  return m;
}

std::optional<Message> parse_refused(ByteView bytes) {
  if (bytes.size() != head + 2) return std::nullopt;
  Refused m;
  take(m.sid, bytes, 1);
  if (bytes[head] < 1 || bytes[head] > static_cast<uint8_t>(Refusal::version)) return std::nullopt;
  m.why = static_cast<Refusal>(bytes[head]);
  m.tries_left = bytes[head + 1];
  return m;
}

}  // namespace

Bytes encode(const Message& message) {
  Bytes out{static_cast<uint8_t>(message.index() + 1)};
  std::visit([&](const auto& m) { append(out, m.sid); }, message);
  std::visit(Body{out}, message);
  return out;
}

std::optional<Message> parse(ByteView datagram) {
  using Parse = std::optional<Message> (*)(ByteView);
  constexpr Parse parsers[] = {parse_hello, parse_share, parse_confirm, parse_link, parse_refused};
  if (datagram.empty() || datagram[0] < 1 || datagram[0] > std::size(parsers)) return std::nullopt;
  return parsers[datagram[0] - 1](datagram);
}

}  // namespace drawbridge::pairing::short_code_message
