// What this browser keeps: the device's key, the core's rows, and what the page remembers. In IndexedDB, each value sealed
// with AES-GCM under a key that the browser holds and gives to nobody, not even to this page (docs/spec/phone.md, "The vault").
// A locked vault (lock.js) has another key, which nothing here opens without the person.
const name = "drawbridge", stores = { key: "key", rows: "rows", notes: "notes" };
const aes = { name: "AES-GCM", length: 256 }, uses = ["encrypt", "decrypt"];
const utf8 = new TextEncoder(), text = new TextDecoder();
const associated = (store, key) => utf8.encode(`${store}/${key}`);
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export class Vault {
  static async open() {
    const vault = new Vault(), opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => { for (const store of Object.values(stores)) opening.result.createObjectStore(store); };
    vault.base = await done(opening);
    vault.changing = Promise.resolve();
    vault.own = await vault.ownKey();
    // What it takes to ask the person, and the vault's key as that wraps it; null: not locked.
    vault.lock = (await vault.get(stores.key, "lock")) ?? null;
    vault.key = vault.lock ? null : vault.own;
    return vault;
  }

  // Two tabs at once: the first one's stays.
  async ownKey() {
    const known = await this.get(stores.key, "wrap");
    if (known) return known;
    const fresh = await crypto.subtle.generateKey(aes, false, uses);
    await this.change([stores.key], (change) => change.objectStore(stores.key).add(fresh, "wrap")).catch(() => {});
    return this.get(stores.key, "wrap");
  }

  get(store, key) { return done(this.base.transaction(store).objectStore(store).get(key)); }

  // Resolves when it is durable.
  change(names, act) {
    return new Promise((resolve, reject) => {
      const change = this.base.transaction(names, "readwrite", { durability: "strict" });
      change.oncomplete = () => resolve();
      change.onerror = change.onabort = () => reject(change.error ?? new Error("aborted"));
      act(change);
    });
  }

  // One change of what is kept after another: what one seals, no other has sealed under another key meanwhile.
  inTurn(act) {
    const turn = this.changing.then(act);
    this.changing = turn.catch(() => {});
    return turn;
  }

  // A value opens under its own name only.
  async seal(store, key, bytes, under = this.key) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: associated(store, key) }, under, bytes) };
  }
  async unseal(store, key, { iv, sealed }) {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: associated(store, key) }, this.key, sealed));
  }

  // `by`: what the person gave, as a wrapping key. Rejects if it is not the one.
  async unlock(by) {
    const { iv, wrapped } = this.lock;
    this.key = await crypto.subtle.unwrapKey("raw", wrapped, by, { name: "AES-GCM", iv, additionalData: associated(stores.key, "lock") }, aes, false, uses);
  }

  // Everything is sealed anew under a fresh key that `by` wraps; without `by` under the browser's own. All or nothing. `lock`: what
  // it takes to ask for `by` again.
  setLock(by, lock) { return this.inTurn(() => this.sealAnew(by, lock)); }

  async sealAnew(by, lock) {
    const fresh = by ? await crypto.subtle.generateKey(aes, true, uses) : this.own;
    const kept = by ? await this.wrapped(fresh, by, lock) : null;
    const all = await this.everything(), sealed = [];
    for (const [store, key, value] of all) sealed.push([store, key, await this.seal(store, key, await this.unseal(store, key, value), fresh)]);
    await this.change(Object.values(stores), (change) => {
      for (const [store, key, value] of sealed) change.objectStore(store).put(value, key);
      if (kept) change.objectStore(stores.key).put(kept, "lock");
      else change.objectStore(stores.key).delete("lock");
    });
    this.key = by ? await crypto.subtle.importKey("raw", await crypto.subtle.exportKey("raw", fresh), aes, false, uses) : this.own;
    this.lock = kept;
  }

  async wrapped(key, by, lock) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const wrapped = await crypto.subtle.wrapKey("raw", key, by, { name: "AES-GCM", iv, additionalData: associated(stores.key, "lock") });
    return { ...lock, iv, wrapped };
  }

  // [store, key, value] of all that is sealed under the vault's key.
  async everything() {
    const seed = await this.get(stores.key, "seed"), out = seed ? [[stores.key, "seed", seed]] : [];
    for (const store of [stores.rows, stores.notes]) {
      const read = this.base.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([done(read.getAllKeys()), done(read.getAll())]);
      out.push(...keys.map((key, i) => [store, key, values[i]]));
    }
    return out;
  }

  // The core's rows, [kind, key, value]….
  async rows() {
    const store = this.base.transaction(stores.rows).objectStore(stores.rows);
    const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
    return Promise.all(keys.map(async (key, i) => {
      const [kind, rest] = key.split(":");
      return [Number(kind), unhex(rest), await this.unseal(stores.rows, key, values[i])];
    }));
  }

  // [kind, key, value or null]…, all or none.
  keepRows(rows) { return this.inTurn(() => this.storeRows(rows)); }

  async storeRows(rows) {
    const sealed = await Promise.all(rows.map(async ([kind, key, value]) => {
      const place = `${kind}:${hex(key)}`;
      return [place, value && (await this.seal(stores.rows, place, value))];
    }));
    await this.change([stores.rows], (change) => {
      const store = change.objectStore(stores.rows);
      for (const [place, value] of sealed) value ? store.put(value, place) : store.delete(place);
    });
  }

  // Drawn at the first start. `drawn()` gives 32 bytes.
  async seed() {
    const known = await this.get(stores.key, "seed");
    if (known) return this.unseal(stores.key, "seed", known);
    const seed = crypto.getRandomValues(new Uint8Array(32)), sealed = await this.seal(stores.key, "seed", seed);
    await this.change([stores.key], (change) => change.objectStore(stores.key).put(sealed, "seed"));
    return seed;
  }

  async note(key) {
    const known = await this.get(stores.notes, key);
    return known ? JSON.parse(text.decode(await this.unseal(stores.notes, key, known))) : null;
  }
  keepNote(key, value) {
    return this.inTurn(async () => {
      const sealed = await this.seal(stores.notes, key, utf8.encode(JSON.stringify(value)));
      await this.change([stores.notes], (change) => change.objectStore(stores.notes).put(sealed, key));
    });
  }

  // Everything of this phone's is gone: what is left is sealed under a key that exists no more.
  async destroy() {
    await this.change(Object.values(stores), (change) => { for (const store of Object.values(stores)) change.objectStore(store).clear(); }).catch(() => {});
    this.base.close();
    await done(indexedDB.deleteDatabase(name)).catch(() => {});
  }
}
