// What this office shares, whether it answers, and who may reach it.
import { ask } from "./bridge.js";
import { everything } from "./pairing.js";
import { Parts, button, choice, element, field, icon, named, question, refill, state, sure, told } from "./parts.js";
import { say } from "./words.js";

// The beginning of a target, and an example of the rest.
const kinds = {
  folder: ["folder:", "/srv/clients"], readonly: ["folder:ro:", "/srv/archive"], http: ["http://", "localhost:8080"],
  tcp: ["", "localhost:5432"], udp: ["udp:", "localhost:5060"], unix: ["unix:", "/run/app.sock"], page: ["office-page", ""],
};

const kindOf = (service) => (service.target.startsWith("folder:ro:") ? "readonly" : service.kind);
// What follows the word for its kind.
const where = (service) => service.target.slice((kinds[kindOf(service)]?.[0] ?? "command:").length);

class Service {
  constructor(office) {
    this.office = office;
    this.name = element("h3.name", {});
    this.state = element("p.where", {});
    this.what = element("p.hint.target", {});
    this.cause = element("div.notes", {});
    this.who = element("p.hint", {});
    this.node = element("li.card", {}, element("div.head", {}, element("div.who", {}, this.name, this.state)), this.what, this.cause, this.who,
      element("div.actions", {}, button(say("unexpose"), () => this.remove(), ".danger-quiet")));
  }

  update(service) {
    this.service = service;
    const who = this.office.overview.devices.filter((device) => device.grants.includes(service.name) || device.grants.includes(everything)).map((device) => device.name);
    refill(this.name, service.name, () => [named(service.name)]);
    refill(this.state, service.state, () => (service.state === "ready" ? state("good", say("serviceReady")) : state("bad", say("serviceDown"))));
    refill(this.what, [service.kind, service.target], () => [say(`kind_${kindOf(service)}`), where(service) ? " · " : "", where(service) ? named(where(service)) : null]);
    refill(this.cause, service.cause, () => (service.cause ? element("p.caution", {}, say("serviceDownHelp"), " ", told(service.cause)) : null));
    refill(this.who, who, () => [who.length ? say("reachedBy", { names: new Intl.ListFormat(document.documentElement.lang).format(who) }) : say("reachedByNone")]);
    this.names = who;
  }

  async remove() {
    const { name } = this.service;
    const text = this.names.length ? say("unexposeText", { names: this.names.join(", ") }) : say("unexposeTextNone");
    await sure(say("unexposeTitle", { name }), text, say("unexpose"), () => ask("unexpose", { name }), say("unexposedSaid", { name }));
  }
}

async function expose() {
  const kind = choice(say("serviceKind"), "kind", Object.keys(kinds).map((one) => [one, say(`kind_${one}`)]));
  const target = field(say("serviceTarget"), "target", { required: true, placeholder: kinds.folder[1] }, say("target_folder"));
  const name = field(say("serviceName"), "name", { required: true, maxLength: 32, pattern: "[a-z0-9]([a-z0-9\\-]*[a-z0-9])?", placeholder: "clients" }, say("serviceNameHint"));
  const warning = element("p.caution", { hidden: true }, say("pageGrantWarning"));
  const select = kind.querySelector("select"), input = target.querySelector("input");
  select.addEventListener("change", () => {
    const page = select.value === "page";
    target.hidden = page;
    warning.hidden = !page;
    input.required = !page;
    input.placeholder = kinds[select.value][1];
    target.querySelector(".hint").textContent = say(`target_${select.value}`);
  });
  await question(say("expose"), [kind, target, name, warning], say("expose"), (values) =>
    ask("expose", { name: values.get("name").trim(), target: kinds[values.get("kind")][0] + (values.get("kind") === "page" ? "" : values.get("target").trim()) }));
}

export class Services {
  constructor(office) {
    this.office = office;
    this.list = element("ul.cards", {});
    this.parts = new Parts(this.list, () => new Service(office));
    this.none = element("div.empty", { hidden: true }, icon("folder"), element("p", {}, say("noServices")), element("p.hint", {}, say("noServicesHint")));
    this.node = element("section.view", { "aria-labelledby": "title-services" },
      element("div.view-top", {}, element("h2", { id: "title-services" }, say("services")), element("button.button.primary", { type: "button", onclick: expose }, icon("plus"), say("expose"))),
      this.list, this.none, element("p.note", {}, say("commandNote")));
  }

  // Nobody may have used them for long: those that have a program are tried when somebody looks.
  shownNow() { ask("services.check").catch(() => {}); }

  update() {
    const own = this.office.ownServices();
    this.parts.update(own, (service) => service.name);
    this.none.hidden = own.length > 0;
  }
}
