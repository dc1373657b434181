// Seed phrases as people type them.
#include "keys/seed_phrase.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace drawbridge;

namespace {

std::string spoken(const SeedPhrase& phrase) {
  std::string text;
  for (std::string_view word : phrase.words()) text.append(word).append(" ");
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto phrase = parse_seed_phrase(as_text({data, size}), PhraseLength::any_of_bip39);
  if (phrase) {
    auto again = parse_seed_phrase(spoken(*phrase), PhraseLength::any_of_bip39);
    fuzz::require(again && equal(again->entropy(), phrase->entropy()),
                  "a phrase that was read can be written and read");
  } else {
    fuzz::require(!phrase.error().message.empty() && !phrase.error().remedy.empty(),
                  "a refusal says why and what to do");
  }
  return 0;
}

std::vector<Bytes> fuzz::samples() {
  std::vector<Bytes> texts;
  for (Language language : all_languages) {
    texts.push_back(to_bytes(as_bytes(spoken(SeedPhrase(Bytes(32, 0x5a), language)))));
    texts.push_back(to_bytes(as_bytes(spoken(SeedPhrase(Bytes(16, 0x77), language)))));
  }
  return texts;
}
