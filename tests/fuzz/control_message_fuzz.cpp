// What the other end of an authenticated connection can put on the control stream.
#include "protocol/base/limits.hpp"
#include "protocol/tunnel/control_message.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;
using namespace drawbridge::tunnel;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto message = parse_control_message({data, size});
  if (!message) return 0;
  // Networks may be left out, and kinds of them that are not known yet are read as unknown: all else has one form.
  Bytes again = encode(*message);
  bool names_a_network = std::holds_alternative<Offer>(*message) || std::holds_alternative<Candidates>(*message);
  fuzz::require(names_a_network || equal(again, {data, size}), "one message has one encoding");
  auto same = parse_control_message(again);
  fuzz::require(same && equal(encode(*same), again), "a message that was read can be written and read");
  if (const Offer* offer = std::get_if<Offer>(&*message)) {
    fuzz::require(offer->services.size() <= limits::services && offer->addresses.size() <= limits::candidates, "an offer is bounded");
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  quic::Connection::RekeyHalf half{3, {1, 2, 3}};
  DeviceId device{{1, 2, 3}};
  Offer offer{"Étude Dupont", {{{}, "files", "folder", 0}, {{}, "db", "tcp", 5432}},
              {SocketAddress::v4(192, 0, 2, 1, 443), SocketAddress::v4(10, 0, 0, 1, 65535)}};
  return {encode(ControlMessage(offer)),         encode(ControlMessage(Rekey{half})),
          encode(ControlMessage(RekeyAnswer{half})), encode(ControlMessage(Revoked{"lost"})),
          encode(ControlMessage(PairRequest{device, "Zoë's laptop", {}})),
          encode(ControlMessage(PairGrant{"Office", "Laptop", Bytes(100, 7)})),
          encode(ControlMessage(PairDone{})),    encode(ControlMessage(Leave{})),
          encode(ControlMessage(Hello{"Laptop"}))};
}
