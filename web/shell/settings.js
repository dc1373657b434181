// What a person looks up seldom: the lock of this phone, the hash of the page's code, this phone's id.
import { confirm, show } from "./dialogs.js";
import { element } from "./dom.js";
import { lock, passkeysExist, shortest } from "./lock.js";
import { say } from "./words.js";

const release = document.querySelector("meta[name=release]").content;
const button = (text, act) => element("button.button", { type: "button", onclick: act }, text);
const close = () => button(say("close"), (event) => event.target.closest("dialog").close());

// `failed`: why the lock is not the one that was asked for.
export function openSettings(phone, wasm, failed = "") {
  const part = element("div.thumb", {}, ...lockButtons(phone, wasm));
  show(element("dialog.question", { "aria-label": say("settings") },
    element("h2", {}, say("lock")), element("p.error", { role: "alert" }, failed), element("p.quiet", {}, say(phone.vault.lock ? `lockedBy_${phone.vault.lock.way}` : "notLocked")), part,
    element("h2", {}, say("codeHash")), element("p.hash", {}, release.match(/.{1,8}/g).join(" ")), element("p.quiet", {}, say("codeHashText")),
    element("h2", {}, say("phoneId")), element("p.hash", {}, phone.id), element("div.answers", {}, close())));
}

function lockButtons(phone, wasm) {
  // The dialog is made anew: it says how things stand then.
  const anew = (act) => async (event) => {
    const dialog = event.target.closest("dialog");
    const done = await act().catch((error) => say(error.code === "passkeyAbsent" ? "passkeyAbsent" : "lockFailed"));
    if (done === undefined) return;
    dialog.close();
    openSettings(phone, wasm, done ?? "");
  };
  const set = (way) => anew(() => chooseLock(phone.vault, way, wasm));
  const passphrase = button(say(phone.vault.lock?.way === "passphrase" ? "lockPassphraseNew" : "lockPassphrase"), set("passphrase"));
  const passkey = phone.vault.lock?.way !== "passkey" && passkeysExist() ? [button(say("lockPasskey"), set("passkey"))] : [];
  const remove = phone.vault.lock ? [button(say("lockRemove"), anew(async () => ((await confirm(say("lockRemoveTitle"), say("notLocked"), say("lockRemove"))) ? phone.vault.setLock(null).then(() => null) : undefined)))] : [];
  return [passphrase, ...passkey, ...remove];
}

// undefined: the person has thought better of it.
async function chooseLock(vault, way, wasm) {
  const passphrase = way === "passphrase" ? await askNewPassphrase() : "";
  if (passphrase === null) return undefined;
  await lock(vault, way, await wasm, passphrase);
  return null;
}

async function askNewPassphrase() {
  const field = (text) => element("input.field", { type: "password", "aria-label": text, placeholder: text, autocomplete: "new-password", required: true, minLength: shortest, maxLength: 255 });
  const first = field(say("passphrase")), again = field(say("passphraseAgain"));
  const compare = () => again.setCustomValidity(again.value === first.value ? "" : say("passphraseDiffers"));
  for (const input of [first, again]) input.addEventListener("input", compare);
  const answer = await show(element("dialog.question", { "aria-label": say("lockPassphrase") }, element("form", { method: "dialog" }, element("h2", {}, say("lockPassphrase")), element("p", {}, say("passphraseHint")), first, again,
    element("div.answers", {}, button(say("cancel"), (event) => event.target.closest("dialog").close()), element("button.button.primary", { value: "yes" }, say("lockNow"))))));
  return answer ? first.value : null;
}
