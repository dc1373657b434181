// What all views are made of: texts of time and size, chips, states, questions, and live parts that are written only when
// they change, so that nobody loses the place where they read, type or point.
import { confirm, show, tell } from "../dialogs.js";
import { element, icon } from "../dom.js";
import { language, locale } from "../speech.js";
import { inWords, translated } from "./sentences.js";
import { say, sayError } from "./words.js";

export { element, icon, show, tell };

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
export function size(bytes) {
  let value = bytes, step = 0;
  while (value >= 999.5 && step < units.length - 1) { value /= 1000; step += 1; }
  if (step === 0) return `${bytes}\u202f${language === "fr" ? "o" : "B"}`;
  return new Intl.NumberFormat(locale, { style: "unit", unit: units[step], unitDisplay: "short", maximumFractionDigits: value < 9.95 ? 1 : 0 }).format(value);
}

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
export function ago(time) {
  const seconds = Math.min(0, (new Date(time) - Date.now()) / 1000);
  for (const [unit, length, most] of [["minute", 60, 60], ["hour", 3600, 24], ["day", 86400, 30]]) {
    if (-seconds < 60) return say("justNow");
    if (-seconds < length * most) return relative.format(Math.round(seconds / length), unit);
  }
  return day(time);
}
export const day = (time) => new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(new Date(time));
export const moment = (time) => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
export const exactly = (time) => new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" }).format(new Date(time));

export const timeOf = (time, text) => element("time", { dateTime: time, title: exactly(time) }, text);

/** Text of others, which keeps its own writing direction and never runs out of its place. */
export const named = (name) => element("bdi.named", {}, name);

/** A sentence of the daemon's, in the page's language where it is known. */
export const told = (text) => element("span", { lang: translated(text, language) === null ? "en" : null }, named(inWords(text)));

/** Writes the children that `make` gives, but only when `key` is another than last time. */
export function refill(node, key, make) {
  const text = JSON.stringify(key);
  if (node.heldKey === text) return;
  node.heldKey = text;
  node.replaceChildren(...[make()].flat().filter((child) => child !== null && child !== undefined));
}

export function retext(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A list of parts, one for each item, made once and updated from then on: `make(item)` gives {node, update(item)}. */
export class Parts {
  constructor(node, make) { Object.assign(this, { node, make, held: new Map() }); }
  update(items, key) {
    const wanted = new Map(items.map((item) => [key(item), item]));
    for (const [id, part] of this.held) {
      if (!wanted.has(id)) { part.node.remove(); this.held.delete(id); }
    }
    let at = 0;
    for (const [id, item] of wanted) {
      if (!this.held.has(id)) this.held.set(id, this.make(item));
      const part = this.held.get(id);
      if (this.node.children[at] !== part.node) this.node.insertBefore(part.node, this.node.children[at] ?? null);
      part.update(item);
      at += 1;
    }
  }
}

/** A state, by shape and word: kind is good, waiting, bad or none. */
export const state = (kind, ...text) => element(`span.state.${kind}`, {}, element("span.mark", { "aria-hidden": "true" }), element("span", {}, ...text));

export const button = (text, onclick, kind = "", more = {}) => element(`button.button${kind}`, { type: "button", onclick, ...more }, text);

/** Runs what a person asked for; says what went wrong. Gives undefined then. */
export async function attempt(work, done = "") {
  try {
    const result = await work();
    if (done) tell(done);
    return result ?? true;
  } catch (error) {
    tell(sayError(error));
    return undefined;
  }
}

/** The second of two clicks. */
export async function sure(title, text, action, work, done) {
  if (await confirm(title, text, action)) return attempt(work, done);
}

/** A question with fields. `submit(values)` may throw: its sentence is shown and the question stays. Closes when it is done. */
export function question(title, fields, action, submit, kind = ".primary") {
  const fault = element("p.fault", { role: "alert", hidden: true });
  const go = element(`button.button${kind}`, { type: "submit" }, action);
  const form = element("form", {}, element("h2", {}, title), ...fields, fault,
    element("div.answers", {}, element("button.button", { type: "button", onclick: () => dialog.close() }, say("cancel")), go));
  const dialog = element("dialog.question", { "aria-label": title }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    try {
      await submit(new FormData(form));
      dialog.close("done");
    } catch (error) {
      fault.hidden = false;
      fault.textContent = error.message && error.code === "invalid_argument" ? `${sayError(error)} (${inWords(error.message)})` : sayError(error);
      go.disabled = false;
    }
  });
  return show(dialog);
}

let entries = 0;
// A label, what is filled in, and a hint that is read after both.
function entry(label, tag, more, hint, ...children) {
  const id = `entry-${++entries}`;
  return element("div.entry", {}, element("label.label", { htmlFor: id }, label),
    element(tag, { id, "aria-describedby": hint ? `${id}-hint` : null, ...more }, ...children), hint ? element("span.hint", { id: `${id}-hint` }, hint) : null);
}

export const field = (label, name, more = {}, hint = "") => entry(label, "input.field", { name, autocomplete: "off", ...more }, hint);
export const choice = (label, name, options) => entry(label, "select.field", { name }, "", ...options.map(([value, text]) => element("option", { value }, text)));

export const tick = (name, value, ...text) => element("label.check", {}, element("input", { type: "checkbox", name, value }), element("span", {}, ...text));
