// The office's page: lets itself in with the link's secret, follows the office live, and shows one view at a time.
import { Audit } from "./audit.js";
import { ask, beginSession, follow, leave, stay } from "./bridge.js";
import { Devices } from "./devices.js";
import { attempt, button, element, icon, named, refill, retext } from "./parts.js";
import { Reach } from "./reach.js";
import { Services } from "./services.js";
import { language } from "../speech.js";
import { Warnings } from "./warnings.js";
import { say, sayError } from "./words.js";

const stayEvery = 60_000, trafficEvery = 60_000, retryFirst = 500, retryLongest = 5_000;
// At the office, a daemon that is silent for so long has ended or begun anew, and with it this session.
const givesUpAfter = 20_000;

class Office {
  constructor() {
    this.views = { devices: new Devices(this), services: new Services(this), trail: new Audit(this), reach: new Reach(this) };
    this.warnings = new Warnings(this);
    this.title = element("h1", {});
    this.subtitle = element("p.subtitle", {});
    this.banner = element("p.banner", { role: "status", hidden: true });
    this.place = element("main", { id: "main", tabIndex: -1 });
    this.links = Object.fromEntries(Object.keys(this.views).map((name) => [name, element("a", { href: `#${name}` }, say(name))]));
    this.exit = button(say("close"), () => this.signOut(), ".quiet", { title: say("closePage"), "aria-label": say("closePage") });
    addEventListener("hashchange", () => this.show());
    document.addEventListener("visibilitychange", () => this.look());
    for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => this.touched(), { passive: true });
  }

  open() {
    document.body.replaceChildren(element("div", { id: "page" },
      element("header.top.office-top", {}, element("div", {}, this.title, this.subtitle), this.exit), this.banner,
      element("nav.views", { "aria-label": say("views") }, ...Object.values(this.links)), this.warnings.node, this.place), element("div.said-place", { id: "said", role: "status", "aria-live": "polite" }));
    this.show();
    this.look();
  }

  // --- the office as it is ---
  get viewer() { return this.overview.viewer; }
  peer(id) { return this.overview.status.peers.find((peer) => peer.id === id && peer.role === "device"); }
  ownServices() { return this.overview.status.services.filter((service) => service.target !== null); }
  serviceNames() { return this.ownServices().map((service) => service.name); }

  take(overview) {
    this.overview = overview;
    this.heardAt = Date.now();
    const { node } = overview.status, there = overview.devices.filter((device) => device.state === "connected").length;
    document.title = `${node.name} – Drawbridge`;
    refill(this.title, node.name, () => named(node.name));
    retext(this.subtitle, overview.viewer.device ? say("viewedFrom", { name: overview.viewer.name }) : there === 0 ? say("noneConnected") : there === 1 ? say("oneConnected") : say("someConnected", { count: there }));
    this.exit.hidden = overview.viewer.device !== null;
    this.banner.hidden = true;
    this.warnings.update();
    for (const view of Object.values(this.views)) view.update();
  }

  async takeTraffic() {
    this.traffic = await ask("traffic").catch(() => this.traffic);
    this.trafficAt = Date.now();
    if (this.overview) this.views.devices.update();
  }

  // --- following it ---
  // Only while somebody looks: a page that is hidden asks nothing of the office or its devices.
  look() {
    if (document.hidden) return this.stopping?.abort();
    if (!this.stopping || this.stopping.signal.aborted) this.followAll();
  }

  async followAll() {
    const stopping = this.stopping = new AbortController();
    this.heardAt = Date.now();
    let wait = retryFirst;
    this.takeTraffic();
    const clock = setInterval(() => this.takeTraffic(), trafficEvery);
    stopping.signal.addEventListener("abort", () => clearInterval(clock));
    this.showing?.shownNow?.();
    stopping.signal.addEventListener("abort", () => this.showing?.hiddenNow?.());
    while (!stopping.signal.aborted) {
      try {
        for await (const overview of follow("overview", { watch: true }, stopping.signal)) {
          this.take(overview);
          wait = retryFirst;
        }
      } catch (error) {
        if (error.name === "AbortError") return;
        this.lost(error);
      }
      await new Promise((resolve) => { setTimeout(resolve, wait); });
      wait = Math.min(wait * 2, retryLongest);
    }
  }

  lost(error) {
    const gone = !this.viewer.device && Date.now() - this.heardAt > givesUpAfter;
    if (error.code === "closed" || gone) return closed();
    this.banner.hidden = false;
    retext(this.banner, say(error.code === "network" ? "officeSilent" : "tryAgainSoon"));
  }

  touched() {
    if (Date.now() - (this.lastTouch ?? 0) < stayEvery) return;
    this.lastTouch = Date.now();
    stay().catch((error) => { if (error.code === "closed") closed(); });
  }

  async signOut() {
    this.stopping?.abort();
    await attempt(leave);
    closed();
  }

  // --- views ---
  go(name) { location.hash = name; }

  show() {
    const name = location.hash.slice(1) in this.views ? location.hash.slice(1) : "devices";
    const view = this.views[name];
    if (this.showing === view) return;
    this.showing?.hiddenNow?.();
    const moved = this.showing !== undefined;
    this.showing = view;
    for (const [key, link] of Object.entries(this.links)) key === name ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
    this.warnings.adviceToo(view === this.views.devices);
    this.place.replaceChildren(view.node);
    if (this.overview) view.shownNow?.();
    if (moved) this.place.focus({ preventScroll: true });
  }
}

let office = null;

function closed(title = say("closedTitle"), text = say("closedText")) {
  office?.stopping?.abort();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  document.body.replaceChildren(element("main.failure", {}, icon("lock"), element("h1", {}, title), element("p", {}, text), element("p", {}, element("code", {}, "drawbridge open"))));
}

async function start() {
  document.documentElement.lang = language;
  const link = /^#open=([0-9a-f]{64})$/.exec(location.hash)?.[1];
  // The secret is of no more use, and is not kept where somebody could look.
  if (link) history.replaceState(null, "", "/");
  try {
    if (link) await beginSession(link);
    const overview = await ask("overview");
    office = new Office();
    office.overview = overview;
    office.open();
    office.take(overview);
  } catch (error) {
    if (error.code === "expired") closed(say("linkUsedTitle"), say("linkUsedText"));
    else if (error.code === "closed") closed();
    else closed(say("cannotOpen"), sayError(error));
  }
}

start();
