// The audit trail: who was paired, who reached what, and when; newest first, with search. Live while it is looked at.
import { ask, follow } from "./bridge.js";
import { attempt, button, element, icon, moment, named, refill, retext, size, state, timeOf, told } from "./parts.js";
import { inWords } from "./sentences.js";
import { say, sayError } from "./words.js";

const dayLength = 86_400_000;
const firstDays = 30, rowsAtOnce = 200, mostRecords = 20_000;
// Their detail is a number that tells a person nothing; it can be searched for.
const numbered = new Set(["paired", "invitation_created", "invitation_cancelled"]);
// Their detail is what the daemon says; that of the others is what people wrote, and stays as it is.
const spoken = new Set(["connected", "disconnected", "flow_closed", "refused", "not_saved", "trail_disputed", "pruned"]);
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const weights = { revoked: "bad", refused: "bad", not_saved: "bad", displaced: "bad", trail_disputed: "bad", used_in_two_places: "bad", paired: "good", granted: "good", asked_by_device: "waiting" };

// The sentence of a record, as text and as elements: names in it keep their own writing direction.
function sentence(record) {
  const key = `audit_${record.type}`, pattern = say(key) === key ? say("audit_other") : say(key);
  const values = { device: record.device_name ?? say("anyDevice"), service: record.service ?? "", detail: record.detail ?? "", type: record.type };
  return { text: pattern.replace(/\[(\w+)\]/g, (_, name) => values[name] ?? ""), parts: pattern.split(/(\[\w+\])/).map((part) => (part.startsWith("[") ? named(values[part.slice(1, -1)] ?? "") : part)), uses: pattern };
}

function prepare(record) {
  const { text, parts, uses } = sentence(record);
  const counted = record.bytes_sent !== null && record.bytes_received !== null;
  const amount = counted ? say("auditBytes", { sent: size(record.bytes_sent), received: size(record.bytes_received) }) : "";
  const rest = record.detail && !uses.includes("[detail]") && !numbered.has(record.type) ? record.detail : "";
  return { record, parts, amount, rest, sought: fold([text, amount, record.detail, spoken.has(record.type) && rest ? inWords(rest) : "", record.device_name, record.device, record.service, record.type, moment(record.time)].join(" ")) };
}

const row = ({ record, parts, amount, rest }) => element("li.record", {},
  timeOf(record.time, moment(record.time)),
  element("p", {}, state(weights[record.type] ?? "none", ...parts), amount ? element("span.hint", {}, ` ${amount}`) : null, rest ? element("span.hint", {}, " ", spoken.has(record.type) ? told(rest) : named(rest)) : null));

export class Audit {
  constructor(office) {
    this.office = office;
    this.entries = [];
    this.from = new Date(Date.now() - firstDays * dayLength);
    this.wanted = "";
    this.shown = rowsAtOnce;
    this.search = element("input.field.search", { type: "search", placeholder: say("searchTrail"), "aria-label": say("searchTrail"), oninput: () => this.seek() });
    this.count = element("p.note", { role: "status" });
    this.list = element("ol.records", {});
    this.more = button(say("showMore"), () => { this.shown += rowsAtOnce; this.draw(); });
    this.older = button(say("older"), () => this.reload(null));
    this.verdict = element("p.note", { role: "status" });
    this.node = element("section.view", { "aria-labelledby": "title-trail" },
      element("div.view-top", {}, element("h2", { id: "title-trail" }, say("trail")), button(say("verify"), () => this.verify())), this.verdict,
      element("div.search-place", {}, icon("search"), this.search), this.count, this.list, element("div.list-more", {}, this.more, this.older));
  }

  update() {}
  shownNow() { if (!this.stopping) this.read(); }
  hiddenNow() { this.stopping?.abort(); this.stopping = null; }
  reload(from) { this.from = from; this.hiddenNow(); this.entries = []; this.read(); }

  async read() {
    const stopping = this.stopping = new AbortController();
    this.entries = [];
    retext(this.count, say("loading"));
    try {
      for await (const records of follow("audit.show", { from: this.from?.toISOString() ?? null, follow: true }, stopping.signal)) {
        this.entries.push(...records.map(prepare));
        if (this.entries.length > mostRecords) this.entries.splice(0, this.entries.length - mostRecords);
        this.drawSoon();
      }
    } catch (error) {
      if (error.name !== "AbortError") { retext(this.count, sayError(error)); this.office.lost(error); }
      if (this.stopping === stopping) this.stopping = null;
    }
  }

  // Once for all that comes at once.
  drawSoon() {
    this.pending ??= setTimeout(() => { this.pending = null; this.draw(); }, 50);
  }

  seek() {
    this.wanted = fold(this.search.value.trim());
    this.shown = rowsAtOnce;
    this.draw();
  }

  draw() {
    const words = this.wanted.split(/\s+/).filter(Boolean);
    const found = this.entries.filter(({ sought }) => words.every((word) => sought.includes(word))).reverse();
    retext(this.count, this.wanted ? say("recordsFound", { count: found.length }) : this.from ? say("recordsSince", { count: found.length, days: firstDays }) : say("recordsAll", { count: found.length }));
    this.list.replaceChildren(...found.slice(0, this.shown).map(row));
    this.more.hidden = found.length <= this.shown;
    this.older.hidden = this.from === null;
  }

  async verify() {
    retext(this.verdict, say("verifying"));
    const result = await attempt(() => ask("audit.verify", {}));
    refill(this.verdict, result, () => (!result ? [] : result.ok ? state("good", say("trailWhole", { count: result.records })) : [state("bad", say("trailBroken", { record: result.broken_at })), " ", told(result.cause ?? "")]));
  }
}
