#include "keys/seed_phrase.hpp"

#include <sodium.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "keys/unicode.hpp"
#include "tests/unit/hex_array.hpp"
#include "tests/unit/vector_file.hpp"

using namespace drawbridge;

namespace {

// 32 bytes that touch many words; another one for each `first`.
Bytes entropy(uint8_t first) {
  Bytes bytes(32);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(first + i * i * 41);
  return bytes;
}

std::vector<std::string> typed(const SeedPhrase& phrase) {
  std::vector<std::string> words;
  for (std::string_view word : phrase.words()) words.emplace_back(word);
  return words;
}

std::string join(const std::vector<std::string>& words, const char* separator = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

bool reads_back(const std::string& text, const SeedPhrase& expected) {
  auto read = parse_seed_phrase(text);
  if (!read) UNSCOPED_INFO(read.error().message);
  return read && read->language() == expected.language() && equal(read->entropy(), expected.entropy());
}

Error refusal(const std::string& text) {
  auto phrase = parse_seed_phrase(text);
  REQUIRE_FALSE(phrase.ok());
  CHECK(phrase.error().code == ErrorCode::malformed);
  CHECK_FALSE(phrase.error().remedy.empty());
  return phrase.error();
}

std::string without_accents(std::string_view word) {
  return std::string(as_text(folded(word)->reveal()));
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return text;
}

}  // namespace

TEST_CASE("English phrases and their seeds are those of BIP-39's vectors") {
  auto vectors = read_vectors("bip39_english.txt");
  REQUIRE(vectors.size() == 24);
  for (const Vector& vector : vectors) {
    SeedPhrase phrase(from_hex(vector.at("entropy")), Language::english);
    CHECK(join(typed(phrase)) == vector.at("words"));
    CHECK(to_hex(phrase.seed("TREZOR")->reveal()) == vector.at("seed"));
    auto read = parse_seed_phrase(vector.at("words"), PhraseLength::any_of_bip39);
    REQUIRE(read);
    CHECK(to_hex(read->entropy()) == vector.at("entropy"));
  }
}

TEST_CASE("the word lists are the standard's, and four letters without accents name a word") {
  const std::pair<const char*, std::string_view> files[] = {
      {"english", "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"},
      {"french", "ebc3959ab7801a1df6bac4fa7d970652f1df76b683cd2f4003c941c63d517e59"},
      {"spanish", "46846a5a0139d1e3cb77293e521c2865f7bcdb82c44e8d0a06a2cd0ecba48c0b"}};
  for (size_t i = 0; i < 3; ++i) {
    std::string text;
    for (size_t word = 0; word < word_list_size; ++word) text.append(word_at(all_languages[i], word)).append("\n");
    std::array<uint8_t, 32> hash;
    crypto_hash_sha256(hash.data(), as_bytes(text).data(), text.size());
    INFO(files[i].first);
    CHECK(to_hex(hash) == files[i].second);

    WordIndex index(all_languages[i]);
    for (size_t word = 0; word < word_list_size; ++word) {
      std::string plain = without_accents(word_at(all_languages[i], word));
      REQUIRE(plain.size() <= 8);
      REQUIRE(index.find(plain) == word);
      REQUIRE(index.find(plain.substr(0, 4)) == word);
    }
  }
}

TEST_CASE("phrases in every language read back, and the language is found by itself") {
  for (Language language : all_languages) {
    for (int first = 0; first < 40; ++first) {
      SeedPhrase phrase(entropy(static_cast<uint8_t>(first * 6)), language);
      REQUIRE(phrase.word_count() == 24);
      REQUIRE(reads_back(join(typed(phrase)), phrase));
    }
  }
}

TEST_CASE("case, accents, spaces, commas and numbering do not matter") {
  for (Language language : all_languages) {
    SeedPhrase phrase(entropy(77), language);
    std::vector<std::string> words = typed(phrase), plain, numbered, composed;
    for (size_t i = 0; i < words.size(); ++i) {
      plain.push_back(without_accents(words[i]));
      numbered.push_back(std::to_string(i + 1) + ". " + words[i]);
    }
    CHECK(reads_back("  " + join(words, " \t\r\n ") + "\n", phrase));
    CHECK(reads_back(upper(join(plain)), phrase));
    CHECK(reads_back(join(plain, ", "), phrase));
    CHECK(reads_back(join(numbered, "\n"), phrase));
    CHECK(reads_back(join(words, "\xc2\xa0"), phrase));  // no-break space
  }
}

TEST_CASE("accents may be composed, decomposed or capital") {
  SeedPhrase phrase(Bytes(32, 0), Language::french);  // abaisser 23 times, then the word of the checksum
  std::string text = join(typed(phrase));
  CHECK(reads_back(text, phrase));
  WordIndex french(Language::french), spanish(Language::spanish);
  auto find = [](const WordIndex& index, const char* word) { return index.find(as_text(folded(word)->reveal())); };
  CHECK(find(french,
             "\xc3\xa9"
             "couter") == find(french,
                               "e\xcc\x81"
                               "couter"));
  CHECK(find(french,
             "\xc3\x89"
             "COUTER") == find(french, "ecouter"));
  CHECK(find(french, "\xc5\x93uvre") == find(french, "oeuvre"));  // with its ligature
  REQUIRE(find(spanish, "ni\xc3\xb1o"));
  CHECK(find(spanish, "ni\xc3\xb1o") == find(spanish, "NINO"));
}

TEST_CASE("four letters of each word are enough") {
  for (Language language : all_languages) {
    SeedPhrase phrase(entropy(123), language);
    std::vector<std::string> words = typed(phrase);
    for (std::string& word : words) word = without_accents(word).substr(0, 4);
    CHECK(reads_back(join(words), phrase));
  }
}

TEST_CASE("a wrong word is named by its position and the nearest words are proposed") {
  SeedPhrase phrase(entropy(5), Language::english);
  std::vector<std::string> words = typed(phrase);
  words[4] = "abandn";
  Error error = refusal(join(words));
  CHECK(error.message == "Word 5 (\"abandn\") is not in the English word list.");
  CHECK(error.remedy == "Perhaps it is \"abandon\".");
  words[4] = "lettre";
  CHECK_THAT(refusal(join(words)).remedy, Catch::Contains("\"letter\""));
  words[6] = "qqqqqqq";
  words[20] = "zzzz";
  CHECK_THAT(refusal(join(words)).message, Catch::Contains("Word 5 ") && Catch::Contains("neither are 2 others"));
}

TEST_CASE("a wrong word in French or Spanish is measured against that language's list") {
  std::vector<std::string> french = typed(SeedPhrase(entropy(5), Language::french));
  french[23] = "abaiser";
  CHECK(refusal(join(french)).message == "Word 24 (\"abaiser\") is not in the French word list.");
  CHECK(refusal(join(french)).remedy == "Perhaps it is \"abaisser\" or \"apaiser\".");
  std::vector<std::string> spanish = typed(SeedPhrase(entropy(5), Language::spanish));
  spanish[0] = "abocado";
  CHECK_THAT(refusal(join(spanish)).message, Catch::Contains("Word 1 (\"abocado\") is not in the Spanish"));
}

TEST_CASE("a word that resembles none is named without a proposal") {
  std::vector<std::string> words = typed(SeedPhrase(entropy(5), Language::english));
  words[2] = std::string(300, 'x');
  Error error = refusal(join(words));
  CHECK(error.message == "Word 3 is not in the English word list.");
  CHECK(error.remedy == "Compare this word with your paper.");
}

TEST_CASE("missing and extra words are counted") {
  std::vector<std::string> words = typed(SeedPhrase(entropy(5), Language::english));
  words.pop_back();
  CHECK(refusal(join(words)).message == "The phrase has 23 words; it must have 24.");
  words.resize(12);
  CHECK_THAT(refusal(join(words)).remedy, Catch::Contains("left out"));
  words.resize(26, "abandon");
  CHECK(refusal(join(words)).message == "The phrase has 26 words; it must have 24.");
  words.resize(900, "abandon");
  CHECK_THAT(refusal(join(std::vector<std::string>(500, "abandon"))).message, Catch::Contains("far more than 24"));
  CHECK_THAT(refusal("").message, Catch::Contains("no words"));
  CHECK_THAT(refusal(" 1. 2. 3.").message, Catch::Contains("no words"));
}

TEST_CASE("two exchanged neighbours are found by the checksum, and mostly named") {
  size_t named = 0, found = 0;
  for (int first = 0; first < 20; ++first) {
    std::vector<std::string> words = typed(SeedPhrase(entropy(static_cast<uint8_t>(first * 12)), Language::english));
    std::swap(words[7], words[8]);
    auto read = parse_seed_phrase(join(words));
    if (read) continue;  // one exchange in 256 keeps the checksum
    ++found;
    CHECK_THAT(read.error().message, Catch::Contains("together they are not a valid phrase"));
    named += read.error().remedy.find("words 8 and 9 are exchanged") != std::string::npos;
  }
  CHECK(found >= 18);
  CHECK(named >= 15);
}

TEST_CASE("a passphrase changes the seed; its accents may be composed or not") {
  SeedPhrase phrase(entropy(1), Language::french);
  CHECK_FALSE(*phrase.seed("") == *phrase.seed("secret"));
  CHECK(*phrase.seed("caf\xc3\xa9") == *phrase.seed("cafe\xcc\x81"));
  CHECK_FALSE(phrase.seed("\xff\xfe").ok());
  CHECK_FALSE(phrase.seed(std::string(5000, 'a')).ok());
}

TEST_CASE("input that is no text, or endless, is refused") {
  CHECK_THAT(refusal("\xff\xfe\xfd").message, Catch::Contains("UTF-8"));
  CHECK_THAT(refusal(std::string(100000, 'a')).message, Catch::Contains("longer than"));
}
