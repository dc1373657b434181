// A short code's exchange, at both ends, and the code as people type it. The first byte says which: even, a datagram for
// the office and the device, with the session's id put in if the second bit is set; odd, a typed code.
#include "protocol/base/limits.hpp"
#include "protocol/pairing/short_code_join.hpp"
#include "protocol/pairing/short_code_offer.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/sim/seeded_entropy.hpp"

using namespace drawbridge;
using namespace drawbridge::pairing;

namespace {

const Instant start{Duration(std::chrono::hours(1))};

// An exchange in which the office's share is on its way.
struct Exchange {
  sim::SeededEntropy entropy{4};
  ShortCode code = draw_short_code(Language::english, entropy);
  ShortCodeOffer office = ShortCodeOffer::create(code, "drawbridge:#link", start + 60s, entropy).take();
  ShortCodeJoin device{code, start, entropy};
  Bytes hello = *device.poll_transmit(start), share;

  Exchange() {
    office.handle_datagram(start, hello);
    share = *office.poll_transmit();
  }
};

void check_message(ByteView bytes) {
  if (auto message = short_code_message::parse(bytes)) {
    auto* hello = std::get_if<short_code_message::Hello>(&*message);
    bool foreign = hello && hello->version != short_code_message::version;
    fuzz::require(foreign || equal(short_code_message::encode(*message), bytes), "a message has one form");
  }
}

void check_exchange(ByteView bytes, bool with_session) {
  Exchange exchange;
  Bytes datagram = to_bytes(bytes);
  if (with_session && datagram.size() >= 17) std::copy_n(exchange.hello.begin() + 1, 16, datagram.begin() + 1);
  check_message(datagram);
  exchange.office.handle_datagram(start, datagram);
  fuzz::require(exchange.office.tries_left() >= limits::short_code_tries - 1, "a datagram costs one try at most");
  exchange.device.handle_datagram(start, datagram);
  exchange.device.handle_datagram(start, exchange.share);
  exchange.device.handle_datagram(start, datagram);
  fuzz::require(!exchange.device.outcome() || !exchange.device.outcome()->ok(), "nobody gets a device to take a link without the words");
  for (int i = 0; exchange.office.poll_transmit(); ++i) fuzz::require(i < 1, "one answer a datagram");
}

void check_text(std::string_view text) {
  auto code = parse_short_code(text);
  if (!code) return fuzz::require(!code.error().message.empty() && !code.error().remedy.empty(), "a refusal says why and what to do");
  auto again = parse_short_code(to_text(*code));
  fuzz::require(again && again->password() == code->password() && again->number == code->number, "a code that was read can be written and read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ByteView rest(data + 1, size - 1);
  if (data[0] % 2 == 1)
    check_text(as_text(rest));
  else
    check_exchange(rest, (data[0] & 2) != 0);
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  Exchange exchange;
  std::vector<Bytes> inputs{of_kind(1, "7-forest-lamp"), of_kind(1, "Forêt 12 Lampe"), of_kind(1, "3 bosq agua")};
  exchange.device.handle_datagram(start, exchange.share);
  Bytes confirm = *exchange.device.poll_transmit(start);
  Bytes refused = short_code_message::encode(short_code_message::Refused{{}, short_code_message::Refusal::wrong, 1});
  Bytes sealed = short_code_message::encode(short_code_message::Link{{}, Bytes(60)});
  confirm.back() ^= 1;
  for (const Bytes& datagram : {exchange.hello, exchange.share, confirm, refused, sealed}) {
    inputs.push_back(of_kind(0, datagram));
    inputs.push_back(of_kind(2, datagram));
  }
  return inputs;
}
