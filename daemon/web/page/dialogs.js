// Questions to the person. Each resolves to the answer, or null when it is closed without one.
import { element, icon } from "./dom.js";
import { say } from "./words.js";

export function show(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue || null); }, { once: true });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  });
}

const choice = (value, text, kind = "") => element(`button.button${kind}`, { value, type: "submit" }, text);
const stop = () => element("button.button", { type: "button", onclick: (event) => event.target.closest("dialog").close() }, say("cancel"));

export async function askName(title, value, action) {
  const input = element("input.field", { value, "aria-label": title, autocomplete: "off", spellcheck: false, required: true, maxLength: 255 });
  const form = element("form", { method: "dialog" }, element("h2", {}, title), input,
    element("div.answers", {}, stop(), choice("yes", action, ".primary")));
  const answer = show(element("dialog.question", { "aria-label": title }, form));
  input.focus();
  const dot = value.lastIndexOf(".");
  input.setSelectionRange(0, dot > 0 ? dot : value.length);
  return (await answer) ? input.value.trim() : null;
}

export function confirm(title, text, action) {
  const form = element("form", { method: "dialog" }, element("h2", {}, title), element("p", {}, text),
    element("div.answers", {}, stop(), choice("yes", action, ".danger")));
  return show(element("dialog.question", { "aria-label": title }, form));
}

// {action: "number" | "replace" | "skip", forAll}
export async function askConflict(name, several) {
  const forAll = element("input", { type: "checkbox" });
  const form = element("form", { method: "dialog" }, element("h2", {}, say("existsTitle", { name })), element("p", {}, say("existsText")),
    several ? element("label.check", {}, forAll, say("forAll")) : null,
    element("div.answers", {}, choice("skip", say("skip")), choice("replace", say("replace")), Object.assign(choice("number", say("keepBoth"), ".primary"), { autofocus: true })));
  const action = await show(element("dialog.question", { "aria-label": say("existsTitle", { name }) }, form));
  return { action: action ?? "skip", forAll: forAll.checked };
}

// A menu beside a button, at the lower edge on a small screen. `entries`: [{icon, text, href, act, danger}].
export function menu(button, title, entries) {
  const close = (event) => event.currentTarget.closest("dialog").close();
  const items = entries.map((entry) => {
    const inside = [icon(entry.icon), entry.text];
    if (entry.href) return element("a.menu-item", { href: entry.href, onclick: close }, ...inside);
    return element(`button.menu-item${entry.danger ? ".danger-text" : ""}`, { type: "button", onclick: (event) => { close(event); entry.act(); } }, ...inside);
  });
  const dialog = element("dialog.menu", { "aria-label": title }, element("p.menu-title", {}, element("bdi", {}, title)), ...items);
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  });
  const shown = show(dialog);
  place(dialog, button);
  return shown;
}

function place(dialog, button) {
  if (matchMedia("(max-width: 40rem)").matches) return;
  const at = button.getBoundingClientRect(), own = dialog.getBoundingClientRect();
  const below = at.bottom + own.height + 8 < innerHeight;
  dialog.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - own.height - 4)}px`;
  dialog.style.left = `${Math.max(8, at.right - own.width)}px`;
}

// A sentence at the lower edge that goes by itself, and is read aloud.
export function tell(text) {
  const place = document.getElementById("said");
  const note = element("div.said", {}, text);
  place.replaceChildren(note);
  setTimeout(() => note.remove(), 6000);
}
