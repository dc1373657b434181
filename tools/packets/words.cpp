#include "tools/packets/words.hpp"

#include "protocol/quic/varint.hpp"
#include "protocol/tunnel/frame.hpp"

namespace drawbridge::packets {
namespace {

using tunnel::FrameKind;

const char* message_name(ByteView payload) {
  static constexpr const char* names[] = {"", "offer", "rekey", "rekey answer", "revoked", "pair request", "pair grant", "pair done",
                                          "leave", "hello", "candidates", "incarnation", "punch", "audit head"};
  // A msgpack array of few fields, whose first is a small number.
  size_t type = payload.size() >= 2 ? payload[1] : 0;
  return type > 0 && type < std::size(names) ? names[type] : "of an unknown type";
}

std::string tunnel_words(const tunnel::FrameHeader& header, ByteView payload) {
  std::string argument = std::to_string(header.argument), length = std::to_string(header.length);
  switch (header.kind) {
    case FrameKind::open: return "open " + tunnel::parse_open(payload).value_or("(malformed)");
    case FrameKind::accept: return "accept";
    case FrameKind::refuse: {
      auto refusal = tunnel::parse_refuse(payload);
      return refusal ? std::string("refuse ") + reset_name(refusal->reset) : "refuse (malformed)";
    }
    case FrameKind::lane: return "lane of stream " + std::to_string(tunnel::parse_lane(payload).value_or(0));
    case FrameKind::block: return "block " + argument + ", " + length + " bytes";
    case FrameKind::end: return "end behind block " + argument;
    case FrameKind::message: return std::string("message ") + message_name(payload) + ", " + length + " bytes";
  }
  return "unknown kind " + std::to_string(static_cast<unsigned>(header.kind));
}

// One frame's fields, one after the other; `good` is false once the bytes have ended.
struct Fields {
  ByteView bytes;
  size_t at = 0;
  bool good = true;

  uint64_t number() {
    auto value = good ? quic::read_varint(bytes, at) : std::nullopt;
    good = value.has_value();
    return value.value_or(0);
  }
  ByteView take(uint64_t size) {
    good = good && size <= bytes.size() - at;
    if (!good) return {};
    ByteView out = bytes.subspan(at, static_cast<size_t>(size));
    at += static_cast<size_t>(size);
    return out;
  }
  ByteView rest() { return take(bytes.size() - at); }
};

std::string text(uint64_t number) { return std::to_string(number); }

std::string acknowledgement(Fields& in, bool with_ecn) {
  uint64_t largest = in.number();
  in.number();  // delay
  uint64_t more = in.number(), first = in.number();
  std::string words = "ACK " + text(largest - first) + "-" + text(largest);
  if (more > 0) words += ", " + text(more) + " more ranges";
  for (uint64_t i = 0; i < more && in.good; ++i) in.number(), in.number();
  for (int i = 0; with_ecn && i < 3; ++i) in.number();
  return words;
}

std::string closing(Fields& in, bool application) {
  uint64_t code = in.number();
  if (!application) in.number();
  ByteView reason = in.take(in.number());
  return std::string("CONNECTION_CLOSE ") + (application ? "application " : "transport ") + text(code) + " " + to_string(reason);
}

// Frames that are numbers and nothing else.
struct Plain {
  uint64_t type;
  const char* name;
  int numbers;
};
constexpr Plain plain_frames[] = {
    {0x01, "PING", 0},           {0x04, "RESET_STREAM", 3},        {0x05, "STOP_SENDING", 2},        {0x10, "MAX_DATA", 1},
    {0x11, "MAX_STREAM_DATA", 2}, {0x12, "MAX_STREAMS bidirectional", 1}, {0x13, "MAX_STREAMS unidirectional", 1},
    {0x14, "DATA_BLOCKED", 1},   {0x15, "STREAM_DATA_BLOCKED", 2}, {0x16, "STREAMS_BLOCKED", 1},     {0x17, "STREAMS_BLOCKED", 1},
    {0x19, "RETIRE_CONNECTION_ID", 1}, {0x1e, "HANDSHAKE_DONE", 0},
};

std::string padding(Fields& in) {
  size_t begin = in.at - 1;
  while (in.at < in.bytes.size() && in.bytes[in.at] == 0) ++in.at;
  return "PADDING " + text(in.at - begin) + " bytes";
}

std::string new_connection_id(Fields& in) {
  uint64_t sequence = in.number();
  in.number();  // retire prior to
  std::string id = to_hex(in.take(in.number()));
  in.take(16);  // stateless reset token
  return "NEW_CONNECTION_ID " + text(sequence) + " " + id;
}

std::string other_frame(uint64_t type, Fields& in) {
  for (const Plain& frame : plain_frames) {
    if (frame.type != type) continue;
    std::string words = frame.name;
    for (int i = 0; i < frame.numbers; ++i) words += " " + text(in.number());
    return words;
  }
  in.good = false;  // its length is not known
  return "frame of unknown type " + text(type);
}

}  // namespace

std::vector<std::string> StreamWords::take(uint64_t offset, ByteView bytes) {
  std::vector<std::string> words;
  Bytes& kept = later_[offset];
  if (bytes.size() > kept.size()) kept = to_bytes(bytes);
  while (!later_.empty() && later_.begin()->first <= taken_) {
    auto node = later_.extract(later_.begin());
    uint64_t known = taken_ - node.key();
    if (known >= node.mapped().size()) continue;
    append(pending_, ByteView(node.mapped()).subspan(static_cast<size_t>(known)));
    taken_ = node.key() + node.mapped().size();
  }
  read(words);
  return words;
}

void StreamWords::read(std::vector<std::string>& words) {
  for (;;) {
    size_t skipped = static_cast<size_t>(std::min<uint64_t>(to_skip_, pending_.size()));
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(skipped));
    to_skip_ -= skipped;
    if (to_skip_ > 0 || pending_.size() < tunnel::frame_header_size) return;
    tunnel::FrameHeader header = tunnel::decode_header(pending_);
    bool block = header.kind == FrameKind::block;
    if (!block && pending_.size() < tunnel::frame_header_size + header.length) return;
    words.push_back(tunnel_words(header, block ? ByteView() : ByteView(pending_).subspan(tunnel::frame_header_size, header.length)));
    to_skip_ = tunnel::frame_header_size + uint64_t{header.length};
  }
}

std::vector<std::string> Words::of(const OpenedPacket& packet) {
  std::vector<std::string> lines;
  Fields in{packet.frames};
  while (in.good && in.at < in.bytes.size()) {
    uint64_t type = in.number();
    std::string words;
    std::vector<std::string> within;
    if (type == 0) {
      words = padding(in);
    } else if (type == 2 || type == 3) {
      words = acknowledgement(in, type == 3);
    } else if (type == 6) {
      uint64_t offset = in.number();
      words = "CRYPTO offset " + text(offset) + ", " + text(in.take(in.number()).size()) + " bytes";
    } else if (type >= 0x08 && type <= 0x0f) {
      uint64_t stream = in.number(), offset = type & 4 ? in.number() : 0;
      ByteView bytes = type & 2 ? in.take(in.number()) : in.rest();
      words = "STREAM " + text(stream) + " offset " + text(offset) + ", " + text(bytes.size()) + " bytes" + (type & 1 ? ", FIN" : "");
      if (in.good) within = streams_[packet.connection + (packet.to_office ? '>' : '<') + text(stream)].take(offset, bytes);
    } else if (type == 0x18) {
      words = new_connection_id(in);
    } else if (type == 0x1a || type == 0x1b) {
      words = type == 0x1a ? "PATH_CHALLENGE" : "PATH_RESPONSE";
      in.take(8);
    } else if (type == 0x1c || type == 0x1d) {
      words = closing(in, type == 0x1d);
    } else if (type == 0x30 || type == 0x31) {
      ByteView bytes = type == 0x31 ? in.take(in.number()) : in.rest();
      Fields inner{bytes};
      uint64_t flow = inner.number();
      words = "DATAGRAM of stream " + text(4 * flow) + ", " + text(inner.rest().size()) + " bytes";
    } else {
      words = other_frame(type, in);
    }
    lines.push_back(in.good ? words : words + " (the packet's frames cannot be read further)");
    for (const std::string& line : within) lines.push_back("  " + line);
  }
  return lines;
}

}  // namespace drawbridge::packets
