// What message 1 and message 2 of a handshake carry: read only after Noise has opened them, from a device that is paired
// or a stranger with a link. The first byte says which message.
#include "protocol/quic/handshake.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::quic;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ByteView rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    auto hello = parse_client_hello(rest);
    if (hello) fuzz::require(equal(encode(*hello), rest), "one message has one encoding");
  } else {
    auto hello = parse_server_hello(rest);
    if (hello) fuzz::require(equal(encode(*hello), rest), "one message has one encoding");
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  ClientHello client{.aeads = {AeadId::aes_256_gcm, AeadId::chacha20_poly1305}, .counter = 1'800'000'000'000'000, .boot_id = 7, .live = 3, .transport_parameters = Bytes(60, 1)};
  ServerHello server{.boot_id = 9, .handle = UINT64_MAX, .transport_parameters = Bytes(60, 1)};
  return {of_kind(0, encode(client)), of_kind(1, encode(server)), of_kind(0, encode(ClientHello{})), of_kind(1, encode(ServerHello{}))};
}
