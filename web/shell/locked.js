// The page of a phone whose vault is locked.
import { confirm } from "./dialogs.js";
import { element } from "./dom.js";
import { unlock } from "./lock.js";
import { say } from "./words.js";

/** Resolves when the person has opened the vault. */
export function ask(page, vault, wasm) {
  document.getElementById("state").dataset.state = "none";
  return new Promise((opened) => {
    const wrong = element("p.error", { role: "alert" });
    const byPassphrase = vault.lock.way === "passphrase";
    const field = element("input.field", { type: "password", "aria-label": say("passphrase"), placeholder: say("passphrase"), autocomplete: "current-password", required: true, maxLength: 255, hidden: !byPassphrase, disabled: !byPassphrase });
    const go = element("button.button.primary", {}, say("unlock"));
    const form = element("form", { onsubmit: async (event) => {
      event.preventDefault();
      go.disabled = true;
      wrong.textContent = "";
      form.setAttribute("aria-busy", "true");
      // The page shows that it works before it does: the passphrase takes a second in which nothing moves.
      await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
      await unlock(vault, wasm, field.value).then(opened, () => { wrong.textContent = say(byPassphrase ? "passphraseWrong" : "passkeyRefused"); field.select(); });
      form.removeAttribute("aria-busy");
      go.disabled = false;
    } }, field, wrong, element("div.thumb", {}, go, element("button.link-button", { type: "button", onclick: () => erase(vault) }, say("erase"))));
    page.replaceChildren(element("main.phone.welcome", {}, element("h1", {}, say("locked")), element("p", {}, say(`unlock_${vault.lock.way}`)), form));
    field.focus();
  });
}

async function erase(vault) {
  if (!(await confirm(say("eraseTitle"), say("eraseText"), say("erase")))) return;
  localStorage.clear();
  await vault.destroy();
  location.replace("/");
}
