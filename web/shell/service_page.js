// A web application of an office: its own host in a frame, under a bar. docs/spec/phone.md, "Services".
import "./service_words.js";
import { element, icon } from "./dom.js";
import { CookieJar } from "./service_cookies.js";
import { forget, labelOf, originOf, remember, remembered } from "./service_hosts.js";
import { ServiceAccess, ServicePort } from "./service_port.js";
import { say } from "./words.js";

const boot = "/.drawbridge/index.html";
const portsMost = 32, messagesMost = 200, messagesPer = 10_000;
const silence = 20_000, clearingLongest = 20_000, reloadPatience = 4000;
const sandbox = "allow-scripts allow-same-origin allow-forms allow-downloads allow-modals allow-popups allow-popups-to-escape-sandbox";

// Messages of one origin's windows in this page's frames; everything else is nobody's.
function hearing(origin, told) {
  let left = messagesMost, since = performance.now();
  const hear = (event) => {
    if (event.origin !== origin || event.source?.top !== window || event.data?.drawbridge !== 1) return;
    if (performance.now() - since > messagesPer) { left = messagesMost; since = performance.now(); }
    left -= 1;
    if (left >= 0) told(event);
  };
  addEventListener("message", hear);
  return () => removeEventListener("message", hear);
}

class ServiceFrame {
  constructor({ page, access, label, name, leave }) {
    Object.assign(this, { access, label, name, origin: originOf(label), ports: [], state: element("small") });
    this.frame = element("iframe", { title: say("serviceFrame", { name }), src: this.origin + boot, referrerPolicy: "no-referrer", allow: "fullscreen; clipboard-write; autoplay" });
    this.frame.setAttribute("sandbox", sandbox);
    this.deaf = hearing(this.origin, (event) => this.hear(event));
    this.room = element("main.service-room", {}, this.frame);
    page.replaceChildren(element("div.service-page", {}, element("header.service-bar", {},
      element("button.icon-button", { type: "button", "aria-label": say("home"), title: say("home"), onclick: leave }, icon("previous")),
      element("p.service-name", {}, element("bdi", {}, name), this.state),
      element("button.icon-button", { type: "button", "aria-label": say("reload"), title: say("reload"), onclick: () => this.reload() }, icon("reload"))), this.room));
    document.body.classList.add("in-service");
    this.frame.focus();
    this.await();
  }

  // A host that does not answer at all: no name, no certificate, no network.
  await() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.room.querySelector(".service-silent")?.remove();
      this.room.prepend(element("div.service-silent", { role: "alert" }, element("h1", {}, say("serviceSilent", { name: this.name })), element("p", {}, say("serviceSilentText", { host: location.host.replace(/^shell\./, "*.") }))));
    }, silence);
  }

  hear({ data, ports, source }) {
    clearTimeout(this.timer);
    this.room.querySelector(".service-silent")?.remove();
    if (data.kind === "ready") source.postMessage({ drawbridge: 1, kind: "go", to: "/" }, this.origin);
    if (data.kind === "reloading") clearTimeout(this.reloading);
    if (data.kind !== "core" || ports.length !== 1) return;
    this.ports.push(new ServicePort(ports[0], this.access));
    if (this.ports.length > portsMost) this.ports.shift().end();
  }

  // Where the page itself cannot be asked, the service begins anew.
  reload() {
    this.frame.contentWindow.postMessage({ drawbridge: 1, kind: "reload" }, this.origin);
    clearTimeout(this.reloading);
    this.reloading = setTimeout(() => { this.frame.src = this.origin + boot; this.await(); }, reloadPatience);
  }

  tell({ state, text }) {
    this.state.dataset.state = state;
    if (this.state.textContent !== text) this.state.textContent = text;
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.reloading);
    this.deaf();
    for (const port of this.ports) port.end();
    for (const socket of [...this.access.sockets]) socket.end({ code: 1006, reason: "", clean: false });
    document.body.classList.remove("in-service");
  }
}

// Has a service's host throw away what it keeps on this phone.
function clear(label) {
  const origin = originOf(label), frame = element("iframe", { src: origin + boot, hidden: true });
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin");
  return new Promise((resolve) => {
    const end = (done) => { deaf(); clearTimeout(timer); frame.remove(); resolve(done); };
    const timer = setTimeout(() => end(false), clearingLongest);
    const deaf = hearing(origin, ({ data, source }) => {
      if (data.kind === "ready") source.postMessage({ drawbridge: 1, kind: "clear" }, origin);
      if (data.kind === "cleared") end(true);
    });
    document.body.append(frame);
  });
}

export class Services {
  constructor(page, phone) { Object.assign(this, { page, phone, open: null, wanted: null, accesses: new Map(), tried: new Set() }); }

  // The one of that label, if an office that this phone is paired with has it.
  async find(wanted) {
    const known = remembered().find(({ label }) => label === wanted);
    if (known && this.phone.offices.some(({ id }) => id === known.office)) return known;
    for (const office of this.phone.offices) {
      for (const { name } of office.services) if ((await labelOf(office.id, name)) === wanted) return { label: wanted, office: office.id, service: name };
    }
    return null;
  }

  async access(office, service) {
    const key = `cookies ${office} ${service}`, { vault } = this.phone;
    if (!this.accesses.has(key)) {
      const jar = new CookieJar(await vault.note(key).catch(() => null), (cookies) => vault.keepNote(key, cookies).catch(() => {}));
      if (!this.accesses.has(key)) this.accesses.set(key, new ServiceAccess(this.phone, office, service, jar));
    }
    return this.accesses.get(key);
  }

  // `leave()`: the person goes back to the list.
  async show(label, leave) {
    if (this.open && !this.phone.offices.some(({ id }) => id === this.open.office)) { leave(); return; }
    if (this.wanted === label) return;
    this.close();
    this.wanted = label;
    const found = await this.find(label), access = found && (await this.access(found.office, found.service));
    if (this.wanted !== label) return;
    if (!found) { this.wanted = null; this.missing(label, leave); return; }
    remember(label, found.office, found.service);
    this.open = { ...found, frame: new ServiceFrame({ page: this.page, access, label, name: found.service, leave }) };
  }

  // What is not known may still be told by an office that has not answered yet; a host that nobody here owns keeps nothing.
  missing(label, leave) {
    if (!this.page.querySelector(".service-missing")) {
      this.page.replaceChildren(element("main.phone.welcome.service-missing", {}, element("h1", {}, say("serviceUnknown")), element("p", {}, say("serviceUnknownText")),
        element("div.thumb", {}, element("button.button.primary", { type: "button", onclick: leave }, say("home")))));
    }
    if (this.tried.has(label) || !/^s-[0-9a-f]{20}$/.test(label) || this.phone.offices.some(({ state }) => state !== "connected")) return;
    this.tried.add(label);
    clear(label);
  }

  tell(state) { this.open?.frame.tell(state); }
  get office() { return this.open?.office ?? null; }

  close() {
    this.wanted = null;
    this.open?.frame.close();
    this.open = null;
  }

  // Services of offices that this phone is no longer paired with. What cannot be reached now is tried when the page starts again.
  async clearStray() {
    for (const { label, office, service } of remembered()) {
      if (this.tried.has(label) || this.phone.offices.some(({ id }) => id === office)) continue;
      this.tried.add(label);
      this.accesses.delete(`cookies ${office} ${service}`);
      await this.phone.vault.keepNote(`cookies ${office} ${service}`, []).catch(() => {});
      if (await clear(label)) forget(label);
    }
  }
}
