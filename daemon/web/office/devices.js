// The office's devices: what each may reach, whether it is there and by which path, what it carried; and what the owner
// decides about it.
import { ask } from "./bridge.js";
import { chart, sparkline, total } from "./chart.js";
import { everything, invite, serviceTicks } from "./pairing.js";
import { Parts, ago, attempt, button, day, element, field, icon, moment, named, question, refill, retext, size, state, sure, timeOf, told } from "./parts.js";
import { say } from "./words.js";

const empty = (steps) => ({ sent: Array(steps).fill(0), received: Array(steps).fill(0) });

class Device {
  constructor(office) {
    this.office = office;
    this.name = element("h3.name", {});
    this.state = element("p.where", {});
    this.grants = element("ul.chips", { "aria-label": say("mayReach") });
    this.spark = element("div.spark-place", {});
    this.notes = element("div.notes", {});
    this.actions = element("div.actions", {});
    this.details = element("details.more", { ontoggle: () => this.fillDetails() }, element("summary", {}, say("details")));
    this.inside = element("div.inside", {});
    this.details.append(this.inside);
    this.node = element("li.card.device", {}, element("div.head", {}, element("div.who", {}, this.name, this.state), this.spark), this.notes, this.grants, this.actions, this.details);
  }

  update(device) {
    this.device = device;
    this.peer = this.office.peer(device.id);
    const revoked = device.state === "revoked", own = this.office.viewer.device === device.id;
    refill(this.name, [device.name, own], () => [named(device.name), own ? element("span.badge", {}, say("thisDevice")) : null]);
    refill(this.state, [device.state, this.peer?.path?.kind, device.last_seen && ago(device.last_seen)], () => this.whereabouts());
    refill(this.notes, [device.last_refusal, revoked], () => (device.last_refusal && !revoked ? element("p.caution", {}, say("lastRefusal"), " ", told(device.last_refusal)) : null));
    refill(this.grants, [device.grants_until, this.office.serviceNames(), revoked], () => this.chips());
    refill(this.actions, [revoked, own], () => this.choices());
    this.node.classList.toggle("revoked", revoked);
    this.details.hidden = revoked;
    this.draw();
    this.fillDetails();
  }

  whereabouts() {
    const { device, peer } = this;
    if (device.state === "revoked") return state("bad", device.paired_at ? say("hadAccess", { from: day(device.paired_at), to: day(device.revoked_at) }) : say("revokedOn", { day: day(device.revoked_at) }));
    if (device.state === "connected") return state("good", `${say("connected")} · ${say(peer?.path?.kind === "relayed" ? "relayed" : "direct")}`);
    if (device.state === "connecting") return state("waiting", say("connecting"));
    return device.last_seen ? state("none", say("lastSeen"), " ", timeOf(device.last_seen, ago(device.last_seen))) : state("none", say("neverSeen"));
  }

  chips() {
    const { device } = this;
    if (device.state === "revoked") return [];
    if (!device.grants.length) return [element("li.hint", {}, say("reachesNothing"))];
    return device.grants.map((grant) => {
      const until = device.grants_until[grant], text = grant === everything ? say("allServices") : grant;
      const gone = grant !== everything && !this.office.serviceNames().includes(grant);
      const own = this.office.viewer.device === device.id && [this.office.viewer.service, everything].includes(grant);
      const remove = own ? element("span.chip-end") : element("button.chip-remove", { type: "button", "aria-label": say("denyLabel", { service: text, name: device.name }), title: say("deny"), onclick: () => this.deny(grant, text) }, icon("close"));
      return element(`li.chip${gone ? ".gone" : ""}`, {}, named(text), until ? element("span.until", {}, say("untilShort", { day: day(until) })) : null, remove);
    });
  }

  choices() {
    if (this.device.state === "revoked") return [button(say("forget"), () => this.forget())];
    const own = this.office.viewer.device === this.device.id;
    return [button(say("allow"), () => this.allow()), button(say("rename"), () => this.rename()), own ? null : button(say("revoke"), () => this.revoke(), ".danger-quiet")];
  }

  draw() {
    const { hour, day: whole } = this.office.traffic ?? {};
    const find = (list) => list?.peers.find((one) => one.id === this.device.id && one.role === "device");
    this.hour = find(hour) ?? empty(60);
    this.whole = find(whole) ?? empty(96);
    const carried = total(this.whole);
    refill(this.spark, [carried, this.device.state === "revoked"], () => (carried && this.device.state !== "revoked" ? [sparkline(this.whole), element("span.hint", {}, size(carried))] : null));
  }

  fillDetails() {
    if (!this.details.open) return;
    const { device, peer } = this;
    refill(this.inside, [this.office.trafficAt, this.fine, device.id, peer?.path, peer?.since, peer?.cause, device.last_seen], () => {
      const span = (fine, text) => element(`button.tab${this.fine === fine ? ".chosen" : ""}`, { type: "button", "aria-pressed": String(this.fine === fine), onclick: () => { this.fine = fine; this.fillDetails(); } }, text);
      return [
        element("div.tabs", { role: "group", "aria-label": say("traffic") }, span(false, say("lastDay")), span(true, say("lastHour"))),
        this.fine ? chart(this.hour, 60_000) : chart(this.whole, 900_000),
        element("dl.facts", {}, ...this.facts().flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
      ];
    });
  }
  fine = false;

  facts() {
    const { device, peer } = this, path = peer?.path;
    return [
      path ? [say("path"), path.kind === "relayed" ? named(path.relay.split("#")[0]) : named(path.remote)] : null,
      path?.rtt_ms ? [say("delay"), `${Math.max(1, Math.round(path.rtt_ms))} ms`] : null,
      peer?.cause ? [say("why"), told(peer.cause)] : null,
      device.paired_at ? [say("accessSince"), moment(device.paired_at)] : null,
      device.last_seen ? [say("lastSeen"), moment(device.last_seen)] : null,
      [say("identity"), element("code.id", {}, device.id)],
    ].filter(Boolean);
  }

  async allow() {
    const { device, office } = this;
    const until = field(say("untilOptional"), "until", { type: "date", min: new Date().toISOString().slice(0, 10) }, say("untilHint"));
    await question(say("allowTitle", { name: device.name }), [serviceTicks(office.ownServices(), device.grants), until], say("save"), async (values) => {
      const wanted = values.getAll("service"), shown = [...office.serviceNames(), everything];
      const end = values.get("until") ? new Date(`${values.get("until")}T23:59:59`).toISOString() : null;
      const added = wanted.filter((name) => !device.grants.includes(name) || end), dropped = device.grants.filter((name) => shown.includes(name) && !wanted.includes(name));
      if (added.length) await ask("allow", { device: device.id, services: added, until: end });
      if (dropped.length) await ask("deny", { device: device.id, services: dropped });
    });
  }

  async deny(grant, text) {
    const { id, name } = this.device;
    await sure(say("denyTitle", { service: text, name }), say("denyText"), say("deny"), () => ask("deny", { device: id, services: [grant] }), say("deniedSaid", { service: text, name }));
  }

  async rename() {
    const { id, name } = this.device;
    await question(say("renameTitle", { name }), [field(say("deviceName"), "name", { value: name, required: true, maxLength: 64 })], say("save"), (values) => ask("rename", { device: id, name: values.get("name").trim() }));
  }

  async revoke() {
    const { id, name } = this.device;
    await sure(say("revokeTitle", { name }), say("revokeText"), say("revoke"), () => ask("revoke", { device: id, reason: null }), say("revokedSaid", { name }));
  }

  async forget() {
    const { id, name } = this.device;
    await sure(say("forgetTitle", { name }), say("forgetText"), say("forget"), () => ask("devices.forget", { device: id }));
  }
}

export class Devices {
  constructor(office) {
    this.office = office;
    this.list = element("ul.cards", {});
    this.gone = element("ul.cards", {});
    this.parts = new Parts(this.list, () => new Device(office));
    this.goneParts = new Parts(this.gone, () => new Device(office));
    this.past = element("details.past", { hidden: true }, element("summary", {}, say("revokedDevices")), this.gone);
    this.open = element("div.open-codes", {});
    this.none = element("div.empty", { hidden: true }, icon("phone"), element("p", {}, say("noDevices")), element("p.hint", {}, say("noDevicesHint")));
    this.node = element("section.view", { "aria-labelledby": "title-devices" },
      element("div.view-top", {}, element("h2", { id: "title-devices" }, say("devices")), element("button.button.primary", { type: "button", onclick: () => invite(office) }, icon("plus"), say("addDevice"))),
      this.open, this.list, this.none, this.past);
  }

  update() {
    const { devices, status } = this.office.overview;
    const order = (a, b) => Number(b.state === "connected") - Number(a.state === "connected") || a.name.localeCompare(b.name);
    const live = devices.filter((device) => device.state !== "revoked").sort(order), revoked = devices.filter((device) => device.state === "revoked");
    this.parts.update(live, (device) => device.id);
    this.goneParts.update(revoked, (device) => device.id);
    this.none.hidden = live.length > 0;
    this.past.hidden = revoked.length === 0;
    refill(this.open, status.invitations, () => status.invitations.map((invitation) => element("p.open-code", {},
      state("waiting", say("openCode", { name: invitation.name ?? say("anyDevice"), time: moment(invitation.expires_at) })),
      button(say("withdraw"), () => attempt(() => ask("pair.cancel", { id: invitation.id }), say("codeWithdrawn"))))));
  }
}
