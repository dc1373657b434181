#include "protocol/relay/wire.hpp"

#include <algorithm>

#include "protocol/roster/record_fields.hpp"

namespace drawbridge::relay {
namespace {

constexpr size_t padding = 8;  // of a CONTROL without a cookie
using roster::address_size;
using roster::decode_address;
using roster::encode_address;

// A cursor over a message of fixed layout, whose size was checked before.
class Cut {
 public:
  explicit Cut(ByteView bytes) : bytes_(bytes) {}
  template <size_t N>
  std::array<uint8_t, N> array() {
    std::array<uint8_t, N> out;
    std::memcpy(out.data(), bytes_.data() + at_, N);
    at_ += N;
    return out;
  }
  Mark mark() {
    Mark value = 0;
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  uint64_t counter() {
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | bytes_[at_++];
    return value;
  }
  uint8_t byte() { return bytes_[at_++]; }

 private:
  ByteView bytes_;
  size_t at_ = 1;
};

void put_mark(Bytes& out, Mark mark) {
  std::array<uint8_t, sizeof mark> bytes;
  std::memcpy(bytes.data(), &mark, sizeof mark);
  append(out, bytes);
}

void put_counter(Bytes& out, uint64_t counter) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(counter >> shift));
}

Bytes begin(Message type, Mark mark) {
  Bytes out{static_cast<uint8_t>(type)};
  put_mark(out, mark);
  return out;
}

bool is(ByteView datagram, Message type, size_t least) {
  return datagram.size() >= least && datagram[0] == static_cast<uint8_t>(type);
}

Bytes encode_short(Message type, const StateHeader& header) {
  Bytes out = begin(type, header.mark);
  put_counter(out, header.counter);
  return out;
}

void write_item(msgpack::Writer& writer, const Item& item) {
  bool leaves = item.end == End::none;
  writer.array(6).uint(item.channel).uint(static_cast<uint8_t>(item.end));
  writer.bin(leaves ? ByteView() : ByteView(item.mailbox.bytes)).uint(item.instance).uint(item.number);
  writer.bin(leaves ? ByteView() : ByteView(item.signature));
}

Item read_item(msgpack::Reader& reader) {
  Item item;
  reader.array_exact(6);
  item.channel = static_cast<uint8_t>(reader.uint(limits::relay_channels - 1));
  item.end = static_cast<End>(reader.uint(static_cast<uint8_t>(End::device)));
  bool leaves = item.end == End::none;
  ByteView mailbox = reader.bin_exact(leaves ? 0 : item.mailbox.bytes.size());
  std::copy(mailbox.begin(), mailbox.end(), item.mailbox.bytes.begin());
  item.instance = reader.uint();
  item.number = reader.uint();
  ByteView signature = reader.bin_exact(leaves ? 0 : item.signature.size());
  std::copy(signature.begin(), signature.end(), item.signature.begin());
  return item;
}

SocketAddress read_address(msgpack::Reader& reader) {
  ByteView bytes = reader.bin_exact(address_size);
  return bytes.empty() ? SocketAddress() : decode_address(bytes);
}

std::string read_text(msgpack::Reader& reader, size_t max) {
  return std::string(reader.str(max));
}

}  // namespace

std::optional<Message> message_of(ByteView datagram) {
  if (datagram.size() < header_size || datagram[0] < 1 || datagram[0] > static_cast<uint8_t>(Message::data))
    return std::nullopt;
  return static_cast<Message>(datagram[0]);
}

Mark mark_of(ByteView datagram) {
  Mark mark = 0;
  std::memcpy(&mark, datagram.data() + 1, sizeof mark);
  return mark;
}

Bytes knocked_part(const Hello& hello) {
  Bytes out;
  put_mark(out, hello.transaction);
  out.push_back(hello.version);
  append(out, hello.ephemeral);
  return out;
}

Bytes encode(const Hello& hello) {
  Bytes out = begin(Message::hello, hello.transaction);
  append(out, hello.knock);
  out.push_back(hello.version);
  append(out, hello.ephemeral);
  out.push_back(hello.elsewhere ? 1 : 0);
  out.resize(hello_size);
  return out;
}

std::optional<Hello> parse_hello(ByteView datagram) {
  if (!is(datagram, Message::hello, hello_size) || datagram.size() != hello_size) return std::nullopt;
  Cut cut(datagram);
  Hello hello;
  hello.transaction = cut.mark();
  hello.knock = cut.array<8>();
  hello.version = cut.byte();
  hello.ephemeral = cut.array<32>();
  hello.elsewhere = cut.byte() == 1;
  return hello;
}

Bytes encode(const Challenge& challenge) {
  Bytes out = knocked_part(challenge);
  append(out, challenge.tag);
  return out;
}

Bytes knocked_part(const Challenge& challenge) {
  Bytes out = begin(Message::challenge, challenge.mark);
  append(out, challenge.cookie);
  append(out, encode_address(challenge.observed));
  out.push_back(challenge.version);
  return out;
}

std::optional<Challenge> parse_challenge(ByteView datagram) {
  if (!is(datagram, Message::challenge, challenge_size) || datagram.size() != challenge_size) return std::nullopt;
  Cut cut(datagram);
  Challenge challenge;
  challenge.mark = cut.mark();
  challenge.cookie = cut.array<20>();
  challenge.observed = decode_address(cut.array<address_size>());
  challenge.version = cut.byte();
  challenge.tag = cut.array<8>();
  return challenge;
}

Bytes encode(const OpenHeader& header) {
  Bytes out = begin(Message::open, header.mark);
  put_counter(out, header.counter);
  append(out, header.cookie);
  append(out, header.ephemeral);
  return out;
}

std::optional<OpenHeader> parse_open(ByteView datagram) {
  if (!is(datagram, Message::open, open_header_size)) return std::nullopt;
  Cut cut(datagram);
  OpenHeader header;
  header.mark = cut.mark();
  header.counter = cut.counter();
  header.cookie = cut.array<20>();
  header.ephemeral = cut.array<32>();
  return header;
}

Bytes knocked_part(const ControlHeader& header) {
  Bytes out;
  put_mark(out, header.mark);
  put_counter(out, header.counter);
  return out;
}

Bytes encode(const ControlHeader& header) {
  Bytes out = begin(Message::control, header.mark);
  put_counter(out, header.counter);
  append(out, header.knock);
  return out;
}

std::optional<ControlHeader> parse_control(ByteView datagram) {
  if (!is(datagram, Message::control, control_header_size)) return std::nullopt;
  Cut cut(datagram);
  ControlHeader header;
  header.mark = cut.mark();
  header.counter = cut.counter();
  header.knock = cut.array<8>();
  return header;
}

Bytes encode(const StateHeader& header) {
  return encode_short(Message::state, header);
}

Bytes encode_gone(const StateHeader& header) {
  return encode_short(Message::gone, header);
}

std::optional<StateHeader> parse_state(ByteView datagram) {
  if (!is(datagram, Message::state, state_header_size)) return std::nullopt;
  Cut cut(datagram);
  Mark mark = cut.mark();
  return StateHeader{mark, cut.counter()};
}

std::optional<StateHeader> parse_gone(ByteView datagram) {
  if (!is(datagram, Message::gone, gone_size) || datagram.size() != gone_size) return std::nullopt;
  Cut cut(datagram);
  Mark mark = cut.mark();
  return StateHeader{mark, cut.counter()};
}

Bytes encode(const ControlBody& body) {
  Bytes out;
  msgpack::Writer writer(out);
  writer.array(5).uint(static_cast<uint8_t>(body.kind)).uint(body.seen).uint(body.keepalive_s);
  constexpr std::array<uint8_t, padding> zeros{};
  writer.bin(body.cookie ? ByteView(*body.cookie) : ByteView(zeros)).array(body.items.size());
  for (const Item& item : body.items) write_item(writer, item);
  return out;
}

std::optional<ControlBody> parse_control_body(ByteView bytes) {
  msgpack::Reader reader(bytes);
  ControlBody body;
  reader.array_exact(5);
  body.kind = static_cast<ControlKind>(reader.uint(static_cast<uint8_t>(ControlKind::locate)));
  body.seen = reader.uint();
  body.keepalive_s = static_cast<uint16_t>(reader.uint(UINT16_MAX));
  ByteView cookie = reader.bin_exact(body.kind == ControlKind::move ? sizeof(Cookie) : padding);
  if (cookie.size() == padding && std::any_of(cookie.begin(), cookie.end(), [](uint8_t byte) { return byte; })) return std::nullopt;
  if (cookie.size() == sizeof(Cookie)) {
    body.cookie.emplace();
    std::copy(cookie.begin(), cookie.end(), body.cookie->begin());
  }
  size_t items = reader.array(limits::relay_items);
  for (size_t i = 0; i < items && reader.ok(); ++i) body.items.push_back(read_item(reader));
  if (!reader.done() || body.kind < ControlKind::ping) return std::nullopt;
  if (body.kind == ControlKind::locate && body.items.size() != 1) return std::nullopt;
  return body;
}

bool is_phone_page(std::string_view text) {
  bool sealed = text.starts_with("https://"), open = text.starts_with("http://");
  if (!sealed && !open) return false;
  text.remove_prefix(sealed ? 8 : 7);
  size_t colon = text.find(':');
  std::string_view host = text.substr(0, colon), port = colon == std::string_view::npos ? "1" : text.substr(colon + 1);
  auto of_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  bool name = !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), of_name);
  bool number = !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), digit);
  return name && number && (sealed || host.ends_with(".localhost"));
}

Bytes encode(const StateBody& body) {
  Bytes channels, out;
  for (const ChannelState& channel : body.channels) channels.insert(channels.end(), {channel.status, channel.openings});
  msgpack::Writer writer(out);
  writer.array(body.phone_page.empty() ? 11 : 12)
      .uint(body.answers)
      .uint(body.number)
      .uint(body.flags)
      .bin(encode_address(body.observed))
      .bin(channels)
      .uint(body.retry_s)
      .str(body.operator_name)
      .str(body.country)
      .str(body.other_url)
      .array(body.observers.size());
  for (const SocketAddress& observer : body.observers) writer.bin(encode_address(observer));
  if (!body.located) writer.array(0);
  else writer.array(2).uint(body.located->first).bin(encode_address(body.located->second));
  if (!body.phone_page.empty()) writer.str(body.phone_page);
  return out;
}

void read_addresses(msgpack::Reader& reader, StateBody& body) {
  size_t observers = reader.array(limits::relay_observers);
  for (size_t i = 0; i < observers && reader.ok(); ++i) body.observers.push_back(read_address(reader));
  size_t located = reader.array(2);
  if (located == 1) reader.refuse();
  if (located != 2) return;
  auto channel = static_cast<uint8_t>(reader.uint(limits::relay_channels - 1));
  body.located.emplace(channel, read_address(reader));
}

std::optional<StateBody> parse_state_body(ByteView bytes) {
  msgpack::Reader reader(bytes);
  StateBody body;
  size_t fields = reader.array(12);
  if (fields != 9 && fields < 11) reader.refuse();  // 9: of a relay without observation; 12: with a phone page
  body.answers = reader.uint();
  body.number = reader.uint();
  body.flags = reader.uint();
  ByteView observed = reader.bin_exact(address_size);
  ByteView channels = reader.bin(2 * limits::relay_channels);
  body.retry_s = static_cast<uint32_t>(reader.uint(UINT32_MAX));
  body.operator_name = read_text(reader, limits::relay_text_bytes);
  body.country = read_text(reader, 2);
  body.other_url = read_text(reader, limits::relay_url_bytes);
  if (fields >= 11) read_addresses(reader, body);
  if (fields == 12) body.phone_page = read_text(reader, limits::relay_url_bytes);
  if (fields == 12 && !is_phone_page(body.phone_page)) reader.refuse();
  if (!reader.done() || channels.size() % 2) return std::nullopt;
  body.observed = decode_address(observed);
  for (size_t i = 0; i < channels.size(); i += 2) body.channels.push_back({channels[i], channels[i + 1]});
  return body;
}

}  // namespace drawbridge::relay
