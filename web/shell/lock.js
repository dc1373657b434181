// The two ways to lock this phone's vault: a passphrase, and a passkey (WebAuthn's PRF extension). Either gives a key that opens
// the vault's own; what it takes to ask again is kept beside it. docs/spec/phone.md, "The lock".
import "./lock_words.js";
import { Core } from "./core.js";

const cost = { passes: 3, memoryKib: 64 * 1024 };  // RFC 9106, section 4: the second recommended choice
const utf8 = new TextEncoder();
export const shortest = 8;

const wrapping = (bytes) => crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["wrapKey", "unwrapKey"]);
const draw = (length) => crypto.getRandomValues(new Uint8Array(length));

// In a core of its own, whose 64 MiB end with it.
async function stretch(wasm, passphrase, { salt, passes, memoryKib }) {
  const core = await Core.load(wasm, { told: () => {}, store: async () => {} });
  const key = await wrapping(core.stretch(utf8.encode(passphrase.normalize("NFKD")), salt, passes, memoryKib));
  core.close();
  return key;
}

const byPassphrase = {
  // {key, lock}: the wrapping key, and what is kept.
  async make(wasm, passphrase) {
    const lock = { way: "passphrase", salt: draw(16), ...cost };
    return { key: await stretch(wasm, passphrase, lock), lock };
  },
  ask: (wasm, lock, passphrase) => stretch(wasm, passphrase, lock),
};

async function prf(credential, eval_) {
  const answer = await navigator.credentials.get({ publicKey: { challenge: draw(32), allowCredentials: [{ type: "public-key", id: credential }], userVerification: "required", extensions: { prf: { eval: eval_ } } } });
  const bytes = answer?.getClientExtensionResults().prf?.results?.first;
  if (!bytes) throw Object.assign(new Error("no prf"), { code: "passkeyAbsent" });
  const base = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8.encode("drawbridge vault 1") }, base, { name: "AES-GCM", length: 256 }, false, ["wrapKey", "unwrapKey"]);
}

const byPasskey = {
  async make() {
    const made = await navigator.credentials.create({ publicKey: {
      challenge: draw(32), rp: { name: "Drawbridge" }, user: { id: draw(16), name: "drawbridge", displayName: "Drawbridge" },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
      authenticatorSelection: { residentKey: "discouraged", userVerification: "required" }, extensions: { prf: {} },
    } });
    if (!made?.getClientExtensionResults().prf?.enabled) throw Object.assign(new Error("no prf"), { code: "passkeyAbsent" });
    const lock = { way: "passkey", credential: new Uint8Array(made.rawId), salt: draw(32) };
    return { key: await byPasskey.ask(null, lock), lock };
  },
  ask: (wasm, lock) => prf(lock.credential, { first: lock.salt }),
};

const ways = { passphrase: byPassphrase, passkey: byPasskey };
export const passkeysExist = () => Boolean(globalThis.PublicKeyCredential && navigator.credentials);

/** Locks `vault` from now on; rejects, and leaves all as it was, if the person or the device refuses. */
export async function lock(vault, way, wasm, passphrase) {
  const { key, lock: kept } = await ways[way].make(wasm, passphrase);
  await vault.setLock(key, kept);
}

/** Opens a locked vault, or rejects. */
export async function unlock(vault, wasm, passphrase) {
  await vault.unlock(await ways[vault.lock.way].ask(wasm, vault.lock, passphrase));
}
