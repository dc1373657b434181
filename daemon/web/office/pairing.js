// Inviting a device: what it may reach, then the code with its countdown, then who came.
import { ask, follow } from "./bridge.js";
import { attempt, button, choice, element, field, icon, named, question, refill, retext, show, state, tell, tick } from "./parts.js";
import { say, sayError } from "./words.js";

const svg = "http://www.w3.org/2000/svg";

// Black on white whatever the page's colours: cameras expect it. Four modules of quiet around, as the standard asks.
function picture(rows) {
  const node = document.createElementNS(svg, "svg"), path = document.createElementNS(svg, "path"), paper = document.createElementNS(svg, "rect");
  const side = rows.length + 8;
  let d = "";
  rows.forEach((row, y) => { for (const run of row.matchAll(/#+/g)) d += `M${run.index + 4} ${y + 4}h${run[0].length}v1h-${run[0].length}z`; });
  for (const [key, value] of Object.entries({ viewBox: `0 0 ${side} ${side}`, class: "qr", role: "img", "aria-label": say("codePicture"), "shape-rendering": "crispEdges" })) node.setAttribute(key, value);
  for (const [key, value] of Object.entries({ width: side, height: side, fill: "#fff" })) paper.setAttribute(key, value);
  path.setAttribute("d", d);
  path.setAttribute("fill", "#000");
  node.append(paper, path);
  return node;
}

export const everything = "*";

/** Ticks for what a device may reach. */
export function serviceTicks(services, has = []) {
  const warning = element("p.caution", { hidden: true }, say("pageGrantWarning"));
  const pages = services.filter((service) => service.kind === "page").map((service) => service.name);
  const box = element("fieldset.ticks", {}, element("legend", {}, say("mayReach")),
    ...services.map((service) => tick("service", service.name, named(service.name), element("span.hint", {}, ` ${say(`kind_${service.kind}`)}`))),
    tick("service", everything, say("allServices")), warning);
  for (const input of box.querySelectorAll("input")) input.checked = has.includes(input.value);
  const look = () => {
    const chosen = [...box.querySelectorAll("input:checked")].map((input) => input.value);
    warning.hidden = !(chosen.some((name) => pages.includes(name)) || (pages.length && chosen.includes(everything)));
  };
  box.addEventListener("change", look);
  look();
  return box;
}

export async function invite(office) {
  let wish = null;
  const fields = [
    field(say("deviceName"), "name", { maxLength: 64, placeholder: say("deviceNameExample") }),
    serviceTicks(office.ownServices()),
    choice(say("codeWorksFor"), "expires", [["600000", say("tenMinutes")], ["3600000", say("oneHour")], ["86400000", say("oneDay")], ["604800000", say("oneWeek")]]),
  ];
  const answer = await question(say("addDevice"), fields, say("showCode"), async (values) => {
    wish = { name: values.get("name").trim() || null, allow: values.getAll("service"), expires_ms: Number(values.get("expires")), wait: true };
  });
  if (answer && wish) await new Invitation(wish).run();
}

class Invitation {
  constructor(wish) {
    this.wish = wish;
    this.stopping = new AbortController();
    this.place = element("div.code-place", {}, element("p", {}, say("loading")));
    this.said = element("p.code-state", { role: "status" });
    this.left = element("p.countdown", { role: "timer" });
    this.answers = element("div.answers", {}, button(say("withdraw"), () => this.dialog.close()));
    this.title = element("h2", {}, say("scanTitle"));
    this.dialog = element("dialog.question.code", { "aria-label": say("scanTitle") }, this.title, this.place, this.left, this.said, this.answers);
  }

  async run() {
    const closed = show(this.dialog).then(() => this.over());
    try {
      for await (const event of follow("pair", this.wish, this.stopping.signal)) await this.take(event);
    } catch (error) {
      if (error.name !== "AbortError") this.end(sayError(error));
    }
    clearInterval(this.clock);
    await closed;
  }

  async take(event) {
    if (event.event === "created") await this.created(event);
    if (event.event === "claimed") retext(this.said, say("deviceJoining"));
    if (event.event === "paired") this.paired(event.device);
    if (event.event === "expired") this.end(say("codeExpired"));
    if (event.event === "cancelled") this.end(say("codeWithdrawn"));
  }

  async created(invitation) {
    this.id = invitation.id;
    const { rows } = await ask("qr", { text: invitation.link });
    const link = element("input.field.link", { value: invitation.link, readOnly: true, "aria-label": say("codeLink"), onfocus: (event) => event.target.select() });
    const copy = button(say("copy"), async () => { await navigator.clipboard.writeText(invitation.link); tell(say("copied")); });
    this.place.replaceChildren(picture(rows), element("p.hint", {}, say("scanHint")), element("div.link-line", {}, link, copy),
      invitation.page_release ? element("details.release", {}, element("summary", {}, say("pageRelease")), element("p.hint", {}, say("pageReleaseHint")), element("code", {}, invitation.page_release.match(/.{8}/g).join(" "))) : "");
    refill(this.said, "waiting", () => state("waiting", say("codeWaiting")));
    const tick = () => {
      const seconds = Math.max(0, Math.round((new Date(invitation.expires_at) - Date.now()) / 1000));
      const two = (number) => String(number).padStart(2, "0"), hours = Math.floor(seconds / 3600);
      retext(this.left, say("codeEnds", { time: `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}` }));
    };
    tick();
    this.clock = setInterval(tick, 1000);
  }

  paired(device) {
    this.id = null;
    clearInterval(this.clock);
    this.left.hidden = true;
    retext(this.title, say("pairedTitle"));
    this.place.replaceChildren(element("div.done-mark", {}, icon("check")), element("p.joined", {}, named(device.name)), element("p.hint", {}, device.id));
    refill(this.said, "paired", () => state("good", say("devicePaired")));
    const strange = button(say("notMine"), async () => {
      this.dialog.close();
      await attempt(() => ask("revoke", { device: device.id, reason: say("notRecognised") }), say("revokedSaid", { name: device.name }));
    });
    const done = button(say("done"), () => this.dialog.close(), ".primary");
    this.answers.replaceChildren(strange, done);
    done.focus();
  }

  end(text) {
    this.id = null;
    clearInterval(this.clock);
    this.left.hidden = true;
    this.place.replaceChildren();
    retext(this.said, text);
    this.answers.replaceChildren(button(say("close"), () => this.dialog.close(), ".primary"));
  }

  // Whoever closes the question withdraws the code.
  async over() {
    this.stopping.abort();
    clearInterval(this.clock);
    if (this.id) await attempt(() => ask("pair.cancel", { id: this.id }), say("codeWithdrawn"));
  }
}
