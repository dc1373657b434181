// Pairing links as people paste them; an odd first byte puts the checksum right, so that the form behind it is reached.
#include <sodium.h>

#include "keys/hash.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/pairing/link.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::pairing;

namespace {

constexpr std::string_view scheme = "drawbridge:#";

std::string link_of(ByteView payload) {
  Bytes bytes = to_bytes(payload);
  append(bytes, ByteView(blake2b_256({payload})).first(4));
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();
  return std::string(scheme) + text;
}

Bytes payload_of(const std::string& link) {
  Bytes bytes(link.size());
  size_t length = 0;
  sodium_base642bin(bytes.data(), bytes.size(), link.data() + scheme.size(), link.size() - scheme.size(), nullptr, &length, nullptr,
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  bytes.resize(length - 4);
  return bytes;
}

std::vector<std::string> links() {
  InvitationLink link;
  link.office.bytes.fill(0x37);
  link.secret.reveal_mutable()[5] = 9;
  std::vector<std::string> all{to_link(link)};
  link.addresses = {SocketAddress::v4(192, 0, 2, 1, 443), {{0x20, 1, 0xd, 0xb8}, 7470}};
  all.push_back(to_link(link));
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ByteView rest(data + 1, size - 1);
  std::string text = data[0] % 2 == 0 ? std::string(as_text(rest)) : link_of(rest);
  auto link = parse_link(text);
  if (!link) {
    fuzz::require(!link.error().message.empty() && !link.error().remedy.empty(), "a refusal says why and what to do");
    return 0;
  }
  auto again = parse_link(to_link(*link));
  fuzz::require(again && again->office == link->office && again->addresses == link->addresses &&
                    equal(again->secret.reveal(), link->secret.reveal()),
                "a link that was read can be written and read");
  fuzz::require(link->addresses.size() <= limits::candidates, "a link holds a bounded number of addresses");
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  std::vector<Bytes> inputs;
  for (const std::string& link : links()) {
    inputs.push_back(of_kind(0, as_bytes(link)));
    inputs.push_back(of_kind(1, payload_of(link)));
    inputs.push_back(of_kind(0, as_bytes(" https://shell.example.org/" + link.substr(scheme.size() - 1) + "\n")));
  }
  return inputs;
}
