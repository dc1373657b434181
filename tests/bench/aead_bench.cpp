// How long does one packet's protection take? Compares our two providers with libsodium's stock calls, at the packet
// sizes that matter. The best of many short rounds, interleaved so that a busy machine disturbs all alike.
//   aead_bench [ROUNDS]
#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "keys/libsodium.hpp"
#include "protocol/aead/packet_protection.hpp"

using namespace drawbridge;

namespace {

constexpr size_t calls_per_round = 400, header_size = 21, room = 16384 + 64;

struct Buffers {
  uint8_t key[32] = {1}, nonce[12] = {2}, aad[header_size] = {3};
  std::vector<uint8_t> text = std::vector<uint8_t>(room, 4), sealed = std::vector<uint8_t>(room),
                       opened = std::vector<uint8_t>(room);
};

struct Contestant {
  const char* name;
  std::function<void(Buffers&, size_t)> seal;
  std::function<bool(Buffers&, size_t)> open;
  double best_seal_ns = 1e18, best_open_ns = 1e18;
};

double ns_per_call(const std::function<void()>& call) {
  auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < calls_per_round; ++i) call();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / calls_per_round;
}

Contestant ours(const char* name, PacketKey& key) {
  return {
      name,
      [&key](Buffers& b, size_t n) {
        key.seal(MutableBytes(b.sealed).first(n + 16), ByteView(b.text).first(n), b.nonce, b.aad);
      },
      [&key](Buffers& b, size_t n) { return key.open(b.opened, ByteView(b.sealed).first(n + 16), b.nonce, b.aad); }};
}

Contestant libsodium_chacha() {
  return {"libsodium ChaCha20-Poly1305, stock",
          [](Buffers& b, size_t n) {
            crypto_aead_chacha20poly1305_ietf_encrypt(b.sealed.data(), nullptr, b.text.data(), n, b.aad, header_size,
                                                      nullptr, b.nonce, b.key);
          },
          [](Buffers& b, size_t n) {
            return crypto_aead_chacha20poly1305_ietf_decrypt(b.opened.data(), nullptr, nullptr, b.sealed.data(), n + 16,
                                                             b.aad, header_size, b.nonce, b.key) == 0;
          }};
}

Contestant libsodium_gcm(crypto_aead_aes256gcm_state& state) {
  return {"libsodium AES-256-GCM",
          [&state](Buffers& b, size_t n) {
            crypto_aead_aes256gcm_encrypt_afternm(b.sealed.data(), nullptr, b.text.data(), n, b.aad, header_size,
                                                  nullptr, b.nonce, &state);
          },
          [&state](Buffers& b, size_t n) {
            return crypto_aead_aes256gcm_decrypt_afternm(b.opened.data(), nullptr, nullptr, b.sealed.data(), n + 16,
                                                         b.aad, header_size, b.nonce, &state) == 0;
          }};
}

Contestant libcrypto(const char* name, const EVP_CIPHER* cipher) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  uint8_t key[32] = {1};
  EVP_EncryptInit_ex(context, cipher, nullptr, key, nullptr);
  return {name,
          [context](Buffers& b, size_t n) {
            int length = 0;
            EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, b.nonce, 1);
            EVP_CipherUpdate(context, nullptr, &length, b.aad, header_size);
            EVP_CipherUpdate(context, b.sealed.data(), &length, b.text.data(), static_cast<int>(n));
            EVP_CipherFinal_ex(context, b.sealed.data() + n, &length);
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, b.sealed.data() + n);
          },
          [context](Buffers& b, size_t n) {
            int length = 0;
            EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, b.nonce, 0);
            EVP_CipherUpdate(context, nullptr, &length, b.aad, header_size);
            EVP_CipherUpdate(context, b.opened.data(), &length, b.sealed.data(), static_cast<int>(n));
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, b.sealed.data() + n);
            return EVP_CipherFinal_ex(context, b.opened.data() + n, &length) == 1;
          }};
}

void measure(std::vector<Contestant>& contestants, size_t size, int rounds) {
  Buffers buffers;
  for (auto& c : contestants) c.best_seal_ns = c.best_open_ns = 1e18;
  for (int round = 0; round < rounds; ++round) {
    for (auto& c : contestants) {
      c.best_seal_ns = std::min(c.best_seal_ns, ns_per_call([&] { c.seal(buffers, size); }));
      if (!c.open(buffers, size)) std::abort();
      c.best_open_ns = std::min(c.best_open_ns, ns_per_call([&] { c.open(buffers, size); }));
    }
  }
  std::printf("\n| %zu bytes | seal ns | open ns | seal MB/s | open MB/s |\n|---|---|---|---|---|\n", size);
  for (auto& c : contestants) {
    std::printf("| %s | %.0f | %.0f | %.0f | %.0f |\n", c.name, c.best_seal_ns, c.best_open_ns,
                1e3 * double(size) / c.best_seal_ns, 1e3 * double(size) / c.best_open_ns);
  }
}

void measure_mask(const char* name, AeadId id) {
  uint8_t sample[16] = {6}, mask[5];
  auto header = make_header_mask(id, Secret32());
  double best = 1e18;
  for (int round = 0; round < 100; ++round) best = std::min(best, ns_per_call([&] { header->mask(mask, sample); }));
  std::printf("header mask, %s: %.0f ns\n", name, best);
}

}  // namespace

int main(int argc, char** argv) {
  start_libsodium();
  int rounds = argc > 1 ? std::atoi(argv[1]) : 200;
  uint8_t key[32] = {1};
  auto chacha = make_packet_key(AeadId::chacha20_poly1305, Secret32(key));
  std::vector<Contestant> contestants{libsodium_chacha(), ours("ours: ChaCha20-Poly1305 in one pass", *chacha)};
  std::unique_ptr<PacketKey> gcm;
  crypto_aead_aes256gcm_state state;
  if (hardware_aes_available()) {
    gcm = make_packet_key(AeadId::aes_256_gcm, Secret32(key));
    contestants.push_back(ours("ours: AES-256-GCM", *gcm));
    contestants.push_back(libcrypto("libcrypto AES-128-GCM", EVP_aes_128_gcm()));
    contestants.push_back(libcrypto("libcrypto AES-256-GCM", EVP_aes_256_gcm()));
    contestants.push_back(libcrypto("libcrypto ChaCha20-Poly1305", EVP_chacha20_poly1305()));
    crypto_aead_aes256gcm_beforenm(&state, key);
    contestants.push_back(libsodium_gcm(state));
    measure_mask("AES", AeadId::aes_256_gcm);
  }
  measure_mask("ChaCha20", AeadId::chacha20_poly1305);
  for (size_t size : {60u, 1184u, 1200u, 1425u, 1452u}) measure(contestants, size, rounds);
}
