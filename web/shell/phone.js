// This phone: the core, its vault, and how things stand. The page shows what it says.
import { Bridge } from "./bridge.js";
import { Core } from "./core.js";
import { Vault } from "./vault.js";

const awayLong = 5000;   // in the background for so long: WebSockets may be dead without knowing it
const lookEvery = 5000;
const locksAfter = 15 * 60 * 1000;  // in the background, if the vault has a lock

const named = ([id, name, state, echoAge, relay, rtt, cause, since]) => ({ id, name, state, echoAge, relay, rtt, cause, since });

export class Phone extends EventTarget {
  // `name`: what the office calls this phone unless it says otherwise. `unlock(vault, wasm)` is asked if the vault is locked, and
  // resolves when it is open. Throws {code: "storage"} without storage.
  static async begin(wasm, name, unlock) {
    const phone = new Phone();
    // Fetched beside what the vault needs.
    const [vault, bytes] = await Promise.all([Vault.open().catch(() => { throw { code: "storage" }; }), wasm]);
    if (vault.lock) await unlock(vault, bytes);
    const [seed, rows, revoked] = await Promise.all([vault.seed(), vault.rows(), vault.note("revoked")]).catch(() => { throw { code: "storage" }; });
    Object.assign(phone, { vault, name, revoked: revoked ?? [] });
    phone.core = await Core.load(bytes, { told: (event) => phone.hear(event), store: (changed) => vault.keepRows(changed) });
    phone.core.start(seed, name, rows);
    seed.fill(0);
    phone.bridge = new Bridge(phone.core);
    vault.base.onclose = () => phone.dispatchEvent(new Event("emptied"));
    phone.look();
    phone.watch();
    return phone;
  }

  look() {
    const [id, offices, services, relays] = this.core.status();
    this.id = id;
    this.offices = offices.map(named).filter((office) => office.state !== "revoked")
      .map((office) => ({ ...office, services: services.filter(([owner]) => owner === office.id).map(([, name, kind]) => ({ name, kind })) }));
    this.relays = relays.map(([url, ready, operator, country, rtt]) => ({ url, ready, operator, country, rtt, host: url.replace(/^\w+:\/\//, "").replace(/[:/#].*$/, "") }));
    this.dispatchEvent(new Event("changed"));
  }

  hear([kind, office]) {
    if (kind === "revoked") return this.wipe(office);
    return this.look();
  }

  async join(link, name = this.name) {
    const { office } = await this.core.join(link, name);
    navigator.storage?.persist?.().catch(() => {});
    this.look();
    return this.offices.find((one) => one.id === office);
  }

  async leave(office) {
    await this.core.leave(office);
    await this.vaultEmpty();
    this.look();
  }

  // Told by the office, in its session: the core has wiped the keys already.
  async wipe(id) {
    const office = this.offices.find((one) => one.id === id);
    // Told twice if the page was closed before the core's word was durable.
    this.revoked = [...this.revoked.filter((one) => one.id !== id), { id, name: office?.name ?? id, at: Date.now() }];
    await this.vault.keepNote("revoked", this.revoked).catch(() => {});
    for (const key of Object.keys(localStorage)) if (key.includes(`/f/${id.slice(0, 15)}/`)) localStorage.removeItem(key);
    this.bridge.close();
    this.look();
  }

  async dismiss(at) {
    this.revoked = this.revoked.filter((one) => one.at !== at);
    await this.vault.keepNote("revoked", this.revoked);
    this.look();
  }

  // The last office is gone: the next one meets a new phone.
  async vaultEmpty() {
    this.look();
    if (this.offices.length || this.revoked.length) return;
    for (const key of Object.keys(localStorage)) if (key.startsWith("upload ")) localStorage.removeItem(key);
  }

  watch() {
    let hidden = document.hidden ? Date.now() : null;
    const wake = () => { this.core.wake(); this.look(); };
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) hidden = Date.now();
      else if (this.vault.lock && hidden !== null && Date.now() - hidden > locksAfter) location.reload();
      else if (hidden !== null && Date.now() - hidden > awayLong) wake();
    });
    addEventListener("online", wake);
    addEventListener("offline", () => this.look());
    addEventListener("pageshow", (event) => { if (event.persisted) wake(); });
    document.addEventListener("resume", wake);
    this.looking = setInterval(() => { if (!document.hidden) this.look(); }, lookEvery);
  }

  end() {
    clearInterval(this.looking);
    this.bridge.close();
    this.core.close();
    this.vault.base.close();
  }
}
