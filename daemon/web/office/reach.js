// How devices find this office: from outside or not, relays, forwarded addresses.
import { ask } from "./bridge.js";
import { Parts, attempt, button, element, field, icon, named, question, refill, state, sure, told } from "./parts.js";
import { say } from "./words.js";

const reachKinds = { open: "good", fixed: "good", most_networks: "good", some_networks: "good", relay_only: "good", own_network: "bad", no_network: "bad", unknown: "waiting" };
const relayKinds = { ready: "good", waiting: "none", draining: "waiting", over_quota: "bad" };
const host = (url) => url.split("#")[0].replace(/\?.*$/, "");

class Relay {
  constructor() {
    this.name = element("h3.name", {});
    this.state = element("p.where", {});
    this.more = element("p.hint", {});
    this.node = element("li.card", {}, element("div.head", {}, element("div.who", {}, this.name, this.state)), this.more, element("div.actions", {}, button(say("remove"), () => this.remove(), ".danger-quiet")));
  }
  update(relay) {
    this.relay = relay;
    refill(this.name, relay.url, () => [named(host(relay.url))]);
    refill(this.state, [relay.state, relay.rtt_ms && Math.round(relay.rtt_ms)], () => state(relayKinds[relay.state] ?? "none", say(`relay_${relay.state}`), relay.rtt_ms ? ` · ${Math.max(1, Math.round(relay.rtt_ms))} ms` : ""));
    const facts = [relay.operator, relay.country, relay.private ? say("relayPrivate") : null].filter(Boolean).join(" · ");
    refill(this.more, facts, () => [facts]);
  }
  async remove() {
    await sure(say("relayRemoveTitle", { url: host(this.relay.url) }), say("relayRemoveText"), say("remove"), () => ask("relay.remove", { url: this.relay.url }));
  }
}

class Address {
  constructor() {
    this.name = element("h3.name", {});
    this.state = element("p.where", {});
    this.node = element("li.card", {}, element("div.head", {}, element("div.who", {}, this.name, this.state)),
      element("div.actions", {}, button(say("remove"), () => attempt(() => ask("address.remove", { address: this.address.address })), ".danger-quiet")));
  }
  update(address) {
    this.address = address;
    refill(this.name, address.address, () => [named(address.address)]);
    refill(this.state, [address.cause, address.found], () => (address.cause ? state("bad", told(address.cause)) : state("good", say("addressFound", { found: address.found.join(", ") }))));
  }
}

const addRelay = () => question(say("relayAdd"), [field(say("relayUrl"), "url", { required: true, placeholder: "wss://relay.example/relay#…", type: "text" }, say("relayUrlHint")), field(say("relayToken"), "token", { type: "password" }, say("relayTokenHint"))],
  say("add"), (values) => ask("relay.add", { url: values.get("url").trim(), token: values.get("token") || null }));
const addAddress = () => question(say("addressAdd"), [field(say("address"), "address", { required: true, placeholder: "office.example.org:7470" }, say("addressHint"))], say("add"), (values) => ask("address.add", { address: values.get("address").trim() }));

export class Reach {
  constructor(office) {
    this.office = office;
    this.verdict = element("div.card.verdict", {});
    this.relays = element("ul.cards", {});
    this.addresses = element("ul.cards", {});
    this.relayParts = new Parts(this.relays, () => new Relay());
    this.addressParts = new Parts(this.addresses, () => new Address());
    this.noRelay = element("p.note", {}, say("noRelays"));
    this.noAddress = element("p.note", {}, say("noAddresses"));
    this.node = element("section.view", { "aria-labelledby": "title-reach" }, element("div.view-top", {}, element("h2", { id: "title-reach" }, say("reach"))), this.verdict,
      element("div.view-top", {}, element("h3", {}, say("relays")), element("button.button", { type: "button", onclick: addRelay }, icon("plus"), say("relayAdd"))), this.relays, this.noRelay,
      element("div.view-top", {}, element("h3", {}, say("addresses")), element("button.button", { type: "button", onclick: addAddress }, icon("plus"), say("addressAdd"))), this.addresses, this.noAddress);
  }

  update() {
    const { status, relays } = this.office.overview;
    const code = status.reach?.code ?? "unknown";
    refill(this.verdict, code, () => [state(reachKinds[code] ?? "none", say(`reach_${code}`)), element("p.hint", {}, say(`reach_${code}_help`))]);
    this.relayParts.update(relays, (relay) => relay.url);
    this.addressParts.update(status.addresses, (address) => address.address);
    this.noRelay.hidden = relays.length > 0;
    this.noAddress.hidden = status.addresses.length > 0;
  }
}
