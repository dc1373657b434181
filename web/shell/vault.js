// What this browser keeps: the device's key, the core's rows, and what the page remembers. In IndexedDB, each value sealed
// with AES-GCM under a key that the browser holds and gives to nobody, not even to this page (docs/spec/phone.md, "The vault").
const name = "drawbridge", stores = { key: "key", rows: "rows", notes: "notes" };
const utf8 = new TextEncoder(), text = new TextDecoder();
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
    vault.key = await vault.ownKey();
    return vault;
  }

  // Two tabs at once: the first one's stays.
  async ownKey() {
    const known = await this.get(stores.key, "wrap");
    if (known) return known;
    const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
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

  // A value opens under its own name only.
  async seal(store, key, bytes) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(`${store}/${key}`) }, this.key, bytes) };
  }
  async unseal(store, key, { iv, sealed }) {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(`${store}/${key}`) }, this.key, sealed));
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
  async keepRows(rows) {
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
  async keepNote(key, value) {
    const sealed = await this.seal(stores.notes, key, utf8.encode(JSON.stringify(value)));
    await this.change([stores.notes], (change) => change.objectStore(stores.notes).put(sealed, key));
  }

  // Everything of this phone's is gone: what is left is sealed under a key that exists no more.
  async destroy() {
    await this.change(Object.values(stores), (change) => { for (const store of Object.values(stores)) change.objectStore(store).clear(); }).catch(() => {});
    this.base.close();
    await done(indexedDB.deleteDatabase(name)).catch(() => {});
  }
}
