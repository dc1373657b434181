// Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b once more, from the Noise document (revision 34) and over noble's primitives: shares
// nothing with protocol/noise, so that an error would have to be made twice.
import { required } from "./browser.mjs";

const { x25519 } = required("@noble/curves/ed25519");
const { blake2b } = required("@noble/hashes/blake2");
const { hmac } = required("@noble/hashes/hmac");
const { chacha20poly1305 } = required("@noble/ciphers/chacha");

export const concat = (...parts) => Uint8Array.from(Buffer.concat(parts));
export const text = (words) => new TextEncoder().encode(words);
export const hash = (bytes) => blake2b(bytes, { dkLen: 64 });
export const mac = (key, bytes) => hmac(blake2b, key, bytes);

// Section 4.3, with `count` outputs.
function hkdf(chainingKey, material, count) {
  const key = mac(chainingKey, material), out = [mac(key, Uint8Array.of(1))];
  for (let i = 2; i <= count; i += 1) out.push(mac(key, concat(out.at(-1), Uint8Array.of(i))));
  return out;
}

// Section 12.3: 32 zero bits, then the counter, little-endian.
const nonce = (counter) => { const bytes = new Uint8Array(12); new DataView(bytes.buffer).setBigUint64(4, BigInt(counter), true); return bytes; };
export const seal = (key, counter, associated, plain) => chacha20poly1305(key, nonce(counter), associated).encrypt(plain);
export const open = (key, counter, associated, sealed) => chacha20poly1305(key, nonce(counter), associated).decrypt(sealed);

const name = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2b";
const messages = [["e", "es", "s", "ss"], ["e", "ee", "se", "psk"]];

export class Handshake {
  /** `role` "initiator" or "responder"; keys are 32 bytes each; `remote`: of the responder, for the initiator. */
  constructor(role, { prologue, priv, remote, psk, ephemeral = x25519.utils.randomPrivateKey() }) {
    Object.assign(this, { role, priv, remote, psk, ephemeral, key: null, counter: 0, turn: 0 });
    this.hash = concat(text(name), new Uint8Array(64 - name.length));
    this.chaining = this.hash;
    this.mixHash(prologue);
    this.mixHash(role === "initiator" ? remote : x25519.getPublicKey(priv));
  }

  mixHash(bytes) { this.hash = hash(concat(this.hash, bytes)); }
  mixKey(material) { [this.chaining, this.key] = hkdf(this.chaining, material, 2).map((part, i) => (i ? part.slice(0, 32) : part)); this.counter = 0; }
  mixKeyAndHash(material) {
    const [chaining, middle, key] = hkdf(this.chaining, material, 3);
    this.chaining = chaining;
    this.mixHash(middle);
    this.key = key.slice(0, 32);
    this.counter = 0;
  }
  sealed(plain) { const out = this.key ? seal(this.key, this.counter++, this.hash, plain) : plain; this.mixHash(out); return out; }
  opened(sealed) { const out = this.key ? open(this.key, this.counter++, this.hash, sealed) : sealed; this.mixHash(sealed); return out; }

  // The first letter is the initiator's key, the second the responder's.
  exchange(token) {
    const [mine, theirs] = this.role === "initiator" ? [token[0], token[1]] : [token[1], token[0]];
    this.mixKey(x25519.getSharedSecret(mine === "e" ? this.ephemeral : this.priv, theirs === "e" ? this.remoteEphemeral : this.remote));
  }
  // Section 9.2: in a handshake with a psk, ephemeral keys go into the key, too.
  mixEphemeral(key) { this.mixHash(key); this.mixKey(key); }

  write(payload) {
    const out = [];
    for (const token of messages[this.turn]) {
      if (token === "e") { const key = x25519.getPublicKey(this.ephemeral); this.mixEphemeral(key); out.push(key); }
      else if (token === "s") out.push(this.sealed(x25519.getPublicKey(this.priv)));
      else if (token === "psk") this.mixKeyAndHash(this.psk);
      else this.exchange(token);
    }
    this.turn += 1;
    return concat(...out, this.sealed(payload));
  }

  read(message) {
    let at = 0;
    const take = (length) => message.slice(at, (at += length));
    for (const token of messages[this.turn]) {
      if (token === "e") { this.remoteEphemeral = take(32); this.mixEphemeral(this.remoteEphemeral); }
      else if (token === "s") this.remote = this.opened(take(48));
      else if (token === "psk") this.mixKeyAndHash(this.psk);
      else this.exchange(token);
    }
    this.turn += 1;
    return this.opened(message.slice(at));
  }

  /** Keys of the initiator's and of the responder's sending. */
  split() { return hkdf(this.chaining, new Uint8Array(), 2).map((key) => key.slice(0, 32)); }
}
