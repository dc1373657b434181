#include "protocol/pairing/link.hpp"

#include <catch2/catch.hpp>
#include <sodium.h>

#include <algorithm>

#include "keys/hash.hpp"
#include "protocol/base/limits.hpp"
#include "protocol/wire/msgpack.hpp"

using namespace drawbridge;
using namespace drawbridge::pairing;

namespace {

Secret32 secret_of(uint8_t byte) {
  Secret32 secret;
  std::fill(secret.reveal_mutable().begin(), secret.reveal_mutable().end(), byte);
  return secret;
}

InvitationLink invitation() {
  InvitationLink link;
  link.office.bytes.fill(0x37);
  link.secret = secret_of(9);
  link.addresses = {SocketAddress::v4(192, 0, 2, 1, 443), {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 7470}};
  return link;
}

// A link whose checksum is right, whatever it holds.
std::string link_of(auto&& write) {
  Bytes bytes;
  msgpack::Writer writer(bytes);
  write(writer);
  append(bytes, ByteView(blake2b_256({bytes})).first(4));
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return "drawbridge:#" + std::string(text.c_str());
}

ErrorCode error_of(const std::string& text) {
  auto link = parse_link(text);
  REQUIRE_FALSE(link.ok());
  CHECK_FALSE(link.error().message.empty());
  CHECK_FALSE(link.error().remedy.empty());
  return link.error().code;
}

}  // namespace

TEST_CASE("a link brings office, secret and addresses back, in their order") {
  auto link = parse_link(to_link(invitation()));
  REQUIRE(link);
  CHECK(link->office == invitation().office);
  CHECK(equal(link->secret.reveal(), invitation().secret.reveal()));
  CHECK(link->addresses == invitation().addresses);
}

TEST_CASE("a link may come as a page's address, and with white space around it") {
  std::string fragment = to_link(invitation()).substr(std::string("drawbridge:").size());
  CHECK(parse_link("https://shell.example.org/" + fragment));
  CHECK(parse_link(" \n\tdrawbridge:" + fragment + "\r\n "));
}

TEST_CASE("a relay's phone page stands in front of the link, where a camera's app opens it") {
  std::string link = to_link(invitation(), "https://shell.example.org");
  CHECK(link.starts_with("https://shell.example.org/#"));
  CHECK(parse_link(link));
  CHECK(parse_link(to_link(invitation(), "http://shell.bridge.localhost:8080")));
}

TEST_CASE("what is no link at all is told apart from a link that is not complete") {
  CHECK(error_of("") == ErrorCode::invalid_argument);
  CHECK(error_of("hello") == ErrorCode::invalid_argument);
  CHECK(error_of("http://example.org/#abc") == ErrorCode::invalid_argument);
  CHECK(error_of("https://example.org/") == ErrorCode::invalid_argument);
  CHECK(error_of("drawbridge:#" + std::string(4000, 'a')) == ErrorCode::invalid_argument);
  CHECK(error_of("drawbridge:#") == ErrorCode::malformed);
  CHECK(error_of("drawbridge:#a b") == ErrorCode::malformed);
}

TEST_CASE("a link that lost or changed any character is refused") {
  std::string whole = to_link(invitation());
  size_t begin = whole.find('#') + 1;
  for (size_t length = begin; length < whole.size(); ++length) CHECK_FALSE(parse_link(whole.substr(0, length)).ok());
  for (size_t i = begin; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CAPTURE(i);
    CHECK_FALSE(parse_link(changed).ok());
  }
}

TEST_CASE("a link of a newer layout says so") {
  std::string newer = link_of([](auto& w) { w.array(5).uint(2).bin(Bytes(32)).bin(Bytes(32)).array(0).array(0); });
  CHECK(parse_link(newer).error().message.find("newer") != std::string::npos);
}

TEST_CASE("links in another shape are refused although their checksum is right") {
  CHECK(parse_link(link_of([](auto& w) { w.array(5).uint(1).bin(Bytes(32)).bin(Bytes(32)).array(0).array(0); })));
  CHECK(error_of(link_of([](auto& w) { w.array(5).uint(1).bin(Bytes(31)).bin(Bytes(32)).array(0).array(0); })) == ErrorCode::malformed);
  CHECK(error_of(link_of([](auto& w) { w.array(5).uint(1).bin(Bytes(32)).bin(Bytes(33)).array(0).array(0); })) == ErrorCode::malformed);
  CHECK(error_of(link_of([](auto& w) { w.array(5).uint(1).bin(Bytes(32)).bin(Bytes(32)).array(1).bin(Bytes(7)).array(0); })) == ErrorCode::malformed);
  CHECK(error_of(link_of([](auto& w) { w.array(5).uint(1).bin(Bytes(32)).bin(Bytes(32)).array(0).array(0).nil(); })) == ErrorCode::malformed);
  CHECK(error_of(link_of([](auto& w) {
    w.array(5).uint(1).bin(Bytes(32)).bin(Bytes(32)).array(limits::candidates + 1);
    for (size_t i = 0; i <= limits::candidates; ++i) w.bin(Bytes(6));
  })) == ErrorCode::malformed);
}

TEST_CASE("an invitation's id tells nothing of its secret, is never zero and fits a JSON number") {
  uint64_t id = invitation_id(secret_of(1));
  CHECK(id == invitation_id(secret_of(1)));
  CHECK(id != invitation_id(secret_of(2)));
  CHECK(id != 0);
  CHECK(id < uint64_t{1} << 53);
}

TEST_CASE("what a device signs depends on the handshake, and a certificate on each of its fields") {
  CHECK(signature_text(Bytes(64, 1)) != signature_text(Bytes(64, 2)));
  Certificate one{{{1}}, {{2}}, "Laptop", 5};
  for (const Certificate& other : {Certificate{{{9}}, {{2}}, "Laptop", 5}, Certificate{{{1}}, {{9}}, "Laptop", 5}, Certificate{{{1}}, {{2}}, "laptop", 5},
                                   Certificate{{{1}}, {{2}}, "Laptop", 6}}) {
    CHECK(certificate_text(one) != certificate_text(other));
  }
}
