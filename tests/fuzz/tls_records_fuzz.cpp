// Records from strangers' TLS. The first byte says how many of them, at the beginning, are sealed as a client would.
#include "daemon/relay/tls_records.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

namespace {

const Bytes one(32, 1), other(32, 2);

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  TlsRecords client(TlsRecords::Suite::aes_128_gcm_sha256, other, one), relay(TlsRecords::Suite::aes_128_gcm_sha256, one, other);
  ByteView rest(data + 1, size - 1);
  Bytes sent, said;
  for (int i = data[0] % 4; i > 0 && !rest.empty(); --i) {
    ByteView text = rest.first(std::min<size_t>(rest.size(), 1 + rest[0] * 100));
    rest = rest.subspan(text.size());
    Bytes sealed(TlsRecords::sealed_size(text.size()));
    append(sent, ByteView(sealed).first(client.seal(text, sealed)));
    append(said, text);
  }
  append(sent, rest);
  Bytes room(sent.size());
  TlsRecords::Opened opened = relay.open(sent, room);
  fuzz::require(opened.used <= sent.size() && opened.text <= opened.used, "records lie within what came");
  fuzz::require(opened.text >= said.size() && equal(ByteView(room).first(said.size()), said), "what a client has sealed is read");
  fuzz::require(opened.text == said.size(), "nothing else opens");
  if (opened.ended) return 0;
  ByteView kept = ByteView(sent).subspan(opened.used);
  fuzz::require(kept.size() < TlsRecords::sealed_longest, "no more than one record is waited for");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  return {{2, 5, 'w', 'o', 'r', 'd', 's'}, {0, 23, 3, 3, 0, 17}, {1, 1, 0}, {0, 21, 3, 3, 0, 2, 1, 0}, Bytes(500, 3)};
}
