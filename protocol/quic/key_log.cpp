#include "protocol/quic/key_log.hpp"

#include <cassert>

namespace drawbridge::quic {
namespace {

// Of the process: the core runs in one thread, and this is no part of what is released.
KeyLogWriter write_line = nullptr;
ngtcp2_conn* current = nullptr;
End current_end = End::device;

std::string hex(const ngtcp2_cid& id) { return to_hex({id.data, id.datalen}); }

// The id that packets towards `receiver` carry. A device's first packets know no id of the office's.
std::string destination(End receiver) {
  if (receiver != current_end) return hex(*ngtcp2_conn_get_dcid(current));
  std::vector<ngtcp2_cid> own(ngtcp2_conn_get_num_scid(current));
  ngtcp2_conn_get_scid(current, own.data());
  return own.empty() ? "" : hex(own.front());
}

const char* name(KeySpace space) {
  return space == KeySpace::initial ? "initial" : space == KeySpace::handshake ? "handshake" : "traffic";
}

}  // namespace

void set_key_log(KeyLogWriter writer) { write_line = writer; }

KeyLogScope::KeyLogScope(ngtcp2_conn* conn, End self) {
  assert(!current);
  current = conn;
  current_end = self;
}

KeyLogScope::~KeyLogScope() { current = nullptr; }

void tell_keys(KeySpace space, uint32_t generation, End receiver, const PacketKeys& keys, const PacketKeys& header) {
  if (!write_line || !current) return;
  std::string line = hex(*ngtcp2_conn_get_client_initial_dcid(current)) + ' ' + destination(receiver) +
                     (receiver == End::office ? " to-office " : " to-device ") + name(space) + ' ' +
                     std::to_string(generation) + ' ' + std::to_string(static_cast<unsigned>(keys.aead)) + ' ' +
                     to_hex(keys.key.reveal()) + ' ' + to_hex(keys.iv) + ' ' + to_hex(header.header_key.reveal()) + '\n';
  write_line(line);
}

}  // namespace drawbridge::quic
