// Device ids as people type them.
#include "keys/device_id.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = as_text({data, size});
  auto id = parse_device_id(text);
  if (id) {
    fuzz::require(parse_device_id(to_text(*id)).value() == *id, "an id that was read can be written and read");
    fuzz::require(matches_prefix(*id, text), "a whole id is a prefix of itself");
  } else {
    fuzz::require(!id.error().message.empty() && !id.error().remedy.empty(), "a refusal says why and what to do");
  }
  matches_prefix(DeviceId{}, text);
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  DeviceId id;
  for (size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<uint8_t>(i * 37);
  return {to_bytes(as_bytes(to_text(id))), to_bytes(as_bytes(short_text(id)))};
}
