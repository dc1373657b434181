// What an owner should know or do, in plain words, the gravest first.
import { ask } from "./bridge.js";
import { attempt, button, element, named, refill, sure, tell } from "./parts.js";
import { say } from "./words.js";

const backupGrowsOld = 60 * 86_400_000;

async function makeBackup(office) {
  const backup = await attempt(() => ask("backup"));
  if (!backup) return;
  const bytes = Uint8Array.from(atob(backup.content), (character) => character.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const day = backup.created_at.slice(0, 10);
  element("a", { href: url, download: `drawbridge-${office.overview.status.node.name.replace(/[^\p{L}\p{N}-]+/gu, "-")}-${day}.backup` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  tell(say("backupMade"));
}

const keepWords = () => sure(say("wordsTitle"), say("wordsText"), say("wordsKept"), () => ask("words_kept"), say("saved"));
const takeOver = () => sure(say("takeOverTitle"), say("takeOverText"), say("takeOver"), () => ask("take_over"));

/** [{code, grave, values, act: [label, function], second}] */
function found(office) {
  const { status, relays, devices, key_is_open, backup_made_at, words_kept_at, viewer } = office.overview;
  const here = !viewer.device, out = [], reach = status.reach?.code;
  const warn = (code, grave, act = null, values = {}) => out.push({ code, grave, act, values });
  if (status.node.displaced) warn("displaced", true, here ? [say("takeOver"), takeOver] : null);
  if (reach === "no_network") warn("no_network", true);
  else if (reach === "own_network") warn("unreachable", true, [say("lookReach"), () => office.go("reach")]);
  else if (!relays.length && devices.length && !["open", "fixed"].includes(reach)) warn("no_relay", false, [say("lookReach"), () => office.go("reach")]);
  for (const { code } of status.warnings) warn(code, code === "disk_full");
  for (const relay of relays.filter((one) => one.state === "over_quota")) warn("relay_quota", false, null, { url: relay.url.split("#")[0] });
  for (const service of office.ownServices().filter((one) => one.state === "target_down")) warn("service_down", false, [say("lookServices"), () => office.go("services")], { name: service.name });
  if (!words_kept_at) warn("words", false, here ? [say("wordsKept"), keepWords] : null);
  if (devices.length && !backup_made_at) warn("backup_never", false, [say("backupMake"), () => makeBackup(office)]);
  else if (backup_made_at && Date.now() - new Date(backup_made_at) > backupGrowsOld) warn("backup_old", false, [say("backupMake"), () => makeBackup(office)]);
  if (key_is_open) warn("key_open", false);
  return out.sort((a, b) => Number(b.grave) - Number(a.grave));
}

// The name that the owner gave keeps its own writing direction.
const sentence = (text, name) => text.split(/(\[name\])/).map((part) => (part === "[name]" ? named(name) : part));

export class Warnings {
  constructor(office) {
    this.office = office;
    this.list = element("ul.warnings", { "aria-label": say("warnings") });
    this.rest = element("details.less", { hidden: true }, element("summary", {}), element("ul.warnings"));
    this.node = element("div.warnings-place", {}, this.list, this.rest);
  }

  row({ code, grave, act, values }) {
    return element(`li.warning${grave ? ".grave" : ""}`, { "data-code": code },
      element("span.warning-mark", { "aria-hidden": "true" }),
      element("div", {}, element("p.warning-title", {}, ...sentence(say(`warn_${code}`, values.url ? { url: values.url } : {}), values.name ?? "")), element("p", {}, say(`warn_${code}_help`))),
      act ? button(act[0], act[1]) : null);
  }

  // What is grave is said everywhere, advice on the first view. It is folded behind the first, so that it does not push away what the page is for.
  update() {
    const all = found(this.office), grave = all.filter((one) => one.grave), advice = all.filter((one) => !one.grave);
    const first = grave.length ? grave : advice.slice(0, 1), rest = grave.length ? advice : advice.slice(1);
    refill(this.list, first, () => first.map((one) => this.row(one)));
    const [summary, list] = this.rest.children;
    refill(summary, rest.length, () => [say(rest.length === 1 ? "moreAdviceOne" : "moreAdvice", { count: rest.length })]);
    refill(list, rest, () => rest.map((one) => this.row(one)));
    this.rest.hidden = rest.length === 0;
  }

  adviceToo(wanted) { this.node.classList.toggle("grave-only", !wanted); }
}
