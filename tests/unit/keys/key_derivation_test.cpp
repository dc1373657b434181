#include "keys/key_derivation.hpp"

#include <catch2/catch.hpp>
#include <sstream>

#include "tests/unit/vector_file.hpp"

using namespace drawbridge;

namespace {

DerivedKey along(ByteView seed, const std::string& path) {
  DerivedKey key = slip10_master(seed);
  std::istringstream steps(path);
  for (uint32_t index; steps >> index;) key = slip10_child(key, index);
  return key;
}

}  // namespace

TEST_CASE("derived keys are those of SLIP-0010's ed25519 vectors") {
  auto vectors = read_vectors("slip10_ed25519.txt");
  REQUIRE(vectors.size() == 12);
  for (const Vector& vector : vectors) {
    INFO("m/" << vector.at("path"));
    DerivedKey key = along(from_hex(vector.at("seed")), vector.at("path"));
    CHECK(to_hex(key.key.reveal()) == vector.at("private"));
    if (vector.contains("chain")) CHECK(to_hex(key.chain_code.reveal()) == vector.at("chain"));
    if (vector.contains("public")) CHECK(to_hex(identity_from_seed(key.key).id.bytes) == vector.at("public"));
  }
}

TEST_CASE("a node's identity is m/7470'/role'/index' of its seed") {
  Seed seed = *SeedPhrase(Bytes(32, 9), Language::english).seed();
  Identity identity = derive_identity(seed);
  CHECK(identity.id == identity_from_seed(slip10_path(seed.reveal(), {7470, 0, 0}).key).id);
  CHECK(identity.id != derive_identity(seed, KeyRole::node, 1).id);
  CHECK(identity.id != derive_identity(seed, KeyRole::backup).id);
}

TEST_CASE("a phrase gives the same identity in every release") {
  Seed seed = *SeedPhrase(Bytes(32, 0), Language::english).seed();
  CHECK(to_text(derive_identity(seed).id) == "bj3v9h0-jcha293-ktbmd1j-mq8xk7p-aw08hp5-cff8t9k-w482ck7-n4ekkqg-dksy61s");
}
